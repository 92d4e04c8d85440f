"""Counts pending backfills on the host of the decision log; starts small ones if configured."""

import logging
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from fanzha.errors import NotFound
from infra.periodic import run_periodically
from services.warning.backfill.lookback import Lookback, LookbackResult
from services.warning.backfill.pending import PendingBackfill, PendingState
from services.warning.backfill.pending_store import PendingBackfillStore
from services.warning.backfill.runner import DEFAULT_RATE
from services.warning.backfill.start import BackfillStart
from services.warning.figures import LandingCounters

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
AUTO_STARTED_BY = "warning-pipeline"
"""Who started it, on record, where nobody did."""


class BackfillMode(StrEnum):
    """What happens to entries that land, by itself."""

    OFF = "off"
    PROPOSE = "propose"
    START = "start"


class RecipientCounter:
    """Counts what waits, one after the other, until cancelled."""

    def __init__(
        self,
        store: PendingBackfillStore,
        looking: Lookback,
        beginning: BackfillStart,
        *,
        worker: str,
        mode: BackfillMode,
        most_people: int,
        settle_ms: int,
        now_ms: Callable[[], int],
        figures: LandingCounters | None = None,
    ) -> None:
        """*settle_ms* after it landed, the log has what was decided before."""
        self._store = store
        self._looking = looking
        self._beginning = beginning
        self._worker = worker
        self._mode = mode
        self._most_people = most_people
        self._settle_ms = settle_ms
        self._now_ms = now_ms
        self._figures = figures
        self._told_no_log = False

    async def run(self) -> None:
        """Look for what is not counted, every second."""
        await run_periodically(
            self.step,
            every_seconds=LOOK_SECONDS,
            task="counting of backfills",
            logger=logger,
        )

    async def step(self) -> int:
        """Count what is to be counted; return how many were."""
        waiting = await self._store.waiting()
        if self._figures is not None:
            self._figures.waiting(len(waiting))
        counted = 0
        for one in waiting:
            settled = self._now_ms() >= one.landed_at_ms + self._settle_ms
            if one.count is None and settled and self._has_log():
                counted += await self._leased(one)
        return counted

    def _has_log(self) -> bool:
        if not self._looking.ready and not self._told_no_log:
            self._told_no_log = True
            logger.warning(
                "there is no decision log on this host: backfills wait without a count until "
                "somebody has them counted where list administration runs"
            )
        return self._looking.ready

    async def _leased(self, one: PendingBackfill) -> bool:
        if not await self._store.lease(one.id, self._worker):
            return False
        try:
            return await self._counted(one)
        except NotFound:
            return False  # the log went away meanwhile
        finally:
            await self._store.release(one.id)

    async def _counted(self, one: PendingBackfill) -> bool:
        """Look, and write down what was found: begun, for a person to see, or nobody."""
        looked = await self._looking.look(one)
        if self._may_begin(looked):
            begun = await self._beginning.begin(one, looked, rate=DEFAULT_RATE, by=AUTO_STARTED_BY)
            if begun is not None:
                self._tell(begun.waiting, "auto_started")
            return begun is not None
        after = with_count(one, looked)
        if not await self._store.move([after]):
            return False
        self._tell(after, after.state.value if after.state is PendingState.NOBODY else "")
        return True

    def _may_begin(self, looked: LookbackResult) -> bool:
        few = 0 < looked.count.persons <= self._most_people
        return self._mode is BackfillMode.START and few and looked.count.complete

    def _tell(self, one: PendingBackfill, what: str) -> None:
        persons = one.count.persons if one.count else 0
        logger.info("backfill %s is %s: %d persons", one.id, what or one.state.value, persons)
        if what and self._figures is not None:
            self._figures.backfill(what)


def with_count(one: PendingBackfill, looked: LookbackResult) -> PendingBackfill:
    """Return a backfill with its count; ended if the count is complete and found no one."""
    after = replace(one, count=looked.count)
    if looked.count.persons or not looked.count.complete:
        return after
    return after.ended(PendingState.NOBODY, now_ms=looked.count.at_ms)
