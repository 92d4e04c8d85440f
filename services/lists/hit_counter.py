"""Counts how often each list entry decides, or would have as a shadow, and flushes to the store.

A worker counts in a dictionary (0.1 µs per hit), flushed every few seconds. Bounded: beyond
`MAX_QUEUED` entries, hits of further ones are dropped and counted. Approximate: unflushed counts
are lost when a worker dies, and a write whose reply was lost counts twice. One event loop.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from fanzha.decisions import Action, Decisions, WouldBlock
from fanzha.errors import Unavailable
from infra.periodic import run_periodically

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 5.0
"""Also the precision of the time of the last hit."""
MAX_QUEUED = 200_000
"""Most entries with unflushed counts; some 100 bytes each."""


class EntryHitSummary(NamedTuple):
    """Hits of one entry."""

    times: int
    """How often it decided, or as a shadow would have."""
    last_s: int
    """Unix seconds of the last hit; 0 for none since hits are counted."""


NO_HITS = EntryHitSummary(0, 0)
_SHADOW = "~"


def hits_name(entry_id: str, *, shadow: bool) -> str:
    """Return the name under which hits are counted; shadow hits are counted separately."""
    return entry_id + _SHADOW if shadow else entry_id


@dataclass(slots=True)
class HitCounts:
    """Hits between two flushes."""

    counts: dict[str, int]
    """By `hits_name`."""
    last_s: int
    """Unix seconds of the last of them."""
    patterns: dict[str, str] = field(default_factory=dict)
    """The patterns of entries that the worker had not counted before, by the same names."""


class EntryHitCounters(Protocol):
    """Metrics of hit counting."""

    def entry_hits_dropped(self, rows: int) -> None:
        """Count dropped hits."""
        ...

    def shadow_entry_hit(self, would: WouldBlock, *, blocked: bool) -> None:
        """Count a row that a shadow entry would have blocked; *blocked* if it was anyway."""
        ...


class HitCountSink(Protocol):
    """Destination of the counts."""

    async def add(self, hits: HitCounts, now_s: int) -> None:
        """Add counts; those written are removed from *hits*. Raises `Unavailable`."""
        ...


class EntryHits:
    """The unflushed hits of one worker."""

    def __init__(
        self, *, now_ms: Callable[[], int], counters: EntryHitCounters, most: int = MAX_QUEUED
    ) -> None:
        self._now_ms = now_ms
        self._counters = counters
        self._most = most
        self._counts: dict[str, int] = {}
        self._patterns: dict[str, str] = {}
        self._named: set[str] = set()
        """Names whose patterns were handed on; one that is not known here is handed on again."""
        self._last_s = 0

    def __len__(self) -> int:
        return len(self._counts)

    def observe(self, decisions: Decisions) -> None:
        """Count the hits of a decided batch."""
        if not decisions.details and not decisions.would_block:
            return
        counts, dropped = self._counts, 0
        # Row by row, as few rows are hits.
        for detail in decisions.details.values():
            name = detail.entry_id
            if name:
                if name not in counts and len(counts) >= self._most:
                    dropped += 1
                else:
                    counts[name] = counts.get(name, 0) + 1
                    if name not in self._named:
                        self._name(name, detail.pattern)
        if decisions.would_block:
            dropped += self._observe_shadows(decisions, decisions.would_block)
        if dropped:
            self._counters.entry_hits_dropped(dropped)
        self._last_s = self._now_ms() // 1000

    def take(self) -> HitCounts | None:
        """Return and clear the counts; None when there are none."""
        if not self._counts:
            return None
        taken = HitCounts(self._counts, self._last_s, self._patterns)
        self._counts, self._patterns = {}, {}
        return taken

    def _name(self, name: str, pattern: str) -> None:
        if len(self._named) >= self._most:
            self._named.clear()
        self._named.add(name)
        if pattern:
            self._patterns[name] = pattern

    def _observe_shadows(self, decisions: Decisions, would: Mapping[int, WouldBlock]) -> int:
        counts, dropped = self._counts, 0
        for row, one in would.items():
            self._counters.shadow_entry_hit(one, blocked=decisions.actions[row] == Action.BLOCK)
            name = hits_name(one.entry_id, shadow=True)
            if name not in counts and len(counts) >= self._most:
                dropped += 1
            else:
                counts[name] = counts.get(name, 0) + 1
                if name not in self._named:
                    self._name(name, one.pattern)
        return dropped


class EntryHitFlusher:
    """Flushes the hits of a worker to the store periodically."""

    def __init__(
        self,
        hits: EntryHits,
        sink: HitCountSink,
        *,
        counters: EntryHitCounters,
        now_ms: Callable[[], int],
        interval_seconds: float = FLUSH_SECONDS,
        max_queued: int = MAX_QUEUED,
    ) -> None:
        self._hits = hits
        self._sink = sink
        self._counters = counters
        self._now_ms = now_ms
        self._interval_seconds = interval_seconds
        self._max_queued = max_queued
        self._queued: deque[HitCounts] = deque()

    async def run(self) -> None:
        """Flush periodically until cancelled."""
        await run_periodically(
            self._write_all,
            every_seconds=self._interval_seconds,
            task="counts of list hits",
            logger=logger,
        )

    async def flush(self) -> bool:
        """Write all counts; return False, and keep them, when the store is down."""
        try:
            await self._write_all()
        except Unavailable:
            return False
        return True

    async def drain(self, timeout_seconds: float) -> None:
        """Flush within *timeout_seconds*; count the rest as dropped."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self.flush()
        except TimeoutError:
            logger.warning("hit counts not flushed completely at shutdown")
        self._count_dropped(list(self._queued))
        self._queued.clear()

    async def _write_all(self) -> None:
        taken = self._hits.take()
        if taken is not None:
            self._queued.append(taken)
        try:
            while self._queued:
                await self._sink.add(self._queued[0], self._now_ms() // 1000)
                self._queued.popleft()
        except Unavailable:
            self._drop_surplus()
            raise

    def _drop_surplus(self) -> None:
        # Drop the oldest: recent hits matter more.
        while sum(len(one.counts) for one in self._queued) > self._max_queued:
            self._count_dropped([self._queued.popleft()])

    def _count_dropped(self, batches: list[HitCounts]) -> None:
        dropped = sum(sum(one.counts.values()) for one in batches)
        if dropped:
            self._counters.entry_hits_dropped(dropped)
