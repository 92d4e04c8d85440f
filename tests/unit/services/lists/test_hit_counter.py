"""Hits of entries on their way to the store."""

from collections import Counter

import numpy as np

from fanzha.decisions import Action, Decisions, Detail, MatchedOn, Reason, WouldBlock
from fanzha.errors import Unavailable
from fanzha.fraud import FraudType
from services.lists.hit_counter import EntryHitFlusher, EntryHits, HitCounts
from tests.support.builders import NINE_O_CLOCK_MS, NINE_O_CLOCK_S


class Counted:
    """Remembers what was counted."""

    def __init__(self) -> None:
        self.dropped = 0
        self.shadows: list[tuple[str, bool]] = []

    def entry_hits_dropped(self, rows: int) -> None:
        self.dropped += rows

    def shadow_entry_hit(self, would: WouldBlock, *, blocked: bool) -> None:
        self.shadows.append((would.entry_id, bool(blocked)))


class Sink:
    """Adds up what it is given; away while told so."""

    def __init__(self) -> None:
        self.away = False
        self.total: Counter[str] = Counter()
        self.last_s: dict[str, int] = {}

    async def add(self, hits: HitCounts, now_s: int) -> None:
        if self.away:
            raise Unavailable("away")
        self.total.update(hits.counts)
        self.last_s |= dict.fromkeys(hits.counts, hits.last_s)
        hits.counts.clear()


def would(name: str) -> WouldBlock:
    return WouldBlock(
        entry_id=name,
        pattern="+8617000000001",
        matched_on=MatchedOn.CALLER,
        fraud_type=FraudType.UNSPECIFIED,
        kind=1,
        source=2,
    )


def decided(*names: str, would_block: dict[int, WouldBlock] | None = None) -> Decisions:
    """Decide a row for each entry, and one that no entry decides."""
    rows = len(names) + 1
    return Decisions(
        first_id=1,
        actions=np.array([Action.BLOCK] * len(names) + [Action.ALLOW], np.uint8),
        reasons=np.full(rows, Reason.BLOCKLISTED, np.uint8),
        scores=np.zeros(rows, np.float32),
        threshold=0.5,
        entries=np.full(rows, -1, np.int64),
        details={row: Detail(entry_id=name) for row, name in enumerate(names)}
        | {len(names): Detail(fraud_type=FraudType.FAKE_LOAN)},
        list_version=1,
        model_version="1",
        would_block=would_block or {},
    )


def some_hits(counted: Counted, most: int = 100) -> EntryHits:
    return EntryHits(now_ms=lambda: NINE_O_CLOCK_MS, counters=counted, most=most)


def a_flusher(hits: EntryHits, sink: Sink, counted: Counted, most: int = 100) -> EntryHitFlusher:
    return EntryHitFlusher(
        hits, sink, counters=counted, now_ms=lambda: NINE_O_CLOCK_MS, max_queued=most
    )


async def test_each_entry_is_counted_and_its_last_hit_kept() -> None:
    hits, sink = some_hits(Counted()), Sink()
    hits.observe(decided("a", "b", "a"))
    hits.observe(decided("a"))

    assert await a_flusher(hits, sink, Counted()).flush()

    assert sink.total == {"a": 3, "b": 1}
    assert sink.last_s["a"] == NINE_O_CLOCK_S
    assert hits.take() is None


async def test_a_shadow_entry_is_counted_by_what_was_decided_without_it() -> None:
    counted, sink = Counted(), Sink()
    hits = some_hits(counted)

    hits.observe(decided("a", would_block={0: would("s"), 1: would("s")}))
    await a_flusher(hits, sink, counted).flush()

    assert counted.shadows == [("s", True), ("s", False)]
    assert sink.total == {"a": 1, "s~": 2}


def test_beyond_the_bound_only_known_entries_are_counted_and_the_rest_is_reported() -> None:
    counted = Counted()
    hits = some_hits(counted, most=2)

    hits.observe(decided("a", "b", "c", "a", would_block={0: would("s")}))

    taken = hits.take()
    assert taken is not None
    assert taken.counts == {"a": 2, "b": 1}
    assert counted.dropped == 2


async def test_a_failed_write_is_retried() -> None:
    sink = Sink()
    hits = some_hits(Counted())
    flusher = a_flusher(hits, sink, Counted())
    sink.away = True
    hits.observe(decided("a"))
    assert not await flusher.flush()
    hits.observe(decided("a", "b"))

    sink.away = False
    assert await flusher.flush()

    assert sink.total == {"a": 2, "b": 1}


async def test_an_outage_keeps_the_newest_and_counts_dropped_hits() -> None:
    sink, counted = Sink(), Counted()
    hits = some_hits(counted)
    flusher = a_flusher(hits, sink, counted, most=2)
    sink.away = True
    hits.observe(decided("a", "a"))
    await flusher.flush()
    hits.observe(decided("b", "c"))
    await flusher.flush()

    sink.away = False
    await flusher.flush()

    assert counted.dropped == 2
    assert sink.total == {"b": 1, "c": 1}


async def test_unwritten_hits_at_shutdown_are_counted_as_dropped() -> None:
    sink, counted = Sink(), Counted()
    hits = some_hits(counted)
    sink.away = True
    hits.observe(decided("a", "a"))

    await a_flusher(hits, sink, counted).drain(1)

    assert counted.dropped == 2
