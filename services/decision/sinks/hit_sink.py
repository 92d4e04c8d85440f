"""Carries hits from the decision path to the store; a decision never waits for it.

The buffer is bounded. If it fills while the store is down, the oldest hits are dropped and counted:
the newest victims can still be warned. Delivery is at least once: a failed write is retried, and
the decision id makes duplicates harmless. One event
loop; `HitBuffer.offer` costs microseconds for a batch with blocked rows, nothing for others.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from fanzha.decisions import Decisions
from fanzha.errors import Unavailable
from fanzha.tables import MAX_ROWS, Channel
from infra.backoff import Backoff
from infra.periodic import retry_until_available, run_periodically
from services.decision.sinks.hit_encoder import WrittenHit, written_all
from services.decision.sinks.hit_records import HitBatch, Table, blocked, sketched

logger = logging.getLogger(__name__)

WRITE_ROWS = 64
"""Target size of a write, in rows: decisions wait for half a millisecond while it is encoded."""
TEXT_ROWS = 4096
"""From this many buffered rows on, while the store is down, no more texts are kept in memory."""
_LONGEST_PAUSE_SECONDS = 2.0


class HitSinkCounters(Protocol):
    """Counts hits in metrics."""

    def hits_buffered(self, rows: int) -> None:
        """Set the number of buffered rows."""
        ...

    def hits_dropped(self, rows: int) -> None:
        """Count rows dropped."""
        ...

    def hits_written(self, rows: int) -> None:
        """Count rows written."""
        ...


class HitSink(Protocol):
    """Writes hits to the store."""

    async def write(self, hits: Iterable[WrittenHit]) -> None:
        """Write all, in order; raise `Unavailable` while the store is down."""
        ...


class WriteSpans(Protocol):
    """The hits of one write, and the spans of those that are traced."""

    def __iter__(self) -> Iterator[WrittenHit]:
        """Iterate over the hits."""
        ...

    def end(self, error: str = "") -> None:
        """End the spans."""


class HitBuffer:
    """Queue of blocked rows to be written, *capacity* at most."""

    def __init__(
        self, *, capacity: int, now_ms: Callable[[], int], counters: HitSinkCounters
    ) -> None:
        if capacity < MAX_ROWS:
            raise ValueError(f"hit buffer: at least {MAX_ROWS} rows, one batch, not {capacity}")
        self._capacity = capacity
        self._now_ms = now_ms
        self._counters = counters
        self._batches: deque[HitBatch] = deque()
        self._rows = 0
        self.filled = asyncio.Event()
        """Set when rows come in."""

    def __len__(self) -> int:
        return self._rows

    def offer(self, channel: Channel, table: Table, decisions: Decisions) -> None:
        """Add the blocked rows of a batch; a full buffer drops its oldest."""
        batch = blocked(channel, table, decisions, self._now_ms())
        if batch is None:
            return
        if batch.texts and self._rows >= TEXT_ROWS:
            batch = sketched(batch)
        self._batches.append(batch)
        self._rows += len(batch)
        self.filled.set()
        self._drop_surplus()
        self._counters.hits_buffered(self._rows)

    def take(self) -> list[HitBatch]:
        """Remove and return the oldest batches, `WRITE_ROWS` rows or slightly more."""
        taken: list[HitBatch] = []
        rows = 0
        while self._batches and rows < WRITE_ROWS:
            taken.append(self._batches.popleft())
            rows += len(taken[-1])
        self._rows -= rows
        self._counters.hits_buffered(self._rows)
        return taken

    def put_back(self, batches: Sequence[HitBatch]) -> None:
        """Put batches whose write failed back at the front."""
        self._batches.extendleft(reversed(batches))
        self._rows += sum(map(len, batches))
        self._drop_surplus()
        self._counters.hits_buffered(self._rows)

    def drop_all(self) -> int:
        """Drop and count the remaining rows; return their number."""
        rows, self._rows = self._rows, 0
        self._batches.clear()
        self._counters.hits_dropped(rows)
        self._counters.hits_buffered(0)
        return rows

    def _drop_surplus(self) -> None:
        dropped = 0
        while self._rows - dropped > self._capacity:
            dropped += len(self._batches.popleft())
        if dropped:
            self._rows -= dropped
            self._counters.hits_dropped(dropped)


class HitFlusher:
    """Flushes a buffer to the store periodically."""

    def __init__(
        self,
        buffer: HitBuffer,
        sink: HitSink,
        *,
        counters: HitSinkCounters,
        interval_seconds: float,
        traced: Callable[[Iterable[WrittenHit]], WriteSpans] | None = None,
    ) -> None:
        """*traced* adds their trace to the hits of traced decisions; None: nothing is traced."""
        self._traced = traced
        self._buffer = buffer
        self._sink = sink
        self._counters = counters
        self._interval_seconds = interval_seconds
        longest = max(_LONGEST_PAUSE_SECONDS, interval_seconds)
        first = max(interval_seconds, 0.001)
        self._backoff = Backoff(first_seconds=first, max_seconds=longest)
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Flush until cancelled; a cancelled write returns to the buffer."""
        await run_periodically(
            self._write_all,
            every_seconds=self._interval_seconds,
            task="writing of hits",
            logger=logger,
            backoff=self._backoff,
            work=self._buffer.filled,
        )

    async def flush(self) -> bool:
        """Flush the whole buffer; False if the store failed meanwhile."""
        try:
            await self._write_all()
        except Unavailable:
            return False
        return True

    async def drain(self, timeout_seconds: float) -> int:
        """Flush within a time limit; drop the rest and return its number of rows."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await retry_until_available(
                    self._write_all, task="writing of hits", logger=logger, backoff=self._backoff
                )
        except TimeoutError:
            pass
        left = self._buffer.drop_all()
        if left:
            logger.error("%d hits could not be written and are lost", left)
        return left

    async def _write_all(self) -> None:
        async with self._writing:
            while batches := self._buffer.take():
                await self._write(batches)

    async def _write(self, batches: list[HitBatch]) -> None:
        hits = written_all(batches)
        spans = None if self._traced is None else self._traced(hits)
        try:
            await self._sink.write(hits if spans is None else spans)
        except BaseException as error:
            self._buffer.put_back(batches)
            if spans is not None:
                spans.end(type(error).__name__)
            raise
        if spans is not None:
            spans.end()
        self._counters.hits_written(sum(map(len, batches)))
