"""Requests read column by column give the tables that messages give, or are left to protobuf."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from fanzha.phone import HomePlan
from fanzha.tables import HostFacts
from fanzha.v1 import interception_pb2 as pb
from services.rpc.decide import wire_format
from services.rpc.decide.columnar_decoder import ColumnarDecoder
from services.rpc.decide.message_decoder import MessageDecoder
from tests.support.effort import examples

NOW_MS = 1_764_000_000_000
HOME = HomePlan("86")
reader, columns = MessageDecoder(HOME), ColumnarDecoder(HOME)


@dataclass(frozen=True)
class Kind:
    """One channel, and both ways to read it."""

    name: str
    request: Any
    row: Any
    by_message: Callable[..., Any]
    by_column: Callable[..., Any]


CALLS = Kind("calls", pb.DecideCallsRequest, pb.Call, reader.calls, columns.calls)
TEXTS = Kind("texts", pb.DecideTextsRequest, pb.Text, reader.texts, columns.texts)
LINKS = Kind("links", pb.DecideLinksRequest, pb.Link, reader.links, columns.links)
KINDS = (CALLS, TEXTS, LINKS)
every_kind = st.sampled_from(KINDS)

anything = st.text(st.characters(codec="utf-8"), max_size=40)
party = st.one_of(
    st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True),
    st.from_regex(r"1[0-9]{2,10}|95[0-9]{3}|0[0-9]{9}", fullmatch=True),
    st.sampled_from(["Bank", "anonymous", "中国银行", "", "+86 170 0000 0001"]),
    anything,
)
ordinary_words = st.one_of(anything, st.sampled_from(["诈" * 60, "诈" * 2730, "a" * 8192]))
words = st.one_of(ordinary_words, st.sampled_from(["诈" * 2731, "a" * 8193, "見" * 3000]))
url = st.one_of(
    st.from_regex(r"https://[a-z]{1,9}\.example/[a-z/]{0,200}", fullmatch=True),
    st.sampled_from(["x.example", "http://", "", "例子.example/路"]),
    anything,
)
ordinary_time = st.one_of(st.just(0), st.integers(0, 2**56 - 1))
time = st.one_of(ordinary_time, st.integers(-(2**63), 2**63 - 1))
ordinary_enum = st.integers(0, 127)
enum = st.one_of(st.integers(0, 9), st.integers(-(2**31), 2**31 - 1))
trunk = st.one_of(st.just(""), st.just("tg-12"), st.text(st.characters(codec="utf-8"), max_size=70))
request_id = st.one_of(st.just(""), st.sampled_from(["a1", "x" * 64]))
"""Others are left to protobuf; `test_repeated_requests` has them."""
fact = st.one_of(st.none(), st.none(), st.integers(0, 2**32 - 1))


def calls(times: Any, enums: Any, trunks: Any) -> Any:
    return st.builds(
        pb.Call,
        caller=party, callee=party, attempted_at_ms=times,
        ingress=enums, attestation=enums, trunk=trunks, request_id=request_id,
        handset=trunks, location_area=trunks,
    )  # fmt: skip


def texts(times: Any, enums: Any, trunks: Any, bodies: Any) -> Any:
    return st.builds(
        pb.Text,
        sender=party, receiver=party, body=bodies, submitted_at_ms=times, ingress=enums,
        trunk=trunks, request_id=request_id,
    )  # fmt: skip


def links(times: Any) -> Any:
    return st.builds(
        pb.Link,
        url=url, subscriber=party, requested_at_ms=times, request_id=request_id,
        domain_age_days=fact, first_seen_days=fact, popularity_rank=fact,
    )  # fmt: skip


def batches(kind: Kind, *, ordinary: bool) -> Any:
    times, enums = (ordinary_time, ordinary_enum) if ordinary else (time, enum)
    trunks = st.text("tg-台", max_size=20) if ordinary else trunk
    rows = {
        "calls": calls(times, enums, trunks),
        "texts": texts(times, enums, trunks, ordinary_words if ordinary else words),
        "links": links(times),
    }[kind.name]
    return st.lists(rows, min_size=1, max_size=6)


def written(kind: Kind, rows: list[Any]) -> bytes:
    data: bytes = kind.request(**{kind.name: rows}).SerializeToString()
    return data


def by_column(kind: Kind, *requests: bytes) -> Any:
    rows = sum(wire_format.count_rows(data) for data in requests)
    return kind.by_column(b"".join(requests), rows, NOW_MS)


def by_message(kind: Kind, data: bytes) -> Any:
    return kind.by_message(getattr(kind.request.FromString(data), kind.name), NOW_MS)


def plain(table: Any) -> dict[str, Any]:
    return {field.name: plain_column(getattr(table, field.name)) for field in fields(table)}


def plain_column(value: Any) -> Any:
    if isinstance(value, HostFacts):
        return plain(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    return dict(value) if isinstance(value, dict) else list(value or ())


@given(st.data())
def test_ordinary_requests_are_read_by_column_and_as_messages_are(data: st.DataObject) -> None:
    kind = data.draw(every_kind)
    request = written(kind, data.draw(batches(kind, ordinary=True)))

    assert plain(by_column(kind, request)) == plain(by_message(kind, request))


@given(st.data())
def test_requests_read_together_are_one_table(data: st.DataObject) -> None:
    kind = data.draw(every_kind)
    requests = [
        written(kind, rows)
        for rows in data.draw(st.lists(batches(kind, ordinary=True), min_size=1, max_size=4))
    ]

    assert plain(by_column(kind, *requests)) == plain(by_message(kind, b"".join(requests)))


@given(st.data())
def test_other_requests_are_read_as_messages_are_or_left_to_protobuf(data: st.DataObject) -> None:
    kind = data.draw(every_kind)
    request = written(kind, data.draw(batches(kind, ordinary=False)))

    same_or_left(kind, request)


# What a row may look like on the wire: fields in any order, unknown ones, twice, of wrong type.
varint = st.integers(0, 2**64 - 1).map(
    lambda number: bytes(
        (number >> 7 * i & 127) | (128 if number >> 7 * (i + 1) else 0)
        for i in range(max(1, -(-number.bit_length() // 7)))
    )
)
long_way = st.sampled_from([b"\x80\x00", b"\x81\x80\x00", b"\xff\x00", b"\x85\x80\x80\x80\x00"])


def delimited(tag: bytes, content: bytes) -> bytes:
    size = len(content)
    head = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return tag + head + content


tag = st.sampled_from([bytes([number << 3 | kind]) for number in range(1, 13) for kind in (0, 2)])
field = st.one_of(
    st.builds(lambda tag, value: tag + value, tag, varint),
    st.builds(lambda tag, value: tag + value, tag, long_way),
    st.builds(delimited, tag, party.map(str.encode)),
    st.builds(delimited, tag, st.binary(max_size=24)),
    st.binary(max_size=3),
)
row = st.lists(field, max_size=6).map(b"".join).map(lambda content: delimited(b"\x0a", content))
crafted = st.lists(row, max_size=5).map(b"".join)


@settings(max_examples=examples(200))
@given(every_kind, crafted)
def test_crafted_bytes_are_read_as_messages_are_or_left_to_protobuf(
    kind: Kind, request: bytes
) -> None:
    same_or_left(kind, request)


@settings(max_examples=examples(200))
@given(st.data())
def test_damaged_bytes_are_read_as_messages_are_or_left_to_protobuf(data: st.DataObject) -> None:
    kind = data.draw(every_kind)
    request = bytearray(written(kind, data.draw(batches(kind, ordinary=True))))
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, max(len(request) - 1, 0)))
        match data.draw(st.sampled_from(["cut", "change", "insert"])):
            case "cut":
                del request[where : where + data.draw(st.integers(1, 5))]
            case "change" if request:
                request[where] = data.draw(st.integers(0, 255))
            case _:
                request[where:where] = data.draw(st.binary(max_size=4))

    same_or_left(kind, bytes(request))


def same_or_left(kind: Kind, request: bytes) -> None:
    try:
        table = by_column(kind, request)
    except wire_format.Unusual:
        return
    try:
        expected = by_message(kind, request)
    except DecodeError:
        pytest.fail(f"read what protobuf refuses: {request!r}")
    assert plain(table) == plain(expected)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_request_has_1_to_4096_rows(kind: Kind) -> None:
    assert wire_format.count_rows(b"\x0a\x00" * 4096) == 4096
    for rows in (0, 4097):
        with pytest.raises(wire_format.Unusual):
            wire_format.count_rows(b"\x0a\x00" * rows)


@given(st.lists(st.integers(0, 200), min_size=1, max_size=40))
def test_rows_are_split_where_those_before_them_end(lengths: list[int]) -> None:
    rows = [delimited(b"\x0a", bytes(length)) for length in lengths]
    request = b"".join(rows)

    assert wire_format.count_rows(request) == len(rows)
    assert wire_format.split_rows(request, len(rows)) == rows


def test_rows_of_one_length_are_rows_only_where_each_says_so() -> None:
    good = b"\x0a\x02\x10\x01"

    assert wire_format.count_rows(good * 3) == 3
    for bad in (good * 2 + b"\x0b\x02\x10\x01", good * 2 + b"\x0a\x03\x10\x01", good * 2 + b"\x0a"):
        with pytest.raises(wire_format.Unusual):
            wire_format.count_rows(bad)


@pytest.mark.parametrize("enum", [b"\x20\xff\x28\x05", b"\x20\x80\x01", b"\x20\x85\x01"])
def test_an_enum_above_127_is_left_to_protobuf(enum: bytes) -> None:
    request = delimited(b"\x0a", b"\x0a\x03110\x12\x03120" + enum)

    with pytest.raises(wire_format.Unusual):
        by_column(CALLS, request)


@pytest.mark.parametrize("size", [b"\x83\x80\x00", b"\x83\x00"])
def test_lengths_of_more_bytes_than_needed_are_read_as_protobuf_does(size: bytes) -> None:
    row = b"\x0a" + size + b"110\x12\x03120"

    same_or_left(CALLS, delimited(b"\x0a", row))
    same_or_left(CALLS, b"\x0a" + bytes([len(row) | 128, 0]) + row)


def test_an_empty_row_does_not_read_the_next_one() -> None:
    request = written(CALLS, [pb.Call(), pb.Call(caller="+8617000000001", callee="110")])

    assert by_column(CALLS, request).callers.tolist() == [0, 8617000000001]
