"""Requests are answered together without one noticing the others."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from google.protobuf.message import Message

from fanzha.decisions import Action, Decisions, Detail, MatchedOn, Reason
from fanzha.errors import InvalidInput, NotAllowed
from fanzha.phone import HomePlan
from fanzha.tables import Calls, Channel, marked
from fanzha.v1 import interception_pb2 as pb
from services.auth.identity import Identity, Role, acting_as, set_identity
from services.decision.evidence import BatchContext
from services.decision.observer import Observer
from services.rpc.decide.batch_handler import MAX_COALESCED_ROWS, BatchHandler
from services.rpc.decide.columnar_decoder import ColumnarDecoder
from services.rpc.decide.message_decoder import MessageDecoder
from services.rpc.decide.request_decoder import RequestDecoder
from tests.support import batch_asking
from tests.support.unusual_bytes import left_to_protobuf

HOME = HomePlan("86")
FIRST_ID = 1000
CALLEE = "+8619900000001"
LISTED = "+8617000000013"


class Deciding:
    """Blocks one number, and remembers the sizes of the tables it saw."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.carriers: list[Sequence[tuple[str, int]]] = []

    def __call__(self, calls: Calls, now_s: int, batch: BatchContext) -> Decisions:
        first_id = FIRST_ID + sum(self.sizes)
        self.sizes.append(len(calls))
        self.carriers.append(batch.carriers)
        blocked = calls.callers == int(LISTED)
        details = {row: Detail(error=error) for row, error in calls.errors.items()}
        for row in np.flatnonzero(blocked).tolist():
            details[row] = Detail(entry_id="e1", pattern=LISTED, matched_on=MatchedOn.CALLER)
        reasons = np.where(marked(len(calls), calls.errors), Reason.INVALID, Reason.SCORED)
        return Decisions(
            first_id=first_id,
            actions=np.where(blocked, Action.BLOCK, Action.ALLOW).astype(np.uint8),
            reasons=reasons.astype(np.uint8),
            scores=(calls.callers % 100 / 100).astype(np.float32),
            threshold=0.5,
            entries=np.full(len(calls), -1, np.int64),
            details=details,
            list_version=7,
            model_version="m1",
        )


@pytest.fixture
def deciding() -> Deciding:
    return Deciding()


@pytest.fixture(
    params=[ColumnarDecoder(HOME).calls, left_to_protobuf], ids=["by column", "by message"]
)
def desk(deciding: Deciding, request: pytest.FixtureRequest) -> BatchHandler:
    decoder = RequestDecoder(
        Channel.CALL, by_column=request.param, by_message=MessageDecoder(HOME).calls
    )
    return BatchHandler(
        Channel.CALL, decoder=decoder, decide=deciding, now_ms=lambda: 1, observer=Observer()
    )


def caller(number: int) -> str:
    return f"+86170000000{number:02d}"


def call(number: int) -> pb.Call:
    return pb.Call(caller=caller(number), callee=CALLEE)


def batch(*numbers: int) -> bytes:
    return pb.DecideCallsRequest(calls=map(call, numbers)).SerializeToString()


def single(number: int) -> bytes:
    return pb.DecideCallRequest(call=call(number)).SerializeToString()


def asking(*numbers: int) -> bytes:
    request = pb.DecideCallsRequest(calls=map(call, numbers), with_protocol_answer=True)
    return request.SerializeToString()


def batch_answer(data: bytes) -> Any:
    return pb.DecideCallsResponse.FromString(data).decisions


def single_answer(data: bytes) -> Any:
    return pb.DecideCallResponse.FromString(data).decision


async def ask(desk: BatchHandler, *requests: tuple[bytes, bool]) -> list[Any]:
    return await asyncio.gather(
        *(batch_asking.answer(desk, data, single=alone) for data, alone in requests),
        return_exceptions=True,
    )


