"""Counts how often each list entry decides, or as a shadow would have, on its way to the store.

A worker adds to a dictionary, some 0.1 µs a row that an entry decided, and a task writes it away
every few seconds. Bounded: beyond `MAX_WAITING` entries those not seen lately are not counted,
and that is told. Approximate: what waits when a worker dies is lost, and what was written when
its answer got lost counts twice. One event loop.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from fanzha.decisions import Action, Decisions, WouldBlock
from fanzha.errors import Unavailable
from infra.periodic import run_periodically

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 5.0
"""Also how exactly it is known when an entry last decided."""
MAX_WAITING = 200_000
"""Entries in memory that wait to be written; their ids are some 100 bytes each."""


class EntryHitSummary(NamedTuple):
    """What is known of one entry."""

    times: int
    """How often it decided, or as a shadow would have."""
    last_s: int
    """When it last did, in seconds since the Unix epoch; 0: not since hits are counted."""


NO_HITS = EntryHitSummary(0, 0)
_SHADOW = "~"


def hits_name(entry_id: str, *, shadow: bool) -> str:
    """Name what an entry has done: what it did as a shadow is counted apart."""
    return entry_id + _SHADOW if shadow else entry_id


@dataclass(slots=True)
class HitCounts:
    """Hits of some seconds."""

    counts: dict[str, int]
    """By `hits_name`."""
    last_s: int
    """When the last of them was."""


class EntryHitCounters(Protocol):
    """Where is counted what has no place in the store."""

    def entry_hits_dropped(self, rows: int) -> None:
        """Count hits of entries that were not counted."""
        ...

    def shadow_entry_hit(self, would: WouldBlock, *, blocked: bool) -> None:
        """Count a row that a shadow entry would have blocked; *blocked* if it was anyway."""
        ...


class HitCountSink(Protocol):
    """Where counts go."""

    async def add(self, hits: HitCounts, now_s: int) -> None:
        """Add counts; what is written is taken out of *hits*. Raises `Unavailable`."""
        ...


class EntryHits:
    """The hits of one worker that are not written yet."""

    def __init__(
        self, *, now_ms: Callable[[], int], counters: EntryHitCounters, most: int = MAX_WAITING
    ) -> None:
        self._now_ms = now_ms
        self._counters = counters
        self._most = most
        self._counts: dict[str, int] = {}
        self._last_s = 0

    def __len__(self) -> int:
        return len(self._counts)

    def observe(self, decisions: Decisions) -> None:
        """Count a batch that was decided."""
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
        if decisions.would_block:
            dropped += self._observe_shadows(decisions, decisions.would_block)
        if dropped:
            self._counters.entry_hits_dropped(dropped)
        self._last_s = self._now_ms() // 1000

    def take(self) -> HitCounts | None:
        """Take out what was counted; None when there is nothing."""
        if not self._counts:
            return None
        taken, self._counts = HitCounts(self._counts, self._last_s), {}
        return taken

    def _observe_shadows(self, decisions: Decisions, would: Mapping[int, WouldBlock]) -> int:
        counts, dropped = self._counts, 0
        for row, one in would.items():
            self._counters.shadow_entry_hit(one, blocked=decisions.actions[row] == Action.BLOCK)
            name = hits_name(one.entry_id, shadow=True)
            if name not in counts and len(counts) >= self._most:
                dropped += 1
            else:
                counts[name] = counts.get(name, 0) + 1
        return dropped


class EntryHitFlusher:
    """Writes the hits of a worker to the store, every so often."""

    def __init__(
        self,
        hits: EntryHits,
        sink: HitCountSink,
        *,
        counters: EntryHitCounters,
        now_ms: Callable[[], int],
        interval_seconds: float = FLUSH_SECONDS,
        most_waiting: int = MAX_WAITING,
    ) -> None:
        self._hits = hits
        self._sink = sink
        self._counters = counters
        self._now_ms = now_ms
        self._interval_seconds = interval_seconds
        self._most_waiting = most_waiting
        self._waiting: deque[HitCounts] = deque()

    async def run(self) -> None:
        """Write until cancelled."""
        await run_periodically(
            self._write_all,
            every_seconds=self._interval_seconds,
            task="counts of list hits",
            logger=logger,
        )

    async def flush(self) -> bool:
        """Write all there is; False when the store is away, and then it waits."""
        try:
            await self._write_all()
        except Unavailable:
            return False
        return True

    async def drain(self, timeout_seconds: float) -> None:
        """Write what is left, for so long; count what remains as dropped."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self.flush()
        except TimeoutError:
            logger.warning("hits of entries could not all be written")
        self._count_dropped(list(self._waiting))
        self._waiting.clear()

    async def _write_all(self) -> None:
        taken = self._hits.take()
        if taken is not None:
            self._waiting.append(taken)
        try:
            while self._waiting:
                await self._sink.add(self._waiting[0], self._now_ms() // 1000)
                self._waiting.popleft()
        except Unavailable:
            self._drop_surplus()
            raise

    def _drop_surplus(self) -> None:
        # The oldest go: what an entry did lately says more.
        while sum(len(one.counts) for one in self._waiting) > self._most_waiting:
            self._count_dropped([self._waiting.popleft()])

    def _count_dropped(self, batches: list[HitCounts]) -> None:
        dropped = sum(sum(one.counts.values()) for one in batches)
        if dropped:
            self._counters.entry_hits_dropped(dropped)
