"""Queue maintenance: updates gauges, warns of late appeals, erases personal data when due."""

import asyncio
import logging
from collections.abc import Callable

from infra.periodic import run_periodically
from services.appeals.documents import DocumentFolder
from services.appeals.metrics import AppealFigures
from services.appeals.model import SERVICE, Appeal, AppealEvent, AppealEventKind
from services.appeals.store import AppealStore

logger = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
_DAY_MS = 86_400_000
_AT_ONCE = 500
_MOST_WARNED = 1000
"""Most appeals to log in one turn; the gauges count all of them."""


class AppealMaintenance:
    """The background work on appeals."""

    def __init__(
        self,
        *,
        store: AppealStore,
        documents: DocumentFolder,
        figures: AppealFigures,
        now_ms: Callable[[], int],
        retention_days: int,
    ) -> None:
        self._store = store
        self._documents = documents
        self._figures = figures
        self._now_ms = now_ms
        self._retention_ms = retention_days * _DAY_MS
        self._warned: dict[int, bool] = {}
        """Appeals logged so far, and whether as overdue."""

    async def run(self) -> None:
        """Maintain the queue until cancelled."""

        async def step() -> None:
            await self.look()
            await self.erase()

        await run_periodically(
            step, every_seconds=LOOK_SECONDS, task="appeal maintenance", logger=logger
        )

    async def look(self) -> None:
        """Update the gauges, and warn once of each appeal that is due soon or overdue."""
        now = self._now_ms()
        self._figures.queue(await self._store.queue_summary(now))
        due_soon = await self._store.due_soon(now, _MOST_WARNED)
        for appeal in due_soon:
            self._warn(appeal, now)
        pending = {one.appeal_id for one in due_soon}
        self._warned = {one: late for one, late in self._warned.items() if one in pending}

    async def erase(self) -> int:
        """Erase personal data of appeals closed long ago; return the number of appeals."""
        before = self._now_ms() - self._retention_ms
        erased = 0
        for old in await self._store.closed_before(before, _AT_ONCE):
            appeal = await self._store.get(old.appeal_id)
            # Contents first: an appeal recorded as erased must have none left.
            await asyncio.to_thread(self._documents.drop, appeal.appeal_id)
            event = AppealEvent(at_ms=self._now_ms(), by=SERVICE, what=AppealEventKind.ERASED)
            erased += await self._store.erase(appeal, event)
        if erased:
            logger.info("personal data of closed appeals erased", extra={"appeals": erased})
        return erased

    def _warn(self, appeal: Appeal, now: int) -> None:
        late = appeal.overdue(now)
        if self._warned.get(appeal.appeal_id) in {True, late}:
            return
        self._warned[appeal.appeal_id] = late
        hours = (appeal.deadline_ms - now) / 3_600_000
        logger.warning(
            "an appeal is overdue" if late else "an appeal is due soon",
            extra={
                "appeal": appeal.appeal_id,
                "state": appeal.state,
                "hours_left": round(hours, 1),
            },
        )
