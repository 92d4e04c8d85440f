"""Starts a pending backfill: one script writes its plan and ends its pending state."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from services.audit.events import Audit, AuditKind
from services.warning.backfill.lookback import LookbackResult
from services.warning.backfill.model import Backfill, PendingBackfill, PendingState
from services.warning.backfill.pending_store import resolution_of
from services.warning.backfill.store import BackfillStore


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedBackfill:
    """A running backfill, and the pending one that it was."""

    backfill: Backfill
    pending: PendingBackfill


class BackfillStarter:
    """Starts pending backfills. Raises `Unavailable` while Redis is away."""

    def __init__(
        self, backfills: BackfillStore, audit: Audit, *, now_ms: Callable[[], int]
    ) -> None:
        self._backfills = backfills
        self._audit = audit
        self._now_ms = now_ms

    async def start(
        self, pending: PendingBackfill, result: LookbackResult, *, rate: int, by: str
    ) -> StartedBackfill | None:
        """Audit the start, then start the backfill; None if another process did or it changed."""
        now = self._now_ms()
        kind, pattern = pending.subject
        backfill = Backfill(
            id=pending.id,
            kind=kind,
            pattern=pattern,
            days=pending.days,
            rate=rate,
            total=len(result.persons),
            by=by,
            started_at_ms=now,
        )
        await self._audit.record(
            AuditKind.BACKFILL_STARTED,
            subject=f"backfill:{backfill.id}",
            details={
                "kind": kind,
                "pattern": pattern,
                "entries": " ".join(one.entry_id for one in pending.entries),
                "change": f"change:{pending.change_id}" if pending.change_id else "",
                "days": str(backfill.days),
                "persons": str(backfill.total),
                "rate": str(rate),
            },
            actor=by,
        )
        after = replace(pending, count=result.count)
        after = after.ended(PendingState.STARTED, now_ms=now, by=by)
        if not await self._backfills.add(backfill, result.plan(now), resolution_of(pending, after)):
            return None
        return StartedBackfill(backfill=backfill, pending=after)
