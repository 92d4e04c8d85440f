"""Numbers as protobuf writes them, read eight bytes at a time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.swar import integers, six_byte_varints, varints


def written(number: int) -> bytes:
    """Write a number as protobuf does, and something else after it."""
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts).ljust(8, b"\xff")


@given(st.lists(st.integers(2**35, 2**42 - 1), min_size=1))
def test_numbers_of_six_bytes_come_out_as_they_went_in(numbers: list[int]) -> None:
    eights = integers(b"".join(map(written, numbers)))[::8].copy()

    found = six_byte_varints(eights)

    assert found is not None
    assert found.tolist() == numbers == varints(eights)[0].tolist()


@pytest.mark.parametrize("other", [0, 1, 2**35 - 1, 2**42, 2**49])
def test_numbers_of_another_size_are_not_read_as_six_bytes(other: int) -> None:
    numbers = [2**41, other]
    eights = integers(b"".join(map(written, numbers)))[::8].copy()

    assert six_byte_varints(eights) is None
    assert varints(eights)[0].tolist() == numbers
