import asyncio
from collections.abc import Iterable, Mapping

import numpy as np
import pytest

from fanzha.decisions import Action, Decisions, Detail, MatchedOn, Reason
from fanzha.errors import Unavailable
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan, sender_hash
from fanzha.tables import MAX_ROWS, Calls, Channel, Links, Texts
from services.decision.sinks.hit_encoder import WrittenHit
from services.decision.sinks.hit_fields import decode
from services.decision.sinks.hit_records import Hit
from services.decision.sinks.hit_sink import HitBuffer, HitFlusher
from tests.support.checkout import CHECKOUT

NOW_MS = 1_767_603_600_000
PLAN = HomePlan()


class Counts:
    """What the buffer counted."""

    def __init__(self) -> None:
        self.buffered = self.dropped = self.written = 0

    def hits_buffered(self, rows: int) -> None:
        self.buffered = rows

    def hits_dropped(self, rows: int) -> None:
        self.dropped += rows

    def hits_written(self, rows: int) -> None:
        self.written += rows


class Sink:
    """A store that is away for the first *failures* writes."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.hits: list[WrittenHit] = []

    async def write(self, hits: Iterable[WrittenHit]) -> None:
        if self.failures:
            self.failures -= 1
            raise Unavailable("away")
        self.hits += hits


class Hanging:
    """A store that never answers."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def write(self, hits: Iterable[WrittenHit]) -> None:
        self.asked.set()
        await asyncio.Event().wait()


def calls(*callers: str) -> Calls:
    rows = len(callers)
    return Calls(
        callers=PLAN.sender_keys(callers),
        callees=PLAN.number_keys(["+8617000000200"] * rows),
        attempted_at_ms=np.full(rows, NOW_MS),
        ingress=np.ones(rows, np.uint8),
        attestations=np.zeros(rows, np.uint8),
        trunks=[""] * rows,
        names={row: name for row, name in enumerate(callers) if name.isalpha()},
        errors={},
    )


def decided(
    *actions: Action,
    first_id: int = 100,
    reason: Reason = Reason.SCORED,
    details: Mapping[int, Detail] | None = None,
) -> Decisions:
    rows = len(actions)
    return Decisions(
        first_id=first_id,
        actions=np.array(actions, np.uint8),
        reasons=np.full(rows, reason, np.uint8),
        scores=np.full(rows, 0.75, np.float32),
        threshold=0.5,
        entries=np.full(rows, -1),
        details=details or {},
        list_version=7,
        model_version="test-1",
    )


def a_buffer(counts: Counts, capacity: int = MAX_ROWS) -> HitBuffer:
    return HitBuffer(capacity=capacity, now_ms=lambda: NOW_MS + 5, counters=counts)


def offer_many(buffer: HitBuffer, rows: int, first_id: int) -> None:
    table = calls(*["+8617000000100"] * rows)
    buffer.offer(Channel.CALL, table, decided(*[Action.BLOCK] * rows, first_id=first_id))


async def written(buffer: HitBuffer) -> list[WrittenHit]:
    sink = Sink()
    await HitFlusher(buffer, sink, counters=Counts(), interval_seconds=0.01).flush()
    return sink.hits


async def test_only_blocked_rows_become_hits() -> None:
    buffer = a_buffer(Counts())
    table = calls("+8617000000100", "+8617000000101", "anonymous")

    buffer.offer(Channel.CALL, table, decided(Action.ALLOW, Action.BLOCK, Action.BLOCK))

    found = await written(buffer)
    assert [(hit.decision_id, decode(hit.fields)["from_party"]) for hit in found] == [
        (101, "+8617000000101"),
        (102, "anonymous"),
    ]


async def test_what_was_blocked_for_want_of_a_model_is_no_hit() -> None:
    buffer = a_buffer(Counts())

    decisions = decided(Action.BLOCK, reason=Reason.FAILED_CLOSED)
    buffer.offer(Channel.CALL, calls("+8617000000100"), decisions)

    assert await written(buffer) == []


async def test_a_hit_has_parties_time_and_reason() -> None:
    buffer = a_buffer(Counts())
    detail = Detail(
        entry_id="nabc",
        pattern="+86170*",
        matched_on=MatchedOn.CALLER,
        fraud_type=FraudType.FAKE_LOAN,
    )
    decisions = decided(Action.BLOCK, reason=Reason.BLOCKLISTED, details={0: detail})

    buffer.offer(Channel.CALL, calls("+8617000000100"), decisions)

    [hit] = await written(buffer)
    assert hit.confirmed
    assert decode(hit.fields) == {
        "decision_id": "100",
        "channel": "CALL",
        "from_party": "+8617000000100",
        "to_party": "+8617000000200",
        "fraud_type": "FAKE_LOAN",
        "taxonomy": "cn-mps-2024",
        "action": "BLOCK",
        "reason": "BLOCKLISTED",
        "score": "0.75",
        "entry_id": "nabc",
        "pattern": "+86170*",
        "evidence": "CALLER",
        "list_version": "7",
        "model_version": "test-1",
        "occurred_at_ms": str(NOW_MS),
        "decided_at_ms": str(NOW_MS + 5),
    }


@pytest.mark.parametrize("reason", [Reason.SCORED, Reason.IMPLAUSIBLE])
async def test_a_block_without_an_entry_is_suspected_only(reason: Reason) -> None:
    buffer = a_buffer(Counts())

    buffer.offer(Channel.CALL, calls("+8617000000100"), decided(Action.BLOCK, reason=reason))

    assert [hit.confirmed for hit in await written(buffer)] == [False]