async def test_small_requests_are_decided_as_one_table_and_each_gets_its_rows(
    desk: BatchHandler, deciding: Deciding
) -> None:
    first, second, third = await ask(
        desk, (batch(1, 2, 3), False), (single(13), True), (batch(12, 13), False)
    )

    assert deciding.sizes == [6]
    assert list(batch_answer(first).scores) == pytest.approx([0.01, 0.02, 0.03])
    assert not batch_answer(first).details
    assert single_answer(second).decision_id == FIRST_ID + 3
    assert single_answer(second).pattern == LISTED
    assert batch_answer(third).first_decision_id == FIRST_ID + 4
    assert list(batch_answer(third).actions) == [Action.ALLOW, Action.BLOCK]
    assert [(detail.row, detail.pattern) for detail in batch_answer(third).details] == [(1, LISTED)]


async def test_a_bad_request_fails_alone(desk: BatchHandler, deciding: Deciding) -> None:
    not_utf8 = b"\x0a\x04\x0a\x02\xff\xfe"
    unusual = b"\x0a\x07\x12\x03110\x0a\x00"

    answers = await ask(
        desk,
        (b"\xff\xff\xff", False),
        (not_utf8, False),
        (batch(), False),
        (batch(1), False),
        (not_utf8, True),
        (b"", True),
        (unusual, False),
        (single(2), True),
    )

    assert [isinstance(answer, InvalidInput) for answer in answers] == [
        *(True, False, True, False, True, True, False, False),
    ]
    assert batch_answer(answers[1]).details[0].error == "caller: not UTF-8"
    assert str(answers[4]) == "caller: not UTF-8"
    assert "1 to 4096 rows, not 0" in str(answers[2])
    assert str(answers[5]) == "caller: empty"
    assert list(batch_answer(answers[3]).scores) == pytest.approx([0.01])
    assert batch_answer(answers[6]).details[0].error == "caller: empty"
    assert single_answer(answers[7]).score == pytest.approx(0.02)


async def test_requests_of_several_carriers_are_decided_together_each_with_its_own(
    desk: BatchHandler, deciding: Deciding
) -> None:
    async def of(carrier: str, data: bytes) -> bytes:
        set_identity(Identity(name="gateway", roles=frozenset({Role.CARRIER}), carrier=carrier))
        return await batch_asking.answer(desk, data, single=False)

    await asyncio.gather(of("one", batch(1, 2)), of("", batch(3)), of("two", batch(4)))
    await asyncio.gather(of("", batch(1)), of("", batch(2)))

    assert deciding.carriers == [[("one", 2), ("", 1), ("two", 1)], []]


async def test_a_batch_of_bad_requests_decides_no_rows(
    desk: BatchHandler, deciding: Deciding
) -> None:
    answers = await ask(desk, (b"\xff\xff\xff", False))

    assert isinstance(answers[0], InvalidInput)
    assert deciding.sizes == []


async def test_large_requests_are_decided_alone(desk: BatchHandler, deciding: Deciding) -> None:
    rows = MAX_COALESCED_ROWS[Channel.CALL]

    answers = await ask(desk, (batch(*[5] * rows), False), (batch(1), False))

    assert sorted(deciding.sizes) == [1, rows]
    assert [len(batch_answer(answer).actions) for answer in answers] == [rows, 1]


async def test_a_call_written_in_two_pieces_is_one_call(desk: BatchHandler) -> None:
    pieces = (pb.Call(caller=caller(4)), pb.Call(callee=CALLEE))
    data = b"".join(pb.DecideCallRequest(call=piece).SerializeToString() for piece in pieces)

    (answer,) = await ask(desk, (data, True))

    assert single_answer(answer).score == pytest.approx(0.04)


def test_a_single_request_is_written_like_a_batch_of_one() -> None:
    for alone, many in (
        (pb.DecideCallRequest, pb.DecideCallsRequest),
        (pb.DecideTextRequest, pb.DecideTextsRequest),
        (pb.DecideLinkRequest, pb.DecideLinksRequest),
    ):
        assert field_of(alone) == field_of(many)


def field_of(kind: type[Message]) -> tuple[int, str]:
    field, *_ = kind.DESCRIPTOR.fields
    assert field.message_type is not None
    return field.number, field.message_type.full_name


