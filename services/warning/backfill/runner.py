"""Runs backfills in the background: ingests recipients, most exposed first, at a given rate.

Each backfill is leased by one process; when that dies, another resumes where it was.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence

from infra.periodic import run_periodically
from services.warning.backfill.model import Backfill
from services.warning.backfill.recipients import BackfillRecipient
from services.warning.backfill.store import RESULTS, BackfillStore
from services.warning.intake.service import IntakeResult, WarningIntake

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
_IDLE_SECONDS = 4.0
"""Added to that while no backfill runs."""
DEFAULT_RATE = 20
"""Persons a second by default."""
MOST_RATE = 500
"""Persons a second at most, so that hits are not delayed."""


class BackfillRunner:
    """Works on running backfills, until cancelled."""

    def __init__(
        self,
        store: BackfillStore,
        intake: WarningIntake,
        *,
        worker: str,
        now_ms: Callable[[], int],
        counted: Callable[[str, int], None] = lambda _what, _by: None,
    ) -> None:
        self._store = store
        self._intake = intake
        self._worker = worker
        self._now_ms = now_ms
        self._counted = counted

    async def run(self) -> None:
        """Take a step every `LOOK_SECONDS` while backfills run, else every few seconds."""

        async def step() -> None:
            if not await self.step():
                await asyncio.sleep(_IDLE_SECONDS)

        await run_periodically(step, every_seconds=LOOK_SECONDS, task="backfills", logger=logger)

    async def step(self) -> int:
        """Ingest one second's worth of each backfill it can lease; return the number of persons."""
        taken = 0
        for backfill in await self._store.running():
            if await self._store.lease(backfill.id, self._worker):
                taken += await self._some(backfill)
        return taken

    async def _some(self, backfill: Backfill) -> int:
        persons = await self._store.head(backfill.id, min(backfill.rate, MOST_RATE))
        if not persons:
            return 0
        counts = await self._take(persons)
        if not await self._store.advance(backfill, len(persons), counts, self._now_ms()):
            return 0  # stopped meanwhile; what was ingested stays
        for what, by in counts.items():
            self._counted(what, by)
        return len(persons)

    async def _take(self, persons: Sequence[BackfillRecipient]) -> Counter[str]:
        """Ingest persons, and count them by result."""
        results = iter(
            await self._intake.ingest([one for some in persons for one in some.warnings])
        )
        return Counter(_best([next(results) for _ in one.warnings]) for one in persons)


def _best(results: Sequence[IntakeResult]) -> str:
    became = {one.status.value for one in results}
    return next(what for what in RESULTS if what in became)
