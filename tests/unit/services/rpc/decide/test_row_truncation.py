"""Rows of a request that is too long are cut, and keep all but the end of their body or URL."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.tables import MAX_ROWS, MAX_TEXT_BYTES, Channel
from fanzha.v1 import interception_pb2 as pb
from services.rpc.decide.row_truncation import MAX_BYTES, cut_text, fit, max_row_bytes

SENDER, RECEIVER = "+8617000000001", "+8619900000001"


def a_row(body: str, **fields: Any) -> bytes:
    text = pb.Text(sender=SENDER, receiver=RECEIVER, submitted_at_ms=1_700_000_000_000, body=body)
    text.MergeFrom(pb.Text(**fields))
    return pb.DecideTextsRequest(texts=[text]).SerializeToString()


def text_in(row: bytes) -> pb.Text:
    (text,) = pb.DecideTextsRequest.FromString(row).texts
    return text


@given(st.lists(st.integers(0, 300), min_size=1, max_size=40), st.integers(0, 3000))
def test_the_longest_rows_are_cut_to_the_largest_common_length_that_fits(
    lengths: list[int], max_bytes: int
) -> None:
    longest = max_row_bytes([bytes(length) for length in lengths], max_bytes)

    if longest is None:
        assert sum(lengths) <= max_bytes
    else:
        assert sum(lengths) > max_bytes
        assert sum(min(length, longest) for length in lengths) <= max_bytes
        assert sum(min(length, longest + 1) for length in lengths) > max_bytes


def test_of_a_full_request_each_row_has_room_for_its_parties() -> None:
    assert max_row_bytes([bytes(9000)] * MAX_ROWS) == MAX_BYTES // MAX_ROWS == 512


@given(st.text(max_size=200), st.integers(40, 400))
def test_a_row_is_cut_to_what_fits_and_keeps_its_other_fields(body: str, max_bytes: int) -> None:
    row = a_row(body * 50 + "a" * MAX_TEXT_BYTES)

    found = fit(Channel.TEXT, row, max_bytes)

    assert len(found.data) <= max_bytes
    if found.read_bytes:
        text, before = text_in(found.data), text_in(row)
        assert before.body.startswith(text.body)
        assert len(text.body.encode()) == found.read_bytes
        before.body = text.body
        assert text == before


def test_a_row_that_fits_is_left_as_it_was_written() -> None:
    row = a_row("a" * 100)

    assert fit(Channel.TEXT, row, len(row)).data is row
    assert fit(Channel.TEXT, row, len(row)).read_bytes is None


def test_a_body_that_may_be_no_longer_is_not_cut_where_it_fits() -> None:
    row = a_row("a" * MAX_TEXT_BYTES)

    assert fit(Channel.TEXT, row, len(row)).read_bytes is None
    assert fit(Channel.TEXT, a_row("a" * 9000), 10**6).read_bytes == MAX_TEXT_BYTES


def test_fields_of_a_later_version_are_kept() -> None:
    body = a_row("a" * 9000)
    text = text_in(body)
    text.MergeFromString(b"\xf8\x06\x07")  # field 111
    row = pb.DecideTextsRequest(texts=[text]).SerializeToString()

    found = fit(Channel.TEXT, row, 1000)

    assert b"\xf8\x06\x07" in found.data
    assert text_in(found.data).sender == SENDER


def test_a_url_is_cut_too() -> None:
    link = pb.Link(url="http://evil.example/" + "a" * 9000, subscriber=RECEIVER)
    row = pb.DecideLinksRequest(links=[link]).SerializeToString()

    found = fit(Channel.LINK, row, 600)

    (cut,) = pb.DecideLinksRequest.FromString(found.data).links
    assert link.url.startswith(cut.url)
    assert (len(cut.url), cut.subscriber) == (found.read_bytes, RECEIVER)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(b"\x0a\x04\x1a\x7fab" + bytes(9000), id="malformed"),
        pytest.param(a_row("", sender="x" * 9000), id="long besides its body"),
    ],
)
def test_rows_that_cannot_be_cut_are_omitted(row: bytes) -> None:
    found = fit(Channel.TEXT, row, 512)

    assert (found.data, found.read_bytes) == (b"\x0a\x00", 0)


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("您好您好", 7, "您好"),
        ("您好您好", 6, "您好"),
        ("see http://bank.example.com.cn/a", 27, "see "),
        ("see http://bank.example.com.cn/a", 4, "see "),
        ("点击http://bank.example.com", 20, "点击"),
        ("a" * 300, 280, "a" * 280),
        ("b " + "a" * 300, 280, "b " + "a" * 278),
    ],
)
def test_no_character_and_no_host_name_is_divided(text: str, most: int, kept: str) -> None:
    assert cut_text(text.encode(), most).decode() == kept
