"""Operations on pending backfills: list, count, start, drop."""

from collections.abc import Callable

from fanzha.errors import InvalidInput, VersionConflict
from infra import text_limits
from infra.text_limits import CharacterSet, TextLimit
from services.audit.events import Audit, AuditKind
from services.auth import identity
from services.warning.backfill.counter import with_count
from services.warning.backfill.lookback import Lookback
from services.warning.backfill.metrics import BackfillMetrics
from services.warning.backfill.model import PendingBackfill, PendingState
from services.warning.backfill.pending_store import PendingBackfillStore
from services.warning.backfill.runner import MOST_RATE
from services.warning.backfill.service import check_all_regions
from services.warning.backfill.start import BackfillStarter, StartedBackfill

MOST_LISTED = 1000
_REASON = TextLimit(max_characters=500, characters=CharacterSet.ANY)


class PendingBackfillService:
    """Raises `Unavailable` while Redis is away."""

    def __init__(
        self,
        store: PendingBackfillStore,
        lookback: Lookback,
        starter: BackfillStarter,
        *,
        audit: Audit,
        now_ms: Callable[[], int],
        metrics: BackfillMetrics | None = None,
    ) -> None:
        self._store = store
        self._lookback = lookback
        self._starter = starter
        self._audit = audit
        self._now_ms = now_ms
        self._metrics = metrics

    async def backfills(self, *, everything: bool, count: int) -> list[PendingBackfill]:
        """Return pending backfills, oldest first; with *everything* all, newest first."""
        check_all_regions()
        if not 1 <= count <= MOST_LISTED:
            raise InvalidInput(
                "count: 1 to {most_listed}, not {count}", most_listed=MOST_LISTED, count=count
            )
        if everything:
            return await self._store.newest(count)
        return (await self._store.pending())[:count]

    async def get(self, backfill_id: str, *, count: bool) -> PendingBackfill:
        """Return one backfill; with *count* recount it first if it is pending."""
        check_all_regions()
        one = await self._store.get(backfill_id)
        if not count or not one.open:
            return one
        after = with_count(one, await self._lookback.search(one))
        if not await self._store.move([after]):
            raise _moved(one)
        self._count(after)
        return await self._store.get(backfill_id)

    async def start(self, backfill_id: str, *, rate: int, by: str) -> StartedBackfill:
        """Recount, then start the backfill; return once it is durable."""
        check_all_regions()
        if not 1 <= rate <= MOST_RATE:
            raise InvalidInput(
                "rate: 1 to {most_rate} persons a second, not {rate}",
                most_rate=MOST_RATE,
                rate=rate,
            )
        one = await self._open(backfill_id)
        result = await self._lookback.search(one)
        if not result.persons:
            after = with_count(one, result)
            if await self._store.move([after]):
                self._count(after)
            why = result.count.why and f": {result.count.why}"
            raise InvalidInput("backfill_id: the decision log has no recipients{why}", why=why)
        started = await self._starter.start(one, result, rate=rate, by=identity.author(by))
        if started is None:
            raise _moved(one)
        self._count(started.pending)
        return started

    async def drop(self, backfill_id: str, *, reason: str, by: str) -> PendingBackfill:
        """Drop a pending backfill, with a reason."""
        check_all_regions()
        reason = text_limits.required("reason", reason, _REASON)
        one, who = await self._open(backfill_id), identity.author(by)
        await self._audit.record(
            AuditKind.BACKFILL_DROPPED,
            subject=f"backfill:{backfill_id}",
            details={
                "reason": reason,
                "change": f"change:{one.change_id}" if one.change_id else "",
                "persons": str(one.count.persons) if one.count else "not counted",
            },
            actor=who,
        )
        after = one.ended(PendingState.DROPPED, now_ms=self._now_ms(), by=who, why=reason)
        if not await self._store.move([after], synced=True):
            raise _moved(one)
        self._count(after)
        return after

    async def _open(self, backfill_id: str) -> PendingBackfill:
        one = await self._store.get(backfill_id)
        if not one.open:
            raise VersionConflict("backfill_id: is already {value}", value=one.state.value)
        return one

    def _count(self, one: PendingBackfill) -> None:
        if not one.open and self._metrics is not None:
            self._metrics.state_changed(one.state.value)


def _moved(one: PendingBackfill) -> VersionConflict:
    return VersionConflict(
        "backfill_id: {id} was changed by another person or a list change; look again", id=one.id
    )
