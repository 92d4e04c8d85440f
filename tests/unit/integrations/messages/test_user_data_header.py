"""User data headers: parts, national languages, what is malformed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.messages import user_data_header
from integrations.messages.carried_message import MessageSegment


def test_both_widths_of_a_reference_are_read() -> None:
    narrow = user_data_header.read(bytes([5, 0, 3, 0xAB, 3, 2]) + b"text")
    wide = user_data_header.read(bytes([6, 8, 4, 0x12, 0x34, 3, 1]) + b"text")

    assert narrow.segment == MessageSegment(0xAB, 3, 2, "udh8")
    assert wide.segment == MessageSegment(0x1234, 3, 1, "udh16")
    assert (narrow.octets, wide.octets) == (6, 7)
    assert (narrow.fill_bits, wide.fill_bits) == (1, 0)


def test_languages_and_parts_stand_together() -> None:
    header = user_data_header.read(bytes([11, 0x24, 1, 1, 0x25, 1, 3, 0, 3, 7, 2, 1]))

    assert (header.single_shift, header.locking_shift) == (1, 3)
    assert header.segment == MessageSegment(7, 2, 1, "udh8")


@pytest.mark.parametrize("values", [(1, 0, 1), (1, 2, 0), (1, 2, 3), (1, 1, 1)])
def test_numbers_that_name_no_part_are_ignored(values: tuple[int, int, int]) -> None:
    assert user_data_header.read(bytes([5, 0, 3, *values])).segment is None


@pytest.mark.parametrize("data", [b"\x05\x00\x03", b"\x02\x00\x03", b"\x01\x00", b"\xff"])
def test_a_header_that_does_not_fit_is_a_fault(data: bytes) -> None:
    with pytest.raises(ValueError, match="longer than"):
        user_data_header.read(data)


@given(st.binary(max_size=60))
def test_any_octets_are_read_or_refused(data: bytes) -> None:
    try:
        header = user_data_header.read(data)
    except ValueError:
        return
    assert header.octets <= len(data)
