"""Gathers the file of an appeal: the decision, entries then and now, related appeals."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from blocklists.entries import Entry
from blocklists.queries import MatchingEntries
from services.appeals import entry_snapshots, masking
from services.appeals.decision_lookup import DecisionLookup, Recent
from services.appeals.lift_changes import LiftChanges
from services.appeals.lift_plan import LiftPlan
from services.appeals.list_access import ListAccess
from services.appeals.model import Appeal, AppealSubject
from services.appeals.origins import Origins
from services.appeals.scope import may_review, sees_entry
from services.appeals.store import AppealStore
from services.auth import identity
from services.lists.hit_counter import EntryHitSummary

MOST_OTHERS = 20
MOST_ORIGINS = 10
"""Most entries whose change request is searched for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealFile:
    """The file of an appeal: decision, entries then and now, related appeals."""

    decision: Mapping[str, str]
    entries_then: Sequence[Entry]
    found: MatchingEntries
    hits: Mapping[str, EntryHitSummary] | None
    """How often these entries decided, by their ids; None: not known."""
    change_ids: Mapping[str, str]
    """The requests that entered these entries, by their ids, as far as they are known."""
    verdict: str
    recent: Recent
    others: Sequence[Appeal]
    """Appeals about the same subject, the newest first, personal data masked."""
    plan: LiftPlan | None
    """What upholding would change; None once the appeal is closed."""
    subject: AppealSubject
    masked: bool = False


class AppealFileReader:
    """Reads the files of appeals."""

    def __init__(
        self,
        *,
        store: AppealStore,
        decisions: DecisionLookup,
        lists: ListAccess,
        changes: LiftChanges,
        origins: Origins,
    ) -> None:
        self._store = store
        self._decisions = decisions
        self._lists = lists
        self._changes = changes
        self._origins = origins

    async def gather(self, appeal: Appeal) -> AppealFile:
        """Gather the whole file, whatever the caller's role; the caller masks it.

        Entries, decisions and appeals beyond the caller's regions are left out.
        """
        verdict, recent, others, found = await asyncio.gather(
            self._verdict(appeal),
            self._decisions.recent(appeal.subject) if _has_subject(appeal) else _nothing(),
            self._others(appeal),
            self._found(appeal),
        )
        then = [entry_snapshots.read(entry) for entry in appeal.entries]
        recent = _shown_decisions(recent, found, then)
        found = replace(found, entries=list(filter(sees_entry, found.entries)))
        return AppealFile(
            decision=appeal.decision,
            entries_then=then,
            found=found,
            hits=await self._lists.hits([*then, *found.entries]),
            change_ids=await self._change_ids([*then, *found.entries]),
            verdict=verdict,
            recent=recent,
            others=others,
            plan=await self._plan(appeal),
            subject=appeal.subject,
        )

    async def _change_ids(self, entries: Sequence[Entry]) -> dict[str, str]:
        # Entries then and now may be identical, or the same pattern entered again.
        first = {entry.entry_id: entry for entry in reversed(entries)}
        found: dict[str, str] = {}
        for name, entry in list(first.items())[:MOST_ORIGINS]:
            if change_id := await self._origins.of(entry):
                found[name] = change_id
        return found

    async def _verdict(self, appeal: Appeal) -> str:
        return await self._decisions.verdict(appeal.decision_id) if appeal.decision_id else ""

    async def _others(self, appeal: Appeal) -> list[Appeal]:
        if not _has_subject(appeal):
            return []
        found = await self._store.about(appeal.subject, MOST_OTHERS + 1)
        others = [one for one in found if one.appeal_id != appeal.appeal_id and may_review(one)]
        return list(map(masking.appeal, others))

    async def _found(self, appeal: Appeal) -> MatchingEntries:
        if not _has_subject(appeal):
            return MatchingEntries(entries=[], version=0, protected_because="")
        return await self._lists.find(appeal.subject.pattern)

    async def _plan(self, appeal: Appeal) -> LiftPlan | None:
        if not appeal.is_open:
            return None
        plan = await self._changes.planned(appeal)
        return replace(plan, removals=list(filter(sees_entry, plan.removals)))


def _shown_decisions(recent: Recent, found: MatchingEntries, then: Sequence[Entry]) -> Recent:
    """Leave out decisions by entries that are not there for the caller."""
    if not identity.current().regions:
        return recent
    seen = {"", *(one.entry_id for one in (*found.entries, *then) if sees_entry(one))}
    shown = [one for one in recent.decisions if one.get("entry_id", "") in seen]
    hidden = len(recent.decisions) - len(shown)
    return replace(recent, decisions=shown, total=recent.total - hidden)


def masked(evidence: AppealFile) -> AppealFile:
    """Hide the parties of decisions; patterns are masked as they are written, see `shown`."""
    return replace(
        evidence,
        decision=masking.decision(evidence.decision),
        recent=replace(
            evidence.recent,
            decisions=[masking.decision(one) for one in evidence.recent.decisions],
        ),
        masked=True,
    )


def shown(pattern: str, evidence: AppealFile) -> str:
    """Return what may be shown of a pattern: in masked evidence not that of the subject itself."""
    hides = evidence.masked and pattern == evidence.subject.pattern
    return masking.subject(evidence.subject).pattern if hides else pattern


def _has_subject(appeal: Appeal) -> bool:
    # Erased appeals have no subject.
    return bool(appeal.subject.pattern)


async def _nothing() -> Recent:
    return Recent()
