"""What a person does with backfills that wait: looks, has them counted, starts or drops them."""

from collections.abc import Callable

from fanzha.errors import InvalidInput, VersionConflict
from services.audit.events import Audit, AuditKind
from services.auth import identity
from services.warning.backfill.counter import with_count
from services.warning.backfill.lookback import Lookback
from services.warning.backfill.model import (PendingBackfill, PendingState)
from services.warning.backfill.pending_store import PendingBackfillStore
from services.warning.backfill.runner import MOST_RATE
from services.warning.backfill.service import check_all_regions
from services.warning.backfill.start import BackfillStart, StartedBackfill
from services.warning.metrics import LandingCounters

MOST_LISTED = 1000
_MOST_REASON = 500


class PendingBackfillService:
    """Serves people. Raises `Unavailable` while Redis is away."""

    def __init__(
        self,
        store: PendingBackfillStore,
        looking: Lookback,
        beginning: BackfillStart,
        *,
        audit: Audit,
        now_ms: Callable[[], int],
        figures: LandingCounters | None = None,
    ) -> None:
        self._store = store
        self._looking = looking
        self._beginning = beginning
        self._audit = audit
        self._now_ms = now_ms
        self._figures = figures

    async def backfills(self, *, everything: bool, count: int) -> list[PendingBackfill]:
        """Return those that wait, the oldest first; or the newest of all, whatever became."""
        if not 1 <= count <= MOST_LISTED:
            raise InvalidInput(f"count: 1 to {MOST_LISTED}, not {count}")
        if everything:
            return await self._store.newest(count)
        return (await self._store.waiting())[:count]

    async def get(self, backfill_id: str, *, count: bool) -> PendingBackfill:
        """Return one; with *count*, after it was counted anew, where it waits."""
        one = await self._store.get(backfill_id)
        if not count or not one.open:
            return one
        check_all_regions()
        after = with_count(one, await self._looking.look(one))
        if not await self._store.move([after]):
            raise _moved(one)
        self._count(after)
        return await self._store.get(backfill_id)

    async def start(self, backfill_id: str, *, rate: int, by: str) -> StartedBackfill:
        """Look once more, and have everybody warned; returns once that is sure to happen."""
        check_all_regions()
        if not 1 <= rate <= MOST_RATE:
            raise InvalidInput(f"rate: 1 to {MOST_RATE} persons a second, not {rate}")
        one = await self._open(backfill_id)
        looked = await self._looking.look(one)
        if not looked.persons:
            after = with_count(one, looked)
            if await self._store.move([after]):
                self._count(after)
            why = looked.count.why and f": {looked.count.why}"
            raise InvalidInput(f"backfill_id: nobody is known whom it reached{why}")
        begun = await self._beginning.begin(one, looked, rate=rate, by=identity.author(by))
        if begun is None:
            raise _moved(one)
        self._count(begun.waiting)
        return begun

    async def drop(self, backfill_id: str, *, reason: str, by: str) -> PendingBackfill:
        """Decide against it, and say why."""
        check_all_regions()
        if not 1 <= len(reason.strip()) <= _MOST_REASON:
            raise InvalidInput(f"reason: say why nobody is warned, in 1 to {_MOST_REASON} letters")
        one, who = await self._open(backfill_id), identity.author(by)
        await self._audit.record(
            AuditKind.BACKFILL_DROPPED,
            subject=f"backfill:{backfill_id}",
            details={
                "reason": reason.strip(),
                "change": f"change:{one.change_id}" if one.change_id else "",
                "persons": str(one.count.persons) if one.count else "not counted",
            },
            actor=who,
        )
        after = one.ended(PendingState.DROPPED, now_ms=self._now_ms(), by=who, why=reason.strip())
        if not await self._store.move([after], synced=True):
            raise _moved(one)
        self._count(after)
        return after

    async def _open(self, backfill_id: str) -> PendingBackfill:
        one = await self._store.get(backfill_id)
        if not one.open:
            raise VersionConflict(f"backfill_id: it is {one.state.value} already")
        return one

    def _count(self, one: PendingBackfill) -> None:
        if not one.open and self._figures is not None:
            self._figures.backfill(one.state.value)


def _moved(one: PendingBackfill) -> VersionConflict:
    return VersionConflict(f"backfill_id: somebody else was at {one.id}, or its entries changed; "
                           "look again")  # fmt: skip
