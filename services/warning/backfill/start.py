"""Begins the backfill of what waited: written whole, in the step that ends its waiting."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from services.audit.events import Audit, AuditKind
from services.warning.backfill.lookback import LookbackResult
from services.warning.backfill.model import (PendingBackfill, PendingState)
from services.warning.backfill.pending_store import closing
from services.warning.backfill.store import Backfill, BackfillStore


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedBackfill:
    """A backfill that waited and now runs."""

    backfill: Backfill
    waiting: PendingBackfill


class BackfillStart:
    """Begins the backfill of what waits: written whole, in the step that ends its waiting."""

    def __init__(
        self, backfills: BackfillStore, audit: Audit, *, now_ms: Callable[[], int]
    ) -> None:
        self._backfills = backfills
        self._audit = audit
        self._now_ms = now_ms

    async def begin(
        self, waiting: PendingBackfill, looked: LookbackResult, *, rate: int, by: str
    ) -> StartedBackfill | None:
        """Begin it, on record first; None when somebody else was faster."""
        now = self._now_ms()
        kind, pattern = waiting.subject
        backfill = Backfill(
            id=waiting.id,
            kind=kind,
            pattern=pattern,
            days=waiting.days,
            rate=rate,
            total=len(looked.persons),
            by=by,
            started_at_ms=now,
        )
        await self._audit.record(
            AuditKind.BACKFILL_STARTED,
            subject=f"backfill:{backfill.id}",
            details={
                "kind": kind,
                "pattern": pattern,
                "entries": " ".join(one.entry_id for one in waiting.entries),
                "change": f"change:{waiting.change_id}" if waiting.change_id else "",
                "days": str(backfill.days),
                "persons": str(backfill.total),
                "rate": str(rate),
            },
            actor=by,
        )
        after = replace(waiting, count=looked.count)
        after = after.ended(PendingState.STARTED, now_ms=now, by=by)
        if not await self._backfills.add(backfill, looked.plan(now), closing(waiting, after)):
            return None
        return StartedBackfill(backfill=backfill, waiting=after)
