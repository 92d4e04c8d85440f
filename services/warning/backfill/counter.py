"""Counts pending backfills on the host of the decision log; starts small ones if configured."""

import logging
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from fanzha.errors import NotFound
from infra.periodic import run_periodically
from services.warning.backfill.lookback import Lookback, LookbackResult
from services.warning.backfill.metrics import BackfillMetrics
from services.warning.backfill.model import PendingBackfill, PendingState
from services.warning.backfill.pending_store import PendingBackfillStore
from services.warning.backfill.runner import DEFAULT_RATE
from services.warning.backfill.start import BackfillStarter

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
AUTO_STARTED_BY = "warning-pipeline"
"""Author of backfills that were started automatically."""


class BackfillMode(StrEnum):
    """What happens automatically when entries take effect."""

    OFF = "off"
    PROPOSE = "propose"
    START = "start"


class RecipientCounter:
    """Counts the recipients of pending backfills, one at a time, until cancelled."""

    def __init__(
        self,
        store: PendingBackfillStore,
        lookback: Lookback,
        starter: BackfillStarter,
        *,
        worker: str,
        mode: BackfillMode,
        most_people: int,
        settle_ms: int,
        now_ms: Callable[[], int],
        metrics: BackfillMetrics | None = None,
    ) -> None:
        """Wait *settle_ms* after entries took effect: then the log has all earlier decisions."""
        self._store = store
        self._lookback = lookback
        self._starter = starter
        self._worker = worker
        self._mode = mode
        self._most_people = most_people
        self._settle_ms = settle_ms
        self._now_ms = now_ms
        self._metrics = metrics
        self._warned_no_log = False

    async def run(self) -> None:
        """Count every `LOOK_SECONDS`."""
        await run_periodically(
            self.step,
            every_seconds=LOOK_SECONDS,
            task="counting of backfills",
            logger=logger,
        )

    async def step(self) -> int:
        """Count the pending backfills that have no count; return their number."""
        pending = await self._store.pending()
        if self._metrics is not None:
            self._metrics.pending(len(pending))
        counted = 0
        for one in pending:
            settled = self._now_ms() >= one.effective_at_ms + self._settle_ms
            if one.count is None and settled and self._has_log():
                counted += await self._count_leased(one)
        return counted

    def _has_log(self) -> bool:
        if not self._lookback.ready and not self._warned_no_log:
            self._warned_no_log = True
            logger.warning(
                "there is no decision log on this host: backfills stay without a count until "
                "a person requests it from list administration"
            )
        return self._lookback.ready

    async def _count_leased(self, one: PendingBackfill) -> bool:
        if not await self._store.lease(one.id, self._worker):
            return False
        try:
            return await self._count(one)
        except NotFound:
            return False  # the log was removed meanwhile
        finally:
            await self._store.release(one.id)

    async def _count(self, one: PendingBackfill) -> bool:
        """Look back; then start the backfill, record its count, or end it without recipients."""
        result = await self._lookback.search(one)
        if self._may_start(result):
            started = await self._starter.start(one, result, rate=DEFAULT_RATE, by=AUTO_STARTED_BY)
            if started is not None:
                self._report(started.pending, "auto_started")
            return started is not None
        after = with_count(one, result)
        if not await self._store.move([after]):
            return False
        self._report(after, after.state.value if after.state is PendingState.NO_RECIPIENTS else "")
        return True

    def _may_start(self, result: LookbackResult) -> bool:
        few = 0 < result.count.persons <= self._most_people
        return self._mode is BackfillMode.START and few and result.count.complete

    def _report(self, one: PendingBackfill, what: str) -> None:
        persons = one.count.persons if one.count else 0
        logger.info("backfill %s is %s: %d persons", one.id, what or one.state.value, persons)
        if what and self._metrics is not None:
            self._metrics.state_changed(what)


def with_count(one: PendingBackfill, result: LookbackResult) -> PendingBackfill:
    """Return a backfill with its count; ended if the count is complete and found no one."""
    after = replace(one, count=result.count)
    if result.count.persons or not result.count.complete:
        return after
    return after.ended(PendingState.NO_RECIPIENTS, now_ms=result.count.at_ms)