async def test_a_hit_on_a_text_has_its_link_and_no_words() -> None:
    buffer = a_buffer(Counts())
    texts = Texts(
        senders=np.array([sender_hash("Bank")]),
        receivers=PLAN.number_keys(["+8617000000200"]),
        bodies=["您的积分即将过期 http://points.example/a"],
        submitted_at_ms=np.array([NOW_MS]),
        ingress=np.ones(1, np.uint8),
        trunks=[""],
        names={0: "Bank"},
        errors={},
    )
    detail = Detail(entry_id="h1", pattern="points.example", matched_on=MatchedOn.LINK)

    buffer.offer(
        Channel.TEXT, texts, decided(Action.BLOCK, reason=Reason.BLOCKLISTED, details={0: detail})
    )

    [hit] = await written(buffer)
    fields = decode(hit.fields)
    assert (fields["from_party"], fields["url"]) == ("Bank", "points.example")
    assert not any("积分" in value for value in fields.values())


async def test_a_hit_on_a_link_has_its_subscriber() -> None:
    buffer = a_buffer(Counts())
    links = Links(
        urls=["http://points.example/a"],
        subscribers=PLAN.number_keys(["+8617000000200"]),
        requested_at_ms=np.array([NOW_MS]),
        errors={},
    )

    buffer.offer(Channel.LINK, links, decided(Action.BLOCK))

    [hit] = await written(buffer)
    fields = decode(hit.fields)
    assert (fields["url"], fields["to_party"]) == ("http://points.example/a", "+8617000000200")


async def test_a_full_buffer_drops_its_oldest_and_counts_them() -> None:
    counts = Counts()
    buffer = a_buffer(counts)
    offer_many(buffer, 4000, first_id=1)
    offer_many(buffer, 50, first_id=10_001)

    offer_many(buffer, 100, first_id=20_001)

    assert counts.dropped == 4000
    assert counts.buffered == len(buffer) == 150
    oldest = (await written(buffer))[0]
    assert oldest.decision_id == 10_001


async def test_hits_wait_in_order_while_the_store_is_unavailable() -> None:
    counts, sink = Counts(), Sink(failures=1)
    buffer = a_buffer(counts)
    flusher = HitFlusher(buffer, sink, counters=counts, interval_seconds=0.01)
    offer_many(buffer, 3, first_id=1)

    assert not await flusher.flush()
    offer_many(buffer, 2, first_id=4)
    assert await flusher.flush()

    assert [hit.decision_id for hit in sink.hits] == [1, 2, 3, 4, 5]
    assert (counts.written, counts.dropped, counts.buffered) == (5, 0, 0)


async def test_unwritten_hits_are_dropped_when_the_buffer_is_full() -> None:
    counts, sink = Counts(), Sink(failures=1)
    buffer = a_buffer(counts)
    flusher = HitFlusher(buffer, sink, counters=counts, interval_seconds=0.01)
    offer_many(buffer, MAX_ROWS, first_id=1)

    assert not await flusher.flush()
    offer_many(buffer, 1, first_id=10_001)

    assert counts.dropped == MAX_ROWS
    assert len(buffer) == 1


async def test_draining_writes_remaining_hits_even_after_failures() -> None:
    counts, sink = Counts(), Sink(failures=2)
    buffer = a_buffer(counts)
    offer_many(buffer, 1000, first_id=1)

    left = await HitFlusher(buffer, sink, counters=counts, interval_seconds=0.001).drain(120)

    assert left == 0
    assert len(sink.hits) == 1000


async def test_draining_ends_in_time_and_counts_lost_hits() -> None:
    counts = Counts()
    buffer = a_buffer(counts)
    offer_many(buffer, 3, first_id=1)

    left = await HitFlusher(buffer, Hanging(), counters=counts, interval_seconds=0.001).drain(0.05)

    assert left == counts.dropped == 3
    assert len(buffer) == 0


async def test_a_cancelled_write_leaves_its_hits_in_the_buffer() -> None:
    buffer = a_buffer(Counts())
    offer_many(buffer, 3, first_id=1)
    store = Hanging()
    flusher = HitFlusher(buffer, store, counters=Counts(), interval_seconds=0)
    running = asyncio.create_task(flusher.run())
    await store.asked.wait()

    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert len(buffer) == 3


def test_a_buffer_holds_one_batch_at_least() -> None:
    with pytest.raises(ValueError, match="hit buffer"):
        a_buffer(Counts(), capacity=MAX_ROWS - 1)


def test_every_field_of_a_hit_is_on_the_page_about_streams() -> None:
    page = (CHECKOUT / "docs" / "reference" / "hit-streams.md").read_text()
    full = Hit(
        decision_id=1,
        channel=Channel.TEXT,
        from_party="Bank",
        to_party="+8617000000200",
        url="points.example",
        fraud_type=FraudType.FAKE_LOAN,
        reason=Reason.BLOCKLISTED,
        score=0.5,
        entry_id="h1",
        pattern="points.example",
        matched_on=MatchedOn.LINK,
        list_version=7,
        model_version="test-1",
        occurred_at_ms=NOW_MS,
        decided_at_ms=NOW_MS,
    )

    assert len(full.fields()) == 17
    assert [field for field in full.fields() if f"`{field}`" not in page] == []
