"""The changes of the lists that lift a block.

Block entries for exactly the subject go, or an allow entry comes, see `services.appeals.lift_plan`.
Where a pending request locks an entry, an allow entry outranks it until it can be removed.
"""

from collections.abc import Callable
from dataclasses import replace

from blocklists.entries import Source
from fanzha.decisions import Action
from fanzha.errors import VersionConflict
from services.appeals.entry_snapshots import read
from services.appeals.lift_plan import LiftPlan, lifted_before, plan
from services.appeals.list_access import Lifted, LiftOrder, ListAccess
from services.appeals.model import Appeal, AppealOutcome, AppealSubject, Lift, by_list

_DAY_S = 86_400


class LiftChanges:
    """Changes the lists for upheld appeals."""

    def __init__(self, lists: ListAccess, *, now_ms: Callable[[], int], allow_days: int) -> None:
        self._lists = lists
        self._now_ms = now_ms
        self._allow_days = allow_days

    async def planned(
        self, appeal: Appeal, outcome: AppealOutcome | None = None, *, keep: bool = False
    ) -> LiftPlan:
        """Plan what upholding an appeal, on these terms, would change now."""
        terms = outcome or AppealOutcome(reason="")
        subject = terms.lift or appeal.subject
        found = await self._lists.find(subject.pattern)
        return plan(
            found.entries,
            subject,
            now_s=self._now_ms() // 1000,
            by_list=by_list(appeal),
            allow_anyway=terms.allow,
            direction=terms.direction,
            keep=keep,
        )

    async def make(self, appeal: Appeal) -> Lift:
        """Commit the change and return the lift that records it."""
        try:
            return await self._carried_out(appeal, keep=False)
        except VersionConflict as error:
            # A pending request locks the entry. The block must still end at once: an allow entry
            # for the same outranks it, until it can be removed.
            return replace(await self._carried_out(appeal, keep=True), held_by=str(error))

    async def remove_held(self, appeal: Appeal, lift: Lift) -> tuple[Lift, int]:
        """Remove the entry that an allow entry outranks; return the lift, and the version."""
        outcome = appeal.outcome or AppealOutcome(reason="")
        removals = (await self.planned(appeal, outcome)).removals
        subject = outcome.lift or appeal.subject
        done = await self._committed(appeal, subject, LiftPlan(removals=removals), 0)
        removed = [(entry.kind, entry.pattern) for entry in removals]
        return replace(lift, held_by="", removed=[*lift.removed, *removed]), done.version

    async def _carried_out(self, appeal: Appeal, *, keep: bool) -> Lift:
        outcome = appeal.outcome or AppealOutcome(reason="")
        subject = outcome.lift or appeal.subject
        plan = await self.planned(appeal, outcome, keep=keep)
        days = outcome.allow_days or self._allow_days
        until_s = self._now_ms() // 1000 + days * _DAY_S
        if plan.replaces is not None:
            until_s = max(until_s, int(plan.replaces.expires_at.timestamp()))
        removed = list(plan.removals)
        if not removed and not keep:
            found = await self._lists.find(subject.pattern)
            removed = lifted_before(map(read, appeal.entries), found.entries, subject)
        lifted = await self._committed(appeal, subject, plan, until_s)
        return Lift(
            version=lifted.version,
            change_id=lifted.change_id,
            removed=[(entry.kind, entry.pattern) for entry in removed],
            allowed=(subject.kind, subject.pattern) if plan.allow else None,
            allowed_direction=int(plan.allow),
            allowed_until_s=until_s if plan.allow else 0,
            committed_at_ms=self._now_ms(),
        )

    async def _committed(
        self, appeal: Appeal, subject: AppealSubject, plan: LiftPlan, until_s: int
    ) -> Lifted:
        if not plan.removals and not plan.allow:
            # It was lifted already, or the entry has expired.
            return Lifted(version=(await self._lists.find(subject.pattern)).version)
        return await self._lists.lift(
            LiftOrder(
                appeal_id=appeal.appeal_id,
                subject=subject,
                plan=plan,
                allow_until_s=until_s,
                officer=appeal.officer,
                source=_source(appeal),
                region=appeal.regions[0] if len(appeal.regions) == 1 else "",
            )
        )


def _source(appeal: Appeal) -> Source:
    # The source of the block answers for the exception, too.
    for entry in appeal.entries:
        if entry["action"] == Action.BLOCK:
            return Source[str(entry["source"]).upper()]
    return Source.BUREAU
