"""Bytes that were damaged on their way: what can be read is decided, and nothing else breaks."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.decisions import Action, Reason
from fanzha.errors import InvalidInput
from fanzha.phone import HomePlan
from fanzha.tables import Channel
from fanzha.v1 import interception_pb2 as pb
from services.decision.observer import Observer, Table
from services.rpc.decide.columnar_decoder import ColumnarDecoder
from services.rpc.decide.handler import InterceptionServicer
from services.rpc.decide.message_decoder import MessageDecoder
from services.rpc.decide.request_decoder import RequestDecoder
from tests.support import batch_asking
from tests.support.builders import NINE_O_CLOCK_MS, an_engine, an_entry
from tests.support.unusual_bytes import left_to_protobuf

HOME = HomePlan("86")
LISTED, OTHER, CALLEE = "+8617000000013", "+8617000000014", "+8619900000001"
MUTATED = 20_000
TOGETHER = 40
"""Requests that are asked at the same time, and so decided in company."""
CHANNELS = tuple(Channel)
NAMES = {Channel.CALL: "Call", Channel.TEXT: "Text", Channel.LINK: "Link"}
TEXT_FIELDS = {
    Channel.CALL: ("caller", "callee", "trunk"),
    Channel.TEXT: ("sender", "receiver", "body"),
    Channel.LINK: ("url", "subscriber"),
}
NOT_UTF8 = (b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"+86\x80", b"\xc0\xaf")


def intake(channel: Channel, *, columnar: bool) -> RequestDecoder:
    columns, reader = ColumnarDecoder(HOME), MessageDecoder(HOME)
    ways: dict[Channel, tuple[Any, Any]] = {
        Channel.CALL: (columns.calls, reader.calls),
        Channel.TEXT: (columns.texts, reader.texts),
        Channel.LINK: (columns.links, reader.links),
    }
    by_column, by_message = ways[channel]
    return RequestDecoder(
        channel, by_column=by_column if columnar else left_to_protobuf, by_message=by_message
    )


BOTH_WAYS = {
    channel: (intake(channel, columnar=True), intake(channel, columnar=False))
    for channel in CHANNELS
}


@pytest.fixture
def servicer() -> InterceptionServicer:
    return InterceptionServicer(
        engine=an_engine(an_entry(LISTED)),
        reader=MessageDecoder(HOME),
        now_ms=lambda: NINE_O_CLOCK_MS,
        observer=Observer(),
        dry_engine=an_engine(an_entry(LISTED)),
    )


def delimited(number: int, content: bytes) -> bytes:
    size = len(content)
    head = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return bytes([number << 3 | 2]) + head + content


def good_row(channel: Channel, caller: str) -> Any:
    rows: dict[Channel, Any] = {
        Channel.CALL: pb.Call(
            caller=caller,
            callee=CALLEE,
            attempted_at_ms=NINE_O_CLOCK_MS,
            ingress=pb.INGRESS_LOCAL,
            trunk="tg-1",
        ),
        Channel.TEXT: pb.Text(
            sender=caller,
            receiver=CALLEE,
            body="您好 http://a.example/x",
            ingress=pb.INGRESS_INTERCONNECT,
        ),
        Channel.LINK: pb.Link(url="https://shop.example/a", subscriber=caller),
    }
    return rows[channel]


def with_bytes(row: Any, field: str, value: bytes) -> bytes:
    """Write *row* with *value* in one of its texts."""
    parts: list[tuple[int, bytes]] = []
    for each in row.DESCRIPTOR.fields:
        if each.name == field:
            parts.append((each.number, delimited(each.number, value)))
        elif not each.has_presence or row.HasField(each.name):
            only = type(row)(**{each.name: getattr(row, each.name)})
            parts.append((each.number, only.SerializeToString()))
    return b"".join(part for _, part in sorted(parts))


def batch_of(rows: Sequence[bytes]) -> bytes:
    return b"".join(delimited(1, row) for row in rows)


def table(reading: RequestDecoder, data: bytes, *, single: bool) -> Table | str:
    """Read one request; what is refused comes as the reason."""
    try:
        return reading.table([reading.open(data, single=single)], NINE_O_CLOCK_MS)
    except InvalidInput as error:
        return str(error)


def plain(read: Table | str) -> Any:
    if isinstance(read, str):
        return read
    return {
        field.name: value.tolist()
        if isinstance(value := getattr(read, field.name), np.ndarray)
        else (dict(value) if isinstance(value, dict) else list(value or ()))
        for field in fields(read)
    }


async def ask(
    servicer: InterceptionServicer, channel: Channel, data: bytes, *, single: bool
) -> Any:
    """Return the decisions, or the error; of a single request as if it were a batch of one."""
    name = NAMES[channel]
    handler, _ = servicer.methods()[f"Decide{name}" if single else f"Decide{name}s"]
    try:
        answer = await batch_asking.answer(handler, data, single=single)
    except InvalidInput as error:
        return error
    if single:
        return pb.DecideCallResponse.FromString(answer).decision
    return pb.DecideCallsResponse.FromString(answer).decisions


@pytest.mark.parametrize("rows", [1, 3, 200])
@pytest.mark.parametrize("bad", NOT_UTF8)
@pytest.mark.parametrize(
    ("channel", "field"),
    [(channel, name) for channel, names in TEXT_FIELDS.items() for name in names],
)
async def test_a_text_that_is_not_utf8_makes_its_row_invalid_and_no_other(
    servicer: InterceptionServicer, channel: Channel, field: str, bad: bytes, rows: int
) -> None:
    good = good_row(channel, LISTED)
    row = rows // 2
    written = [good.SerializeToString()] * rows
    written[row] = with_bytes(good, field, bad)

    found = await ask(servicer, channel, batch_of(written), single=False)
    alone = await ask(servicer, channel, batch_of([written[row]]), single=True)

    assert found.actions[row] == Action.ALLOW
    assert [reason == Reason.INVALID for reason in found.reasons] == [
        place == row for place in range(rows)
    ]
    errors = {detail.row: detail.error for detail in found.details if detail.error}
    assert errors == {row: f"{field}: not UTF-8"}
    blocked = {detail.row for detail in found.details if detail.entry_id}
    assert blocked == (set() if channel is Channel.LINK else set(range(rows)) - {row})
    assert isinstance(alone, InvalidInput)
    assert str(alone) == f"{field}: not UTF-8"


async def test_a_bad_row_is_reported_where_a_request_wants_shadow_entries(
    servicer: InterceptionServicer,
) -> None:
    good = good_row(Channel.CALL, LISTED)
    rows = [with_bytes(good, "trunk", b"\xff"), good.SerializeToString()]

    found = await ask(servicer, Channel.CALL, batch_of(rows) + b"\x10\x01", single=False)

    assert list(found.reasons) == [Reason.INVALID, Reason.BLOCKLISTED]


async def test_a_row_whose_bytes_are_no_message_fails_no_other(
    servicer: InterceptionServicer,
) -> None:
    rows = [b"\x0a\x7f", good_row(Channel.CALL, LISTED).SerializeToString()]

    found = await ask(servicer, Channel.CALL, batch_of(rows), single=False)

    assert list(found.reasons) == [Reason.INVALID, Reason.BLOCKLISTED]
    assert [detail.error for detail in found.details if detail.error] == [
        "call: its bytes cannot be read"
    ]


async def test_more_rows_than_a_batch_has_are_refused_before_they_are_made(
    servicer: InterceptionServicer,
) -> None:
    for data in (b"\x0a\x00" * 100_000, b"\x10\x01" + b"\x0a\x00" * 100_000):
        found = await ask(servicer, Channel.CALL, data, single=False)

        assert str(found) == "calls: 1 to 4096 rows, not more"


@given(st.data())
def test_corrupt_texts_never_change_another_row(data: st.DataObject) -> None:
    channel = data.draw(st.sampled_from(CHANNELS))
    count = data.draw(st.integers(1, 6))
    good = [good_row(channel, data.draw(st.sampled_from([LISTED, OTHER]))) for _ in range(count)]
    written = [row.SerializeToString() for row in good]
    bad: set[int] = set()
    for row in data.draw(st.sets(st.integers(0, count - 1))):
        value = data.draw(st.binary(max_size=20))
        written[row] = with_bytes(
            good[row], data.draw(st.sampled_from(TEXT_FIELDS[channel])), value
        )
        bad.add(row)

    sound = plain(
        table(
            BOTH_WAYS[channel][1], batch_of([one.SerializeToString() for one in good]), single=False
        )
    )
    for way in BOTH_WAYS[channel]:
        found = plain(table(way, batch_of(written), single=False))
        for name, column in found.items():
            if isinstance(column, list):
                remaining = [value for row, value in enumerate(column) if row not in bad]
                assert remaining == [
                    value for row, value in enumerate(sound[name]) if row not in bad
                ]
            else:
                assert {row for row in column if row not in bad} == {
                    row for row in sound[name] if row not in bad
                }


def mutated(source: random.Random) -> tuple[Channel, bool, bytes]:
    """Write a request, and damage it."""
    channel = source.choice(CHANNELS)
    single = source.random() < 0.3
    rows = [
        good_row(channel, source.choice((LISTED, OTHER, "Bank", "")))
        for _ in range(1 if single else source.randint(1, 5))
    ]
    written = [row.SerializeToString() for row in rows]
    for place, row in enumerate(rows):
        if source.random() < 0.4:
            field = source.choice(TEXT_FIELDS[channel])
            written[place] = with_bytes(row, field, source.randbytes(source.randint(0, 12)))
    request = bytearray(batch_of(written))
    for _ in range(source.choice((0, 0, 1, 1, 2, 5))):
        where = source.randrange(len(request) + 1)
        match source.randrange(4):
            case 0:
                del request[where : where + source.randint(1, 6)]
            case 1 if where < len(request):
                request[where] = source.randrange(256)
            case 2:
                request[where:where] = source.randbytes(source.randint(1, 4))
            case _:
                request += source.choice((b"\x10\x01", b"\x1a\x02hi", b"\x0b\x0c", b"\x0a\x00"))
    return channel, single, bytes(request)


@pytest.mark.slow
async def test_mutated_requests_end_as_documented_and_both_decoders_agree(
    servicer: InterceptionServicer,
) -> None:
    source = random.Random(7)
    seen = {"answered": 0, "refused": 0, "invalid rows": 0}
    for _ in range(MUTATED // TOGETHER):
        requests = [mutated(source) for _ in range(TOGETHER)]
        answers = await asyncio.gather(
            *(ask(servicer, channel, data, single=single) for channel, single, data in requests)
        )
        for (channel, single, data), answer in zip(requests, answers, strict=True):
            by_column, by_message = (
                plain(table(way, data, single=single)) for way in BOTH_WAYS[channel]
            )
            assert by_column == by_message, data
            if isinstance(answer, InvalidInput):
                seen["refused"] += 1
                refusal = by_column if isinstance(by_column, str) else by_column["errors"][0]
                assert str(answer) == refusal
            else:
                seen["answered"] += 1
                if not single:
                    invalid = {
                        row for row, why in enumerate(answer.reasons) if why == Reason.INVALID
                    }
                    assert invalid == set(by_column["errors"])
                    seen["invalid rows"] += len(invalid)

    assert sum(seen.values()) - seen["invalid rows"] == MUTATED
    assert min(seen.values()) > MUTATED // 20, seen
