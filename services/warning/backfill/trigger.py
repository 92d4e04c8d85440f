"""Proposes a pending backfill for each list change that starts to block confirmed fraud.

Any process of the pipeline may run it: one script writes the proposals of a change and advances the
position in the list log. A pending backfill whose entries cease to block is withdrawn.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

from blocklists.store.packing import DamagedPack
from fanzha.errors import Unavailable
from infra.backoff import Backoff
from infra.periodic import run_periodically
from services.warning.backfill import effective_entries
from services.warning.backfill.effective_entries import EffectiveEntries, EntryEffect
from services.warning.backfill.list_log import ListLog, ListVersionChange
from services.warning.backfill.metrics import BackfillMetrics
from services.warning.backfill.model import EffectiveEntry, PendingBackfill, PendingState
from services.warning.backfill.pending_store import ListLogPosition, PendingBackfillStore
from services.warning.backfill.store import KEEP_S

logger = logging.getLogger(__name__)

WAIT_MS = 12_000
"""How long one read waits for a list change."""
LONGEST_MS = 30 * 86_400_000
"""Age at which a pending backfill is withdrawn."""
_NO_MORE = "its entries were removed, allowed, made shadow entries, or lost their kind of fraud"


class BackfillTrigger:
    """Follows the list log, until cancelled."""

    def __init__(
        self,
        log: ListLog,
        store: PendingBackfillStore,
        *,
        days: int,
        most_entries: int,
        proposes: bool,
        now_ms: Callable[[], int],
        metrics: BackfillMetrics | None = None,
    ) -> None:
        """*proposes*: whether new backfills are proposed; withdrawing is always on."""
        self._log = log
        self._store = store
        self._days = days
        self._most = most_entries
        self._proposes = proposes
        self._now_ms = now_ms
        self._metrics = metrics

    async def run(self) -> None:
        """Follow until cancelled, and survive outages."""
        await run_periodically(
            lambda: self.step(block_ms=WAIT_MS),
            every_seconds=0,
            task="backfill trigger",
            logger=logger,
            outages=(Unavailable, DamagedPack),
            backoff=Backoff(),
        )

    async def step(self, *, block_ms: int = 0) -> int:
        """Handle the next list changes; return the number of versions."""
        position = await self._store.position()
        if position is None:
            position = await self._log.head()
            await self._store.set_first_position(position)
            logger.info("backfills are proposed for list changes after version %d",
                        position.version)  # fmt: skip
            return 0
        steps = await self._log.after(position, block_ms=block_ms)
        pending = {one.id: one for one in await self._store.pending()}
        for step in steps:
            if not await self._handle_change(position, step, pending):
                return len(steps)  # another process advanced the position
            position = step.position
        await self._withdraw_expired(pending.values())
        return len(steps)

    async def _handle_change(
        self,
        position: ListLogPosition,
        step: ListVersionChange,
        pending: dict[str, PendingBackfill],
    ) -> bool:
        """Write the backfills that a change proposes and withdraws, and the new position.

        Updates *pending*, which has all pending backfills.
        """
        at_s, now = step.committed_at_ms // 1000, self._now_ms()
        found = await asyncio.to_thread(
            effective_entries.find_effective,
            step.additions,
            step.before,
            at_s=at_s,
            most=self._most,
        )
        altered = _altered(list(pending.values()), step, now)
        new_pending = (
            self._new_pending(step, found) if self._proposes and found.effective_count else None
        )
        records = [*altered, new_pending] if new_pending else altered
        if not await self._store.move(records, read=(position, step.position)):
            return False
        for one in records:
            pending.pop(one.id, None)
            if one.open:
                pending[one.id] = replace(one, revision=one.revision + 1)
        await self._report(step, found, new_pending)
        self._report_withdrawn(altered)
        return True

    def _new_pending(self, step: ListVersionChange, found: EffectiveEntries) -> PendingBackfill:
        entries = tuple(EffectiveEntry.of(one) for one in found.entries)
        too_many = not entries
        name = f"{step.position.version} {step.position.commit}".encode()
        return PendingBackfill(
            id=blake2b(name, digest_size=6).hexdigest(),
            list_version=step.position.version,
            change_id=step.change_id,
            by=step.author,
            approved_by=next((one.approved_by for one in found.entries if one.approved_by), ""),
            effective_at_ms=step.committed_at_ms,
            days=self._days,
            effective_count=found.effective_count,
            entries=entries,
            rows=_names(found.rows),
            state=PendingState.TOO_LARGE if too_many else PendingState.PENDING,
            ended_at_ms=self._now_ms() if too_many else 0,
            why=f"more than {self._most} entries at once" if too_many else "",
        )

    async def _report(
        self, step: ListVersionChange, found: EffectiveEntries, new_pending: PendingBackfill | None
    ) -> None:
        if step.lost:
            logger.warning("the changes of %d list versions up to %d are unknown; "
                           "`fanzha warnings backfill` starts a backfill by hand",
                           step.lost, step.position.version)  # fmt: skip
        if new_pending is not None:
            await self._store.forget(self._now_ms() - KEEP_S * 1000)
            logger.info(
                "%d entries took effect in list version %d: backfill %s is %s",
                found.effective_count,
                step.position.version,
                new_pending.id,
                new_pending.state,
            )
        if self._metrics is None:
            return
        self._metrics.rows(_names(found.rows))
        self._metrics.lost(step.lost)
        if new_pending is not None:
            self._metrics.state_changed(new_pending.state.value)

    async def _withdraw_expired(self, pending: Iterable[PendingBackfill]) -> None:
        """Withdraw backfills that are too old or whose entries have expired."""
        now = self._now_ms()
        expired = [after for one in pending if (after := _after_time(one, now)) is not one]
        for one in expired:
            if await self._store.move([one]):
                self._report_withdrawn([one])

    def _report_withdrawn(self, records: list[PendingBackfill]) -> None:
        for one in records:
            if one.state is PendingState.WITHDRAWN:
                logger.info("backfill %s is withdrawn: %s", one.id, one.why)
                if self._metrics is not None:
                    self._metrics.state_changed(one.state.value)


def _altered(
    pending: Sequence[PendingBackfill], step: ListVersionChange, now_ms: int
) -> list[PendingBackfill]:
    """Return the pending backfills that a list change alters, altered."""
    owners = [one for one in pending for _ in one.entries]
    entries = [entry for one in pending for entry in one.entries]
    affected = effective_entries.affected_by(entries, step.additions, step.removals)
    about = {one.id: one for one, is_affected in zip(owners, affected, strict=True) if is_affected}
    return [
        after for one in about.values() if (after := _after_change(one, step, now_ms)) is not one
    ]


def _after_change(one: PendingBackfill, step: ListVersionChange, now_ms: int) -> PendingBackfill:
    """Return a backfill after a list change; the same object if it is unaffected."""
    at_s = step.committed_at_ms // 1000
    remaining = effective_entries.still_effective(
        one.entries, step.additions, step.removals, at_s=at_s
    )
    return (
        one
        if remaining == list(one.entries)
        else one.with_entries(remaining, why=_NO_MORE, now_ms=now_ms)
    )


def _after_time(one: PendingBackfill, now_ms: int) -> PendingBackfill:
    """Return a backfill at *now_ms*; the same object if nothing has expired."""
    if now_ms - one.effective_at_ms > LONGEST_MS:
        days = LONGEST_MS // 86_400_000
        why = f"not started within {days} days"
        return one.ended(PendingState.WITHDRAWN, now_ms=now_ms, why=why)
    remaining = [entry for entry in one.entries if entry.expires_s * 1000 > now_ms]
    if len(remaining) == len(one.entries):
        return one
    return one.with_entries(remaining, why="its entries have expired", now_ms=now_ms)


def _names(rows: Mapping[EntryEffect, int]) -> dict[str, int]:
    return {one.name.lower(): count for one, count in rows.items()}