async def test_protocol_answers_are_returned_on_request_only(desk: BatchHandler) -> None:
    request = pb.DecideCallRequest(call=call(13), with_protocol_answer=True).SerializeToString()

    plain, many, one = await ask(
        desk, (batch(13, 12), False), (asking(12, 13), False), (request, True)
    )

    assert not any(detail.HasField("protocol_answer") for detail in batch_answer(plain).details)
    (detail,) = batch_answer(many).details
    assert detail.row == 1
    assert detail.protocol_answer.sip.status == 603
    assert single_answer(one).protocol_answer.isup_cause == 21


async def test_a_labelled_row_without_a_detail_gets_one_for_its_protocol_answer(
    desk: BatchHandler,
) -> None:
    abroad = call(1)
    abroad.ingress = pb.INGRESS_INTERNATIONAL
    request = pb.DecideCallsRequest(calls=[call(2), abroad], with_protocol_answer=True)

    (answer,) = await ask(desk, (request.SerializeToString(), False))

    (detail,) = batch_answer(answer).details
    assert (detail.row, detail.protocol_answer.label) == (1, "国际来电")


async def test_a_row_that_is_not_utf_8_costs_the_others_no_protocol_answer(
    desk: BatchHandler,
) -> None:
    broken = b"\x0a\x03\x0a\x01\xff"

    (answer,) = await ask(desk, (broken + asking(13), False))

    details = {detail.row: detail for detail in batch_answer(answer).details}
    assert details[0].error == "caller: not UTF-8"
    assert details[1].protocol_answer.sip.status == 603


@pytest.fixture
def rehearsed() -> Deciding:
    return Deciding()


@pytest.fixture
def both(deciding: Deciding, rehearsed: Deciding) -> BatchHandler:
    """Decides, and answers dry runs."""
    columns, reader = ColumnarDecoder(HOME), MessageDecoder(HOME)
    common = partial(
        BatchHandler,
        Channel.CALL,
        decoder=RequestDecoder(Channel.CALL, by_column=columns.calls, by_message=reader.calls),
        now_ms=lambda: 1,
        observer=Observer(),
    )
    return common(decide=deciding, dry_runs=common(decide=rehearsed))


def dry(*numbers: int) -> bytes:
    request = pb.DecideCallsRequest(calls=map(call, numbers), dry_run=True)
    return request.SerializeToString()


async def test_dry_runs_are_decided_apart_from_live_requests(
    both: BatchHandler, deciding: Deciding, rehearsed: Deciding
) -> None:
    broken = b"\x0a\x03\x0a\x01\xff"
    one = pb.DecideCallRequest(call=call(4), dry_run=True).SerializeToString()
    rows = MAX_COALESCED_ROWS[Channel.CALL]

    answers = await ask(
        both,
        (batch(1, 2), False),
        (dry(3), False),
        (one, True),
        (broken + dry(5), False),
        (dry(*[6] * rows), False),
        (single(7), True),
    )

    assert [isinstance(answer, bytes) for answer in answers] == [True] * 6
    assert sum(deciding.sizes) == 3
    assert sum(rehearsed.sizes) == 1 + 1 + 2 + rows


async def test_a_server_without_dry_runs_refuses_them_and_decides_none_live(
    desk: BatchHandler, deciding: Deciding
) -> None:
    (answer,) = await ask(desk, (dry(1), False))

    assert str(answer) == "dry_run: this server answers none"
    assert deciding.sizes == []


async def test_only_carriers_ask_for_decisions_that_are_recorded(
    both: BatchHandler, deciding: Deciding
) -> None:
    with acting_as(Identity(name="li", roles=frozenset({Role.EDITOR}))):
        live, rehearsal = await ask(both, (batch(1), False), (dry(1), False))

    assert isinstance(live, NotAllowed)
    assert str(live) == (
        "dry_run: a decision that is recorded takes the role carrier; li has editor"
    )
    assert isinstance(rehearsal, bytes)
    assert deciding.sizes == []
