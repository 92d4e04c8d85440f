"""Carries hits from the decision path to the store, without ever making a decision wait.

The buffer is bounded. While the store is away it fills, and then the oldest hits are dropped and
counted: the newest victims are the ones that can still be warned. Delivery is at least once: a
write that failed halfway is made again, and the decision id makes repeats harmless. One event
loop; `HitBuffer.offer` costs microseconds for a batch with blocked rows, nothing for others.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from fanzha.decisions import Decisions
from fanzha.errors import Unavailable
from fanzha.tables import MAX_ROWS, Channel
from infra.backoff import Backoff
from infra.periodic import retry_until_available, run_periodically
from services.decision.sinks.hit_encoder import WrittenHit, written
from services.decision.sinks.hit_records import HitBatch, Table, blocked

logger = logging.getLogger(__name__)

WRITE_ROWS = 256
"""Rows after which a write is large enough."""
_LONGEST_PAUSE_SECONDS = 2.0


class HitSinkCounters(Protocol):
    """Where the buffer counts."""

    def hits_buffered(self, rows: int) -> None:
        """Say how many rows wait."""
        ...

    def hits_dropped(self, rows: int) -> None:
        """Count rows dropped."""
        ...

    def hits_written(self, rows: int) -> None:
        """Count rows written."""
        ...


class HitSink(Protocol):
    """Where hits go."""

    async def write(self, hits: Iterable[WrittenHit]) -> None:
        """Write all, in order; raise `Unavailable` when the store is away."""
        ...


class HitBuffer:
    """Blocked rows on their way out, *capacity* of them at most."""

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
        """Take in the blocked rows of a batch; a full buffer loses its oldest."""
        batch = blocked(channel, table, decisions, self._now_ms())
        if batch is None:
            return
        self._batches.append(batch)
        self._rows += len(batch)
        self.filled.set()
        self._drop_surplus()
        self._counters.hits_buffered(self._rows)

    def take(self) -> list[HitBatch]:
        """Take out the oldest batches, `WRITE_ROWS` or a little more."""
        taken: list[HitBatch] = []
        rows = 0
        while self._batches and rows < WRITE_ROWS:
            taken.append(self._batches.popleft())
            rows += len(taken[-1])
        self._rows -= rows
        self._counters.hits_buffered(self._rows)
        return taken

    def put_back(self, batches: Sequence[HitBatch]) -> None:
        """Return what could not be written to its place."""
        self._batches.extendleft(reversed(batches))
        self._rows += sum(map(len, batches))
        self._drop_surplus()
        self._counters.hits_buffered(self._rows)

    def drop_all(self) -> int:
        """Give up what is left, count it as dropped, and return how many rows it was."""
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
    """Writes what is in a buffer to the store, every so often."""

    def __init__(
        self,
        buffer: HitBuffer,
        sink: HitSink,
        *,
        counters: HitSinkCounters,
        interval_seconds: float,
    ) -> None:
        self._buffer = buffer
        self._sink = sink
        self._counters = counters
        self._interval_seconds = interval_seconds
        longest = max(_LONGEST_PAUSE_SECONDS, interval_seconds)
        first = max(interval_seconds, 0.001)
        self._backoff = Backoff(first_seconds=first, max_seconds=longest)
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Write until cancelled; what is being written then goes back into the buffer."""
        await run_periodically(
            self._write_all,
            every_seconds=self._interval_seconds,
            task="writing of hits",
            logger=logger,
            backoff=self._backoff,
            work=self._buffer.filled,
        )

    async def flush(self) -> bool:
        """Write all there is; False when the store went away over it."""
        try:
            await self._write_all()
        except Unavailable:
            return False
        return True

    async def drain(self, timeout_seconds: float) -> int:
        """Write what is left, for so long; drop and return the number of rows that remain."""
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
        try:
            await self._sink.write(hit for batch in batches for hit in written(batch))
        except BaseException:
            self._buffer.put_back(batches)
            raise
        self._counters.hits_written(sum(map(len, batches)))
