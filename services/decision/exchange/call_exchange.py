"""Lets workers, on all hosts, hear of each other's calls within two seconds.

Each worker decides by memories of its own of how callers call. A ring that spreads its calls over
eight workers looks an eighth as busy in each. So every `TELL_SECONDS` a worker tells the others
what it decided on, and counts what they tell in its memories. No decision waits for that: while
the store is away, each worker goes on by what it saw itself.

All workers together tell `calls_a_second` at most, each its share: so what one has to hear, and the
store to hand out to each, is bounded however many they are. What does not fit is left out and
counted (`CallOutbox` says which). What is heard beyond the bound, or is not of these minutes, is
left out, too. A single worker tells nobody. Ends of calls already reach the workers of a host by
`CallEndFanout`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from fanzha.tables import Bools, Calls, Int64s
from infra.backoff import Backoff
from infra.periodic import run_periodically
from services.decision.exchange.call_outbox import CallOutbox
from services.decision.exchange.store import HeardCalls
from services.decision.exchange.told_calls import ToldCalls

logger = logging.getLogger(__name__)

TASK = "calls of other workers"
TELL_SECONDS = 0.5
LOOK_SECONDS = 5.0
"""Between two looks how many workers there are."""
NEAR_MS = 600_000
"""Calls further from now are not counted in: the clock of a gateway, or of its host, is wrong."""
_SECOND_MS = 1000
_SLICE = 1024
"""Rows that are counted in before decisions have their turn."""


class ExchangeChannel(Protocol):
    """Carries what workers tell. Raises `Unavailable`."""

    async def tell(self, told: ToldCalls) -> None:
        """Tell all others."""
        ...

    async def hear(self) -> list[HeardCalls]:
        """Return what others have told since; may wait for it."""
        ...

    def skip(self) -> None:
        """Leave out what was told until now."""
        ...


class CallExchange:
    """The part of one worker in the exchange."""

    def __init__(
        self,
        outbox: CallOutbox,
        channel: ExchangeChannel,
        *,
        observe: Callable[[Calls], object],
        record_ends: Callable[[Int64s, Int64s, Bools, Int64s, Int64s], None],
        workers: Callable[[], Awaitable[int]],
        host: str,
        calls_a_second: int,
        now_ms: Callable[[], int],
        counted: Callable[[str, int], None],
    ) -> None:
        """*observe* and *record_ends* count calls of others in; *workers* says how many there are.

        *counted* is told of rows ``told``, ``heard`` and ``left_out``.
        """
        self._outbox = outbox
        self._channel = channel
        self._observe = observe
        self._record_ends = record_ends
        self._count_workers = workers
        self._host = host
        self._a_second = calls_a_second
        self._now_ms = now_ms
        self._counted = counted
        self._workers = 1
        self._heard_rows = 0
        self._heard_since_ms = 0

    async def run(self) -> None:
        """Tell and hear until cancelled."""
        await asyncio.gather(
            run_periodically(
                self.look,
                every_seconds=LOOK_SECONDS,
                task=TASK,
                logger=logger,
            ),
            run_periodically(
                self.tell,
                every_seconds=TELL_SECONDS,
                task=TASK,
                logger=logger,
                work=self._outbox.filled,
            ),
            run_periodically(
                self.hear,
                every_seconds=0,
                task=TASK,
                logger=logger,
                backoff=Backoff(),
            ),
        )

    async def look(self) -> None:
        """Learn how many workers there are; alone, this one keeps nothing to tell."""
        self._workers = max(await self._count_workers(), 1)
        self._outbox.open = self._workers > 1

    async def tell(self) -> None:
        """Tell the others what this worker has decided on since the last time."""
        share = int(self._a_second * TELL_SECONDS / self._workers)
        told = self._outbox.take(max(share, 1), self._now_ms())
        if told.rows:
            try:
                await self._channel.tell(told)
            except BaseException:
                self._counted("left_out", told.rows)
                raise
            self._counted("told", told.rows)

    async def hear(self) -> None:
        """Count in what others have told."""
        try:
            heard = await self._channel.hear()
        except BaseException:
            # What was told meanwhile is old by then.
            self._channel.skip()
            raise
        for one in heard:
            if one.told is not None:
                # Ends reach the workers of this host another way.
                own_host = one.host == self._host
                await self._count_in(one.told.without_ends() if own_host else one.told)

    async def _count_in(self, told: ToldCalls) -> None:
        if not self._may_hear(told.rows):
            self._counted("left_out", told.rows)
            return
        near = told.near(self._now_ms(), NEAR_MS)
        self._counted("left_out", told.rows - near.rows)
        self._counted("heard", near.rows)
        for start in range(0, len(near.attempts[0]), _SLICE):
            self._observe(near.calls(slice(start, start + _SLICE)))
            await asyncio.sleep(0)
        for start in range(0, len(near.ends[0]), _SLICE):
            callers, callees, answered, talked, at = near.ends[:, start : start + _SLICE]
            self._record_ends(callers, callees, answered != 0, talked, at)
            await asyncio.sleep(0)

    def _may_hear(self, rows: int) -> bool:
        """Whether as many rows more are within the bound of this second."""
        now = self._now_ms()
        if abs(now - self._heard_since_ms) >= _SECOND_MS:
            self._heard_since_ms, self._heard_rows = now, 0
        self._heard_rows += rows
        # Twice for attempts and ends, and twice as what was told in two seconds may come in one.
        return self._heard_rows <= 4 * self._a_second
