"""Maintenance of the pipeline's streams: backlog metrics, and removal of dead consumers."""

import logging
from collections.abc import Mapping, Sequence
from itertools import count

from infra.periodic import run_periodically
from infra.redis.consumer_group import ConsumerGroup
from infra.redis.dead_letters import DeadLetters
from services.warning.cases.metrics import CaseBacklogMetrics
from services.warning.metrics import WarningMetrics

logger = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
_TIDY_EVERY = 120
"""Rounds, so once an hour."""
_GONE_MS = 86_400_000


class StreamMaintenance:
    """Exports the backlog of streams and removes dead consumers, until cancelled."""

    def __init__(
        self,
        *,
        streams: Mapping[str, ConsumerGroup],
        outboxes: Sequence[ConsumerGroup],
        dead: DeadLetters,
        metrics: WarningMetrics,
        cases: CaseBacklogMetrics,
    ) -> None:
        """Export the backlog of each of *streams* by its name, and of all *outboxes* as one."""
        self._streams = streams
        self._outboxes = outboxes
        self._dead = dead
        self._metrics = metrics
        self._cases = cases

    async def run(self) -> None:
        """Update metrics every few seconds, and remove dead consumers every hour."""
        rounds = count()

        async def step() -> None:
            number = next(rounds)
            await self.refresh()
            if number % _TIDY_EVERY == 0:
                for group in (*self._streams.values(), *self._outboxes):
                    await group.remove_idle_consumers(_GONE_MS)

        await run_periodically(
            step, every_seconds=LOOK_SECONDS, task="stream maintenance", logger=logger
        )

    async def refresh(self) -> None:
        """Set the backlog metrics."""
        for name, group in self._streams.items():
            pending, lag = await group.backlog()
            self._metrics.stream(name, lag, pending)
        parts = [await group.backlog() for group in self._outboxes]
        known = all(lag >= 0 for _, lag in parts)
        lag = sum(lag for _, lag in parts) if known else -1
        self._metrics.stream("outbox", lag, sum(pending for pending, _ in parts))
        self._metrics.dead_letters_kept(await self._dead.count())
        await self._cases.refresh()
