"""Runs backfills in the background: takes persons in, the most exposed first, at a given rate.

Any process of the pipeline may; one at a time works on a backfill, and when it dies another goes on
where it was.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence

from infra.periodic import run_periodically
from services.warning.backfill.recipients import BackfillRecipient
from services.warning.backfill.store import WHAT, Backfill, BackfillStore
from services.warning.intake.service import IntakeResult, WarningIntake

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
DEFAULT_RATE = 20
"""Persons a second where nobody says."""
MOST_RATE = 500
"""Persons a second; beside these, hits must come through."""


class BackfillRunner:
    """Works on what runs, until cancelled."""

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
        """Look for work, every second."""
        await run_periodically(
            self.step, every_seconds=LOOK_SECONDS, task="backfills", logger=logger
        )

    async def step(self) -> int:
        """Take in a second's worth of each backfill that nobody else works on; return how many."""
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
        if not await self._store.move_on(backfill, len(persons), counts, self._now_ms()):
            return 0  # stopped meanwhile; what was taken in stays
        for what, by in counts.items():
            self._counted(what, by)
        return len(persons)

    async def _take(self, persons: Sequence[BackfillRecipient]) -> Counter[str]:
        """Take persons in, and count them by what became of them."""
        results = iter(
            await self._intake.ingest([one for some in persons for one in some.warnings])
        )
        return Counter(_best([next(results) for _ in one.warnings]) for one in persons)


def _best(results: Sequence[IntakeResult]) -> str:
    became = {one.status.value for one in results}
    return next(what for what in WHAT if what in became)
