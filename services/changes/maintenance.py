"""What nobody has to ask for: emergencies that end, requests left halfway, rows kept long enough.

Entries of an emergency end by their own expiry, in every worker; what happens here only says so.
"""

import asyncio
import logging
from dataclasses import replace

from fanzha.errors import Unavailable, VersionConflict
from services.audit.events import AuditKind
from services.changes.application import ChangeApplication
from services.changes.change_context import ChangeContext
from services.changes.metrics import ChangeMetrics
from services.changes.model import ChangeEvent, ChangeRequest, ChangeState
from services.changes.store import ChangeTransition

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 2.0
COMMIT_GRACE_MS = 30_000
"""A commit that is not in the lists so long after its request was marked never comes."""
_PASSES_PER_RETENTION = 1800
"""Looks between two passes over finished requests: an hour."""
_DAY_MS = 86_400_000
_BATCH = 1000
_SYSTEM = "fanzha"


class ChangeMaintenance:
    """Looks after change requests; one process needs to."""

    def __init__(self, parts: ChangeContext, metrics: ChangeMetrics) -> None:
        self._parts = parts
        self._metrics = metrics
        self._applying = ChangeApplication(parts)

    async def settle(self) -> None:
        """Clear up what an earlier process left halfway; for the start, before a compaction."""
        await self._settle()

    async def run(self) -> None:
        """Look after requests until cancelled; an outage of the store is waited out."""
        looks, away = 0, False
        while True:
            try:
                await self.look()
                if looks % _PASSES_PER_RETENTION == 0:
                    await self.retain()
            except (Unavailable, VersionConflict) as error:
                if not away:
                    logger.warning("change requests are not looked after: %s", error)
                away = True
            else:
                away = False
            looks += 1
            await asyncio.sleep(INTERVAL_SECONDS)

    async def look(self) -> None:
        """Say which emergencies have ended, and clear up what was left halfway."""
        await self._expire()
        await self._settle()
        requests = self._parts.requests
        self._metrics.seen(
            emergencies=len(await requests.emergencies()),
            waiting=await requests.count(ChangeState.PENDING),
        )

    async def retain(self) -> None:
        """Drop the rows of requests that were finished long ago; the records stay."""
        before_ms = self._parts.now_ms() - self._parts.options.retention_days * _DAY_MS
        for state in (ChangeState.APPLIED, ChangeState.REJECTED, ChangeState.REVERTED):
            last = 0
            while ids := await self._parts.requests.finished(state, after_id=last, size=_BATCH):
                for record in await self._parts.requests.several(ids):
                    if record.steps_end < before_ms and record.additions.kept:
                        await self._parts.requests.forget_rows(record)
                        logger.info("%s: its rows are no longer kept", record.subject)
                last = ids[-1]

    async def _expire(self) -> None:
        now_ms = self._parts.now_ms()
        for record in await self._parts.requests.several(await self._parts.requests.emergencies()):
            urgent = record.emergency
            if urgent is None or not record.unconfirmed or urgent.ends_s * 1000 > now_ms:
                continue
            async with self._parts.one_at_a_time:
                await self._say_expired(await self._parts.requests.get(record.id))

    async def _say_expired(self, record: ChangeRequest) -> None:
        if record.emergency is None or not record.unconfirmed:
            return
        event = ChangeEvent(at_ms=self._parts.now_ms(), who=_SYSTEM, what="expired")
        ended = replace(record.emergency, expired=True)
        await self._parts.take(
            [
                ChangeTransition(
                    before=record, after=record.noting(event, emergency=ended), fields={}
                )
            ],
            AuditKind.EMERGENCY_EXPIRED,
            {"author": record.author, "why": record.emergency.why},
            actor=_SYSTEM,
        )
        logger.warning("%s, an emergency nobody confirmed, has ended", record.subject)

    async def _settle(self) -> None:
        ids = await self._parts.requests.finished(ChangeState.APPROVED, after_id=0, size=_BATCH)
        for id_ in ids:
            async with self._parts.one_at_a_time:
                record = await self._parts.requests.get(id_)
                if record.state is ChangeState.APPROVED and record.applying_after is not None:
                    await self._settle_one(record)

    async def _settle_one(self, record: ChangeRequest) -> None:
        if await self._applying.settle(record):
            return
        now_ms = self._parts.now_ms()
        apart = any(event.what == "approved" for event in record.events)
        if apart or now_ms - record.steps_end < COMMIT_GRACE_MS:
            return  # somebody approved it in a step of its own, and may apply it once more
        why = "its commit never reached the lists; ask again"
        event = ChangeEvent(at_ms=now_ms, who=_SYSTEM, what="rejected", note=why)
        after = record.noting(event, state=ChangeState.REJECTED, applying_after=None)
        counter = await self._parts.take(
            [ChangeTransition(before=record, after=after, fields={})],
            AuditKind.REQUEST_REJECTED,
            {"author": record.author, "reason": why},
            actor=_SYSTEM,
        )
        self._parts.locks.release(record.id, counter)
        logger.warning("%s: %s", record.subject, why)
