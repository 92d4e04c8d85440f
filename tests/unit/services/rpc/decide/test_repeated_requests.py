"""Retried requests get the answer they got before, and are decided once."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fanzha.decisions import Action, Decisions, Detail, MatchedOn, Reason, Relation
from fanzha.errors import InvalidInput
from fanzha.phone import HomePlan
from fanzha.tables import Calls, Channel, Links, Texts, marked
from fanzha.v1 import decision_pb2
from fanzha.v1 import interception_pb2 as pb
from infra.mapped.shared_table import SharedTable
from services.auth import identity
from services.auth.identity import Identity, Role
from services.decision.evidence import BatchContext
from services.decision.observer import Observer
from services.rpc.decide import request_parts
from services.rpc.decide.batch_handler import BatchHandler
from services.rpc.decide.columnar_decoder import ColumnarDecoder
from services.rpc.decide.message_decoder import MessageDecoder
from services.rpc.decide.repeated_requests import RepeatedRequests
from services.rpc.decide.request_decoder import RequestDecoder
from tests.support import batch_asking
from tests.support.unusual_bytes import left_to_protobuf

HOME = HomePlan("86")
CALLEE = "+8619900000001"
NO_DETAIL = decision_pb2.Detail()
HOLDS_MS = 60_000
CARRIER = frozenset({Role.CARRIER})


@dataclass
class Worker:
    """A handler of one worker, with its own ids, which remembers what it decided."""

    table: SharedTable
    prefix: int
    columnar: bool = True
    channel: Channel = Channel.CALL
    clock: list[int] = field(default_factory=lambda: [1_780_000_000_000])
    decided: Counter[int] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    carriers: list[list[tuple[str, int]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        columns, reader = ColumnarDecoder(HOME), MessageDecoder(HOME)
        ways: dict[Channel, tuple[Any, Any]] = {
            Channel.CALL: (columns.calls, reader.calls),
            Channel.TEXT: (columns.texts, reader.texts),
            Channel.LINK: (columns.links, reader.links),
        }
        by_column, by_message = ways[self.channel]
        self.handler = BatchHandler(
            self.channel,
            decoder=RequestDecoder(
                self.channel,
                by_column=by_column if self.columnar else left_to_protobuf,
                by_message=by_message,
            ),
            decide=self._decide,
            now_ms=lambda: self.clock[0],
            observer=Observer(),
            repeated=RepeatedRequests(self.table, counted=self._count),
        )

    def _count(self, what: str, rows: int) -> None:
        self.counted[what] += rows

    def _decide(self, rows: Calls | Texts | Links, now_s: int, batch: BatchContext) -> Decisions:
        first_id = self.prefix + batch.take_ids(len(rows), self._reserve)
        self.carriers.append(list(batch.carriers))
        seen = _parties(rows)
        self.decided.update(seen.tolist())
        blocked = seen % 2 == 1
        details = {row: Detail(error=error) for row, error in rows.errors.items()}
        for row in np.flatnonzero(blocked).tolist():
            details[row] = Detail(
                entry_id=f"e{seen[row]}", pattern="+86170*", matched_on=MatchedOn.CALLER,
                source=2, legal_basis="法" * 40, truncated=True, read_bytes=9,
                relation=Relation(entity="link:x.example", matched_on=MatchedOn.LINK,
                                  related_to="", since_ms=5),
            )  # fmt: skip
        reasons = np.where(marked(len(rows), rows.errors), Reason.INVALID, Reason.SCORED)
        return Decisions(
            first_id=first_id,
            actions=np.where(blocked, Action.BLOCK, Action.ALLOW).astype(np.uint8),
            reasons=reasons.astype(np.uint8),
            scores=np.where(seen % 3 == 0, np.nan, seen % 100 / 100).astype(np.float32),
            threshold=0.5,
            entries=np.full(len(rows), -1, np.int64),
            details=details,
            list_version=7,
            model_version="m1",
        )

    def _reserve(self, rows: int) -> int:
        first = self.counted["ids"]
        self.counted["ids"] += rows
        return first

    async def batch(self, *calls: pb.Call) -> Any:
        data = pb.DecideCallsRequest(calls=calls).SerializeToString()
        return pb.DecideCallsResponse.FromString(
            await batch_asking.answer(self.handler, data, single=False)
        ).decisions

    async def single(self, call: pb.Call, *, shadows: bool = False) -> Any:
        request = pb.DecideCallRequest(call=call, with_shadow_entries=shadows)
        answer = await batch_asking.answer(self.handler, request.SerializeToString(), single=True)
        return pb.DecideCallResponse.FromString(answer).decision


def _parties(rows: Calls | Texts | Links) -> Any:
    if isinstance(rows, Calls):
        return rows.callers % 1000
    return np.arange(len(rows)) if isinstance(rows, Links) else rows.senders % 1000


def call(number: int, request_id: str = "") -> pb.Call:
    return pb.Call(caller=f"+86170000000{number:02d}", callee=CALLEE, request_id=request_id)


def a_table() -> SharedTable:
    return SharedTable.in_memory(slots=4096, holds_ms=HOLDS_MS)


@pytest.fixture(autouse=True)
def login() -> None:
    identity.set_identity(identity.DEVELOPER)


def answers_of(decisions: Any) -> list[tuple[Any, ...]]:
    """Return what a client reads of each row."""
    details = {detail.row: detail for detail in decisions.details}
    answers = []
    for row, columns in enumerate(
        zip(decisions.actions, decisions.reasons, decisions.scores, strict=True)
    ):
        detail = details.get(row, NO_DETAIL)
        found = (
            *(detail.entry_id, detail.pattern, detail.legal_basis, detail.truncated),
            *(detail.read_bytes, detail.related_entity, detail.related_since_ms),
        )
        id_ = detail.decision_id or decisions.first_decision_id + row
        answers.append((id_, *map(str, columns), *found))
    return answers


async def test_a_retry_at_another_worker_gets_the_same_decision_and_is_decided_once() -> None:
    table = a_table()
    first, second = Worker(table, 1000), Worker(table, 2000)
    before = await first.single(call(13, "a"))

    again = await second.single(call(13, "a"))

    assert again == before
    assert again.legal_basis
    assert (first.decided, second.decided) == ({13: 1}, {})
    assert second.counted["repeated"] == 1


async def test_an_id_with_other_contents_or_of_another_login_is_a_new_request() -> None:
    worker = Worker(a_table(), 1000)
    ids = [(await worker.single(call(1, "a"))).decision_id]
    ids.append((await worker.single(call(2, "a"))).decision_id)
    with identity.acting_as(Identity(name="carrier.example", roles=CARRIER)):
        ids.append((await worker.single(call(1, "a"))).decision_id)

    assert len(set(ids)) == 3
    assert (worker.counted["conflict"], worker.counted["repeated"]) == (1, 0)


async def test_after_the_window_a_retry_counts_again() -> None:
    worker = Worker(a_table(), 1000)
    before = await worker.single(call(1, "a"))
    worker.clock[0] += HOLDS_MS + 1

    assert (await worker.single(call(1, "a"))).decision_id != before.decision_id
    assert worker.decided == {1: 2}


async def test_rows_without_an_id_are_decided_each_time() -> None:
    worker = Worker(a_table(), 1000)
    await worker.batch(call(1), call(1), call(1))

    assert worker.decided == {1: 3}
    assert not worker.counted["repeated"]


@pytest.mark.parametrize("columnar", [True, False])
async def test_a_batch_mixes_new_rows_and_repeated_ones(columnar: bool) -> None:
    worker = Worker(a_table(), 1000, columnar)
    (old,) = answers_of(await worker.batch(call(11, "b")))

    mixed = answers_of(
        await worker.batch(call(3), call(11, "b"), call(5), call(7, "c"), call(7, "c"))
    )

    assert mixed[1] == old
    assert mixed[3] == mixed[4]
    assert [one[0] - 1000 for one in mixed] == [1, 0, 2, 3, 3]
    assert worker.decided == {11: 1, 3: 1, 5: 1, 7: 1}


async def test_an_invalid_id_is_reported_and_fails_its_row_alone() -> None:
    worker = Worker(a_table(), 1000)
    wrong = call(2, "é"), call(2, "x" * 65), call(2, "a\n"), call(2, "x" * 64)

    decisions = await worker.batch(*wrong)

    assert [detail.row for detail in decisions.details] == [0, 1, 2]
    assert {detail.error.partition(":")[0] for detail in decisions.details} == {"request_id"}
    with pytest.raises(InvalidInput, match="request_id"):
        await worker.single(wrong[0])


async def test_a_request_with_shadow_entries_is_answered_once_too() -> None:
    worker = Worker(a_table(), 1000)

    assert await worker.single(call(1, "a"), shadows=True) == await worker.single(
        call(1, "a"), shadows=True
    )


@pytest.mark.parametrize("channel", [Channel.TEXT, Channel.LINK])
async def test_a_long_request_that_is_decided_in_parts_is_repeated(channel: Channel) -> None:
    table = a_table()
    rows = request_parts.PART_ROWS + 40
    first, second = (Worker(table, prefix, channel=channel) for prefix in (1000, 10_000))
    if channel is Channel.TEXT:
        texts = [
            pb.Text(sender="95588", receiver=CALLEE, body="您好", request_id=str(row))
            for row in range(rows)
        ]
        data = pb.DecideTextsRequest(texts=texts).SerializeToString()
    else:
        links = [pb.Link(url="shop.example", request_id=str(row)) for row in range(rows)]
        data = pb.DecideLinksRequest(links=links).SerializeToString()

    once = await batch_asking.answer(first.handler, data, single=False)
    again = await batch_asking.answer(second.handler, data, single=False)

    decisions = [pb.DecideTextsResponse.FromString(one).decisions for one in (once, again)]
    assert answers_of(decisions[0]) == answers_of(decisions[1])
    assert (second.decided, second.counted["repeated"]) == ({}, rows)


rows_with_ids = st.tuples(st.integers(1, 7), st.sampled_from(["", "a", "b", "c", "d"]))
steps = st.lists(
    st.tuples(
        st.integers(0, 1),  # the worker
        st.lists(  # requests that arrive together
            st.lists(rows_with_ids, min_size=1, max_size=5), min_size=1, max_size=3
        ),
    ),
    max_size=8,
)


@settings(max_examples=50, deadline=None)
@given(steps, st.booleans())
def test_under_any_retries_each_id_with_its_contents_is_decided_once(
    taken: list[tuple[int, list[list[tuple[int, str]]]]], columnar: bool
) -> None:
    asyncio.run(retry_all(taken, columnar))


async def retry_all(taken: list[tuple[int, list[list[tuple[int, str]]]]], columnar: bool) -> None:
    identity.set_identity(identity.DEVELOPER)
    table = a_table()
    workers = [Worker(table, prefix, columnar) for prefix in (1000, 100_000)]
    known: dict[tuple[int, str], tuple[Any, ...]] = {}
    new: Counter[int] = Counter()
    ids: set[int] = set()
    for place, requests in taken:
        answers = await asyncio.gather(
            *(workers[place].batch(*(call(*row) for row in rows)) for rows in requests)
        )
        for rows, decisions in zip(requests, answers, strict=True):
            for row, answer in zip(rows, answers_of(decisions), strict=True):
                number, request_id = row
                if request_id and row in known:
                    assert answer == known[row]
                    continue
                assert answer[0] not in ids
                ids.add(answer[0])
                known[row] = answer
                new[number] += 1

    assert workers[0].decided + workers[1].decided == new


async def test_the_rows_left_after_repeated_ones_keep_the_carriers_of_their_requests() -> None:
    worker = Worker(a_table(), 1000)

    async def of(carrier: str, *calls: pb.Call) -> None:
        identity.set_identity(Identity(name=carrier, roles=CARRIER, carrier=carrier))
        await worker.batch(*calls)

    await asyncio.gather(of("one", call(3, "a")))
    await asyncio.gather(
        of("one", call(3, "a"), call(5, "b"), call(7)), of("two", call(9), call(11))
    )

    assert worker.carriers == [[("one", 1)], [("one", 2), ("two", 2)]]
