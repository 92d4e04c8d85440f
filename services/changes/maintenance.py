"""Maintains change requests: expired emergencies, interrupted applications, row retention.

Entries of an emergency expire by themselves in every worker; this only records it.

On several hosts one process does it, while it holds the lease. What it finds half applied may be in
the hands of another process at that moment: it completes what is in the lists, and rejects the rest
only once the commit is refused wherever it still is under way.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from fanzha.errors import Unavailable, VersionConflict
from infra.clock import monotonic_seconds
from infra.periodic import run_periodically
from services.audit.events import AuditKind
from services.changes.application import ChangeApplication
from services.changes.change_context import ChangeContext
from services.changes.metrics import ChangeMetrics
from services.changes.model import ChangeEvent, ChangeKind, ChangeRequest, ChangeState
from services.changes.redo.lost_changes import LostChanges
from services.changes.store import ChangeTransition

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 5.0
COMMIT_GRACE_SECONDS = 30.0
"""A commit still missing from the lists this long after its request was first seen here is given
up. Not since the request was marked: the clock of another host did that."""
LEASE_MS = 15_000
_RETENTION_MS = 3_600_000
"""Between two runs of retention."""
_DAY_MS = 86_400_000
_BATCH = 1000
_SYSTEM = "fanzha"


class ChangeMaintenance:
    """Maintenance of change requests, in `fanzha admin`."""

    def __init__(
        self,
        context: ChangeContext,
        metrics: ChangeMetrics,
        acquire: Callable[[], Awaitable[bool]],
        lost: LostChanges | None = None,
        *,
        elapsed: Callable[[], float] = monotonic_seconds,
    ) -> None:
        """*acquire* acquires or renews the lease, and returns whether this process has it.

        *elapsed* are seconds that no one sets back, unlike the time of day.
        """
        self.lost = lost
        """What looks for changes that the store lost; None where none are kept. Each process has
        a journal of its own, so it needs no lease."""
        self._context = context
        self._metrics = metrics
        self._acquire = acquire
        self._application = ChangeApplication(context)
        self._elapsed = elapsed
        self._seen: dict[tuple[int, int], float] = {}
        """When interrupted applications were first seen, by id and revision of their requests."""
        self._retain_at_ms = 0

    async def recover(self) -> None:
        """Complete or reject applications that a process left; run before a compaction.

        Needs no lease: it changes nothing that is not as it was read.
        """
        if self.lost is not None:
            await self.lost.step()
        await self._recover()

    async def run(self) -> None:
        """Run every `INTERVAL_SECONDS` until cancelled; survive outages of the store."""
        upkeep = run_periodically(
            self.run_once,
            every_seconds=INTERVAL_SECONDS,
            task="change maintenance",
            logger=logger,
            outages=(Unavailable, VersionConflict),
        )
        await asyncio.gather(upkeep, *([self.lost.run()] if self.lost is not None else []))

    async def run_once(self) -> None:
        """With the lease, record what expired, recover and retain; set the gauges anyway."""
        if await self._acquire():
            await self._expire()
            await self._recover()
            now_ms = self._context.now_ms()
            if now_ms >= self._retain_at_ms:
                self._retain_at_ms = now_ms + _RETENTION_MS
                await self.retain()
        requests = self._context.requests
        self._metrics.set(
            emergencies=len(await requests.unconfirmed_emergencies()),
            pending=await requests.count(ChangeState.PENDING),
        )

    async def retain(self) -> None:
        """Delete the rows of requests finished before the retention period; keep their records."""
        before_ms = self._context.now_ms() - self._context.options.retention_days * _DAY_MS
        for state in (ChangeState.APPLIED, ChangeState.REJECTED, ChangeState.REVERTED):
            last = 0
            while ids := await self._context.requests.ids_in_state(
                state, after_id=last, size=_BATCH
            ):
                for record in await self._context.requests.get_many(ids):
                    if record.last_step_ms < before_ms and record.additions.retained:
                        await self._context.requests.drop_rows(record)
                        logger.info("%s: rows deleted after the retention period", record.subject)
                last = ids[-1]

    async def _expire(self) -> None:
        now_ms = self._context.now_ms()
        for record in await self._context.requests.get_many(
            await self._context.requests.unconfirmed_emergencies()
        ):
            urgent = record.emergency
            if urgent is None or not record.unconfirmed or urgent.ends_s * 1000 > now_ms:
                continue
            async with self._context.step_lock:
                for now in await self._still_there(record.id):
                    await self._record_expiry(now)

    async def _record_expiry(self, record: ChangeRequest) -> None:
        if record.emergency is None or not record.unconfirmed:
            return
        event = ChangeEvent(at_ms=self._context.now_ms(), who=_SYSTEM, what="expired")
        ended = replace(record.emergency, expired=True)
        await self._context.transition(
            [
                ChangeTransition(
                    before=record, after=record.with_event(event, emergency=ended), fields={}
                )
            ],
            AuditKind.EMERGENCY_EXPIRED,
            {"author": record.author, "why": record.emergency.why},
            actor=_SYSTEM,
        )
        logger.warning("%s: unconfirmed emergency has expired", record.subject)

    async def _recover(self) -> None:
        ids = await self._context.requests.ids_in_state(
            ChangeState.APPROVED, after_id=0, size=_BATCH
        )
        seen, self._seen = self._seen, {}
        for id_ in ids:
            async with self._context.step_lock:
                for record in await self._still_there(id_):
                    if record.state is ChangeState.APPROVED and record.applying_after is not None:
                        place = (id_, record.revision)
                        self._seen[place] = seen.get(place, self._elapsed())
                        await self._recover_one(record, self._seen[place])

    async def _still_there(self, id_: int) -> list[ChangeRequest]:
        """Return a request, or nothing where the store failed over meanwhile and has lost it."""
        return await self._context.requests.get_many([id_])

    async def _recover_one(self, record: ChangeRequest, seen_at: float) -> None:
        if await self._application.recover(record):
            return
        apart = any(event.what == "approved" for event in record.events)
        if apart or self._elapsed() - seen_at < COMMIT_GRACE_SECONDS:
            return  # approved in a separate step: the approver may apply it again
        if await self._application.give_up(record):
            return
        why = (
            "its commit never reached the carrier policy; propose it again"
            if record.kind is ChangeKind.POLICY
            else "its commit never reached the lists; submit it again"
        )
        now_ms = self._context.now_ms()
        event = ChangeEvent(at_ms=now_ms, who=_SYSTEM, what="rejected", note=why)
        after = record.with_event(event, state=ChangeState.REJECTED, applying_after=None)
        counter = await self._context.transition(
            [ChangeTransition(before=record, after=after, fields={})],
            AuditKind.REQUEST_REJECTED,
            {"author": record.author, "reason": why},
            actor=_SYSTEM,
        )
        self._context.locks.release(record.id, counter)
        logger.warning("%s: %s", record.subject, why)
