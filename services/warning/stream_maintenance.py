"""Looks after the streams of the pipeline: what waits in them, and consumers that died."""

import asyncio
import logging
from collections.abc import Sequence

from fanzha.errors import Unavailable
from infra.redis.consumer_group import ConsumerGroup
from infra.redis.dead_letters import DeadLetters
from services.warning.cases.metrics import CaseBacklogMetrics
from services.warning.figures import WarningFigures

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
_TIDY_EVERY = 720
"""Looks, so once an hour."""
_GONE_MS = 86_400_000


class StreamMaintenance:
    """Tells figures, and tidies, until cancelled."""

    def __init__(
        self,
        *,
        hits: ConsumerGroup,
        outboxes: Sequence[ConsumerGroup],
        dead: DeadLetters,
        figures: WarningFigures,
        cases: CaseBacklogMetrics,
    ) -> None:
        self._hits = hits
        self._outboxes = outboxes
        self._dead = dead
        self._figures = figures
        self._cases = cases

    async def run(self) -> None:
        """Look every few seconds."""
        looks = 0
        while True:
            try:
                await self.look()
                if looks % _TIDY_EVERY == 0:
                    for group in (self._hits, *self._outboxes):
                        await group.remove_idle_consumers(_GONE_MS)
            except Unavailable as error:
                logger.debug("figures wait: %s", error)
            looks += 1
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Tell what waits now."""
        held, waiting = await self._hits.backlog()
        self._figures.streams("hits", waiting, held)
        parts = [await group.backlog() for group in self._outboxes]
        known = all(lag >= 0 for _, lag in parts)
        lag = sum(lag for _, lag in parts) if known else -1
        self._figures.streams("outbox", lag, sum(held for held, _ in parts))
        self._figures.letters(await self._dead.count())
        await self._cases.refresh()
