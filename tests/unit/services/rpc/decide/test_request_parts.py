"""Long requests are decided in parts, and work for which nobody waits any more stops."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from fanzha.decisions import Action, Reason
from fanzha.phone import HomePlan
from fanzha.tables import Channel
from fanzha.v1 import interception_pb2 as pb
from services.decision.observer import Observer
from services.decision.pipeline import DecisionPipeline
from services.decision.shed_reasons import ShedReason
from services.rpc.decide import wire_format
from services.rpc.decide.batch_handler import BatchHandler
from services.rpc.decide.columnar_decoder import ColumnarDecoder
from services.rpc.decide.message_decoder import MessageDecoder
from services.rpc.decide.request_decoder import RequestDecoder
from services.rpc.decide.request_parts import PART_BYTES, PART_ROWS, join_decisions, split
from services.rpc.decide.row_truncation import NOT_READ
from services.rpc.middleware.load_shedder import DeadlineExceeded
from tests.support import batch_asking
from tests.support.builders import NINE_O_CLOCK_S, an_engine, an_entry, some_texts
from tests.support.log_records import logged_by
from tests.support.unusual_bytes import left_to_protobuf

HOME = HomePlan("86")
SENDER, LISTED, RECEIVER = "+8617000000001", "+8617000000013", "+8619900000001"
LONG = "http://" + "a." * 4080


class Watching:
    """Notes the stages of batches, and what was cut."""

    def __init__(self, after: Callable[[str], None] = lambda _stage: None) -> None:
        self.stages: list[str] = []
        self.rows: list[int] = []
        self.cut = 0
        self._after = after

    def observer(self) -> Observer:
        return Observer(
            stage_done=self._stage_done,
            decided=lambda _channel, table, _decisions: self.rows.append(len(table)),
            rows_cut=self._rows_cut,
        )

    def _stage_done(self, channel: Channel, stage: str) -> None:
        self.stages.append(stage)
        self._after(stage)

    def _rows_cut(self, channel: Channel, rows: int) -> None:
        self.cut += rows


class Deadline:
    """Passes when told."""

    def __init__(self) -> None:
        self.has_passed = False

    def remaining(self) -> float:
        return 0.0 if self.has_passed else 1.0


def a_desk(
    watching: Watching, *, columnar: bool = True, entries: Sequence[str] = (LISTED,)
) -> BatchHandler:
    engine: DecisionPipeline = an_engine(*map(an_entry, entries), observer=watching.observer())
    decoder = RequestDecoder(
        Channel.TEXT,
        by_column=ColumnarDecoder(HOME).texts if columnar else left_to_protobuf,
        by_message=MessageDecoder(HOME).texts,
    )
    return BatchHandler(
        Channel.TEXT,
        decoder=decoder,
        decide=engine.decide_texts,
        now_ms=lambda: NINE_O_CLOCK_S * 1000,
        observer=watching.observer(),
    )


def texts(*bodies: str, sender: str = SENDER) -> pb.DecideTextsRequest:
    return pb.DecideTextsRequest(
        texts=[pb.Text(sender=sender, receiver=RECEIVER, body=body) for body in bodies]
    )


def decisions_of(data: bytes) -> Any:
    return pb.DecideTextsResponse.FromString(data).decisions


@pytest.mark.parametrize("shadows", [False, True], ids=["by column", "by message"])
async def test_the_parts_of_a_request_are_answered_as_one(shadows: bool) -> None:
    watching = Watching()
    rows = PART_ROWS + 50
    request = texts(*["您好"] * rows)
    request.texts[rows - 1].sender = LISTED
    request.texts[7].receiver = "?"
    request.with_shadow_entries = shadows

    answer = await batch_asking.answer(a_desk(watching), request.SerializeToString(), single=False)

    found = decisions_of(answer)
    assert watching.rows == [PART_ROWS, 50]
    assert len(found.actions) == len(found.scores) == rows
    assert found.actions[rows - 1] == Action.BLOCK
    assert found.reasons[7] == Reason.INVALID
    assert {detail.row for detail in found.details} == {7, rows - 1}
    assert found.first_decision_id == 100


async def test_each_part_has_its_protocol_answers() -> None:
    request = texts(*["您好"] * (PART_ROWS + 1))
    request.texts[3].sender = request.texts[PART_ROWS].sender = LISTED
    request.with_protocol_answer = True

    answer = await batch_asking.answer(
        a_desk(Watching()), request.SerializeToString(), single=False
    )

    details = {detail.row: detail for detail in decisions_of(answer).details}
    assert set(details) == {3, PART_ROWS}
    assert all(detail.protocol_answer.smpp.submit_status == 0x45 for detail in details.values())


@pytest.mark.parametrize("seconds", [(300, 0), (0, 300), (None, 0)])
def test_blocks_of_a_joined_answer_are_cached_as_long_as_those_of_each_part(
    seconds: tuple[int | None, ...],
) -> None:
    decisions = an_engine().decide_texts(some_texts("您好"), NINE_O_CLOCK_S)
    parts = [replace(decisions, block_cache_seconds=one) for one in seconds]

    assert join_decisions(parts).block_cache_seconds == 0


async def test_other_requests_are_answered_between_the_parts() -> None:
    watching = Watching()
    desk = a_desk(watching)
    order: list[str] = []

    async def ask(name: str, request: pb.DecideTextsRequest) -> None:
        await batch_asking.answer(desk, request.SerializeToString(), single=False)
        order.append(name)

    await asyncio.gather(ask("long", texts(*[LONG] * 64)), ask("short", texts("您好")))

    assert order == ["short", "long"]


async def test_a_row_that_is_no_text_fails_no_other_row_of_a_long_request() -> None:
    data = texts(*["您好"] * (PART_ROWS + 1)).SerializeToString() + b"\x0a\x04\x1a\x02\xff\xfe"

    found = decisions_of(await batch_asking.answer(a_desk(Watching()), data, single=False))

    assert [(detail.row, detail.error) for detail in found.details] == [
        (PART_ROWS + 1, "body: not UTF-8")
    ]
    assert found.reasons[PART_ROWS + 1] == Reason.INVALID
    assert len(found.actions) == PART_ROWS + 2


async def test_such_a_row_keeps_its_error_where_protobuf_alone_can_read_the_request() -> None:
    data = b"\x10\x01" + texts(*["您好"] * PART_ROWS).SerializeToString()

    found = decisions_of(
        await batch_asking.answer(
            a_desk(Watching()), data + b"\x0a\x04\x1a\x02\xff\xfe", single=False
        )
    )

    assert [detail.error for detail in found.details] == ["body: not UTF-8"]


@pytest.mark.parametrize("shadows", [False, True], ids=["by column", "by message"])
async def test_beyond_the_bytes_of_one_request_a_listed_sender_is_blocked(shadows: bool) -> None:
    watching = Watching()
    request = texts(*[LONG] * 400, sender=LISTED)
    request.texts.extend(texts("您好", sender=LISTED).texts)
    request.with_shadow_entries = shadows

    answer = await batch_asking.answer(a_desk(watching), request.SerializeToString(), single=False)

    found = decisions_of(answer)
    read = {detail.row: detail.read_bytes for detail in found.details}
    assert set(found.actions) == {Action.BLOCK}
    assert set(found.reasons) == {Reason.BLOCKLISTED}
    assert watching.cut == 400
    assert read.pop(400) == 0
    assert all(5000 < count < len(LONG) for count in read.values())
    assert {detail.entry_id != "" for detail in found.details} == {True}


async def test_a_link_in_the_kept_part_of_a_text_is_found(
    caplog: pytest.LogCaptureFixture,
) -> None:
    watching = Watching()
    desk = a_desk(watching, entries=["evil.example"])
    data = texts(*["http://evil.example/a " + "您好" * 1350] * 300).SerializeToString()

    found = decisions_of(await batch_asking.answer(desk, data, single=False))
    again = decisions_of(await batch_asking.answer(desk, data, single=False))

    assert set(found.actions) == set(again.actions) == {Action.BLOCK}
    assert watching.cut == 600
    (warning,) = logged_by(caplog, "services.rpc")  # of two, for they come within ten seconds
    assert warning.getMessage().startswith("300 of 300 rows of a text request were cut")


async def test_a_row_that_cannot_be_shortened_is_let_through_and_reported() -> None:
    watching = Watching()
    request = texts(*[LONG] * 300, sender=LISTED)
    request.texts[7].sender = "x" * 9000

    found = decisions_of(
        await batch_asking.answer(a_desk(watching), request.SerializeToString(), single=False)
    )

    assert [detail.row for detail in found.details if detail.error == NOT_READ] == [7]
    assert (found.actions[7], found.reasons[7]) == (Action.ALLOW, Reason.INVALID)
    assert set(found.actions) - {found.actions[7]} == {Action.BLOCK}
    assert watching.cut == 300


async def test_within_the_bytes_of_one_request_no_row_is_cut() -> None:
    watching = Watching()

    found = decisions_of(
        await batch_asking.answer(
            a_desk(watching), texts(*[LONG] * 250).SerializeToString(), single=False
        )
    )

    assert watching.cut == 0
    assert {detail.read_bytes for detail in found.details} <= {0}


def test_parts_have_few_rows_and_few_bytes_and_leave_none_out() -> None:
    rows = [b"\x0a\x01a"] * 600 + [b"\x0a\xff\x3f" + b"b" * 8191] * 9

    found = list(split(Channel.TEXT, rows))

    assert b"".join(part.data for part in found) == b"".join(rows)
    assert sum(part.rows for part in found) == len(rows)
    assert all(part.rows <= PART_ROWS and len(part.data) <= PART_BYTES for part in found)
    assert all(wire_format.count_rows(part.data) == part.rows for part in found)


@pytest.mark.parametrize("bodies", [("您好",), ("您好",) * (3 * PART_ROWS)], ids=["one", "parts"])
@pytest.mark.parametrize("stage", ["convert", "lists", "model"])
async def test_work_stops_after_the_stage_in_which_the_deadline_passed(
    stage: str, bodies: tuple[str, ...]
) -> None:
    deadline = Deadline()

    def after(done: str) -> None:
        deadline.has_passed |= done == stage

    watching = Watching(after)

    with pytest.raises(DeadlineExceeded) as late:
        await batch_asking.answer(
            a_desk(watching),
            texts(*bodies).SerializeToString(),
            single=False,
            remaining=deadline.remaining,
        )

    assert late.value.reason is ShedReason.LATE_BETWEEN_STAGES
    assert watching.stages[-1] == stage
    assert watching.stages.count(stage) == 1
    assert watching.rows == []


async def test_a_long_request_stops_between_its_parts() -> None:
    deadline = Deadline()

    def after(done: str) -> None:
        deadline.has_passed |= done == "policy"

    watching = Watching(after)

    with pytest.raises(DeadlineExceeded):
        await batch_asking.answer(
            a_desk(watching),
            texts(*["您好"] * (3 * PART_ROWS)).SerializeToString(),
            single=False,
            remaining=deadline.remaining,
        )

    assert watching.rows == [PART_ROWS]


async def test_of_gathered_requests_those_past_their_deadline_are_dropped_alone() -> None:
    watching, passed = Watching(), Deadline()
    desk = a_desk(watching)
    passed.has_passed = True
    data = texts("您好").SerializeToString()

    answers = await asyncio.gather(
        batch_asking.answer(desk, data, single=False),
        batch_asking.answer(desk, data, single=False, remaining=passed.remaining),
        batch_asking.answer(desk, data, single=False, remaining=Deadline().remaining),
        return_exceptions=True,
    )

    assert watching.rows == [2]
    assert isinstance(answers[1], DeadlineExceeded)
    assert answers[1].reason is ShedReason.LATE_WHEN_GATHERED
    assert isinstance(answers[0], bytes)
    assert isinstance(answers[2], bytes)


async def test_while_one_request_is_in_time_all_gathered_with_it_are_decided() -> None:
    passes, stays = Deadline(), Deadline()

    def after(done: str) -> None:
        passes.has_passed |= done == "convert"

    desk = a_desk(Watching(after))
    data = texts("您好").SerializeToString()

    answers = await asyncio.gather(
        batch_asking.answer(desk, data, single=False, remaining=passes.remaining),
        batch_asking.answer(desk, data, single=False, remaining=stays.remaining),
    )

    assert [len(decisions_of(answer).actions) for answer in answers] == [1, 1]
