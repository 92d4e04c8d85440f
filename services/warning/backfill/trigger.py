"""Notices what lands on the lists, and puts it before a person as a backfill that waits.

Any process of the pipeline may: the place in the log of the lists moves on in the same step that
writes what was noticed. What ceases to block before somebody started it is withdrawn.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

from blocklists.store.packing import DamagedPack
from fanzha.errors import Unavailable
from services.warning.backfill import effective_entries
from services.warning.backfill.effective_entries import EffectiveEntries, EntryEffect
from services.warning.backfill.list_log import ListLog, ListLogStep
from services.warning.backfill.model import (EffectiveEntry, PendingBackfill, PendingState)
from services.warning.backfill.pending_store import ListLogPosition, PendingBackfillStore
from services.warning.backfill.store import KEEP_S
from services.warning.metrics import LandingCounters

logger = logging.getLogger(__name__)

WAIT_MS = 1000
"""How long one question to the lists waits for a change."""
LONGEST_MS = 30 * 86_400_000
"""What nobody started for so long is withdrawn."""
_RETRY_SECONDS = 1.0
_NO_MORE = "its entries were removed, let through, made shadows, or name no fraud any more"


class BackfillTrigger:
    """Reads the lists on, until cancelled."""

    def __init__(
        self,
        log: ListLog,
        store: PendingBackfillStore,
        *,
        days: int,
        most_entries: int,
        proposes: bool,
        now_ms: Callable[[], int],
        figures: LandingCounters | None = None,
    ) -> None:
        """*proposes*: whether anything new is put before a person; withdrawn is always."""
        self._log = log
        self._store = store
        self._days = days
        self._most = most_entries
        self._proposes = proposes
        self._now_ms = now_ms
        self._figures = figures

    async def run(self) -> None:
        """Read on; an outage is said once, and waited out."""
        waits = False
        while True:
            try:
                await self.step(block_ms=WAIT_MS)
                waits = False
            except (Unavailable, DamagedPack) as error:
                if not waits:
                    logger.warning("what lands on the lists waits to be noticed: %s", error)
                waits = True
                await asyncio.sleep(_RETRY_SECONDS)

    async def step(self, *, block_ms: int = 0) -> int:
        """Read what there is, some of it; return how many versions."""
        place = await self._store.place()
        if place is None:
            place = await self._log.head()
            await self._store.begin(place)
            logger.info("entries that land after version %d of the lists are looked after",
                        place.version)  # fmt: skip
            return 0
        steps = await self._log.after(place, block_ms=block_ms)
        waiting = {one.id: one for one in await self._store.waiting()}
        for step in steps:
            if not await self._take(place, step, waiting):
                return len(steps)  # another process was faster: look where it is
            place = step.place
        await self._end_what_is_over(waiting.values())
        return len(steps)

    async def _take(
        self, place: ListLogPosition, step: ListLogStep, waiting: dict[str, PendingBackfill]
    ) -> bool:
        """Write down what a change makes wait and what it withdraws, and that it was read.

        *waiting* is what waits before, and after, the change.
        """
        at_s, now = step.committed_at_ms // 1000, self._now_ms()
        found = await asyncio.to_thread(
            effective_entries.landing, step.additions, step.before, at_s=at_s, most=self._most
        )
        changed = _changed(list(waiting.values()), step, now)
        fresh = self._noticed(step, found) if self._proposes and found.landed else None
        records = [*changed, fresh] if fresh else changed
        if not await self._store.move(records, read=(place, step.place)):
            return False
        for one in records:
            waiting.pop(one.id, None)
            if one.open:
                waiting[one.id] = replace(one, revision=one.revision + 1)
        await self._tell(step, found, fresh)
        self._withdrawn(changed)
        return True

    def _noticed(self, step: ListLogStep, found: EffectiveEntries) -> PendingBackfill:
        entries = tuple(EffectiveEntry.of(one) for one in found.entries)
        too_many = not entries
        name = f"{step.place.version} {step.place.commit}".encode()
        return PendingBackfill(
            id=blake2b(name, digest_size=6).hexdigest(),
            list_version=step.place.version,
            change_id=step.change_id,
            by=step.author,
            approved_by=next((one.approved_by for one in found.entries if one.approved_by), ""),
            landed_at_ms=step.committed_at_ms,
            days=self._days,
            landed=found.landed,
            entries=entries,
            rows=_names(found.rows),
            state=PendingState.LEFT if too_many else PendingState.WAITING,
            ended_at_ms=self._now_ms() if too_many else 0,
            why=f"more than {self._most} entries at once" if too_many else "",
        )

    async def _tell(
        self, step: ListLogStep, found: EffectiveEntries, fresh: PendingBackfill | None
    ) -> None:
        if step.lost:
            logger.warning("up to version %d, nobody can tell what %d versions of the lists made "
                           "land; `fanzha warnings backfill` starts one by hand",
                           step.place.version, step.lost)  # fmt: skip
        if fresh is not None:
            await self._store.forget(self._now_ms() - KEEP_S * 1000)
            logger.info("%d entries of version %d of the lists landed: backfill %s is %s",
                        found.landed, step.place.version, fresh.id, fresh.state)  # fmt: skip
        if self._figures is None:
            return
        self._figures.rows(_names(found.rows))
        self._figures.lost(step.lost)
        if fresh is not None:
            self._figures.backfill(fresh.state.value)

    async def _end_what_is_over(self, waiting: Iterable[PendingBackfill]) -> None:
        """Withdraw what has ended by itself."""
        now = self._now_ms()
        over = [after for one in waiting if (after := _later(one, now)) is not one]
        for one in over:
            if await self._store.move([one]):
                self._withdrawn([one])

    def _withdrawn(self, records: list[PendingBackfill]) -> None:
        for one in records:
            if one.state is PendingState.WITHDRAWN:
                logger.info("backfill %s is withdrawn: %s", one.id, one.why)
                if self._figures is not None:
                    self._figures.backfill(one.state.value)


def _changed(
    waiting: Sequence[PendingBackfill], step: ListLogStep, now_ms: int
) -> list[PendingBackfill]:
    """Return those that a change of the lists leaves otherwise than they were."""
    owners = [one for one in waiting for _ in one.entries]
    entries = [entry for one in waiting for entry in one.entries]
    said = effective_entries.touched(entries, step.additions, step.removals)
    about = {one.id: one for one, told in zip(owners, said, strict=True) if told}
    return [after for one in about.values() if (after := _after(one, step, now_ms)) is not one]


def _after(one: PendingBackfill, step: ListLogStep, now_ms: int) -> PendingBackfill:
    """Return a backfill after a change of the lists; the same object where nothing came of it."""
    at_s = step.committed_at_ms // 1000
    left = effective_entries.still_there(one.entries, step.additions, step.removals, at_s=at_s)
    return one if left == list(one.entries) else one.with_entries(left, why=_NO_MORE, now_ms=now_ms)


def _later(one: PendingBackfill, now_ms: int) -> PendingBackfill:
    """Return a backfill as time makes it; the same object where it does nothing."""
    if now_ms - one.landed_at_ms > LONGEST_MS:
        days = LONGEST_MS // 86_400_000
        why = f"nobody started it in {days} days"
        return one.ended(PendingState.WITHDRAWN, now_ms=now_ms, why=why)
    left = [entry for entry in one.entries if entry.expires_s * 1000 > now_ms]
    if len(left) == len(one.entries):
        return one
    return one.with_entries(left, why="its entries have ended", now_ms=now_ms)


def _names(rows: Mapping[EntryEffect, int]) -> dict[str, int]:
    return {one.name.lower(): count for one, count in rows.items()}
