"""What an outcome says of the list entries behind a case: they rise or fall, or should go."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from blocklists.entries import Entry, EntryMode
from fanzha.decisions import Action
from services.warning.cases.events import CaseEvent, CaseOutcome
from services.warning.cases.listing import MOST_SCANNED, CaseListing
from services.warning.cases.model import Case
from services.warning.cases.projections import JUDGED
from services.warning.outcomes.applied_log import AppliedLog, OutcomeAction
from services.warning.outcomes.entry_outcomes import EntryOutcomeStore
from services.warning.outcomes.proposals import ProposalService
from services.warning.outcomes.reliability import OutcomeTally, RetirementRule

MOST_NAMED = 10
"""False alarms that are named in a proposal, the newest."""
LOOKED_BACK_MS = 30 * 86_400_000
"""So far back others are looked for, among the first `MOST_SCANNED` closed since."""


class EntryActions:
    """Looks entries up; how cases ended was counted when they were closed."""

    def __init__(
        self,
        *,
        listing: CaseListing,
        records: EntryOutcomeStore,
        learned: AppliedLog,
        proposals: ProposalService,
        rule: RetirementRule,
        now_ms: Callable[[], int],
    ) -> None:
        self._listing = listing
        self._now_ms = now_ms
        self._records = records
        self._learned = learned
        self._proposals = proposals
        self._rule = rule

    def of_false_alarm(self, case: Case, events: Sequence[CaseEvent]) -> list[OutcomeAction]:
        """Return one for each list entry that matched: it falls, or its removal is proposed."""
        matched = _matched(events, case.entries)
        return [
            OutcomeAction(field=_field(one), do=partial(self._lower, case.id, one, where))
            for one, where in matched.items()
        ]

    def of_loss(self, case: Case, events: Sequence[CaseEvent]) -> list[OutcomeAction]:
        """Return one for each list entry that matched: it rises."""
        matched = _matched(events, case.entries)
        return [
            OutcomeAction(field=f"raise:{one}", do=partial(self._raise, one, where))
            for one, where in matched.items()
        ]

    async def _raise(self, entry_id: str, where: str, asked: bool) -> str:  # noqa: ARG002
        entry = await self._looked_up(entry_id, where)
        if entry is None:
            return _gone(entry_id)
        record = await self._records.get(entry_id)
        return f"raised: {entry.pattern}, standing {record.tally.standing:.2f}"

    async def _lower(self, case_id: str, entry_id: str, where: str, asked: bool) -> str:
        entry = await self._looked_up(entry_id, where)
        if entry is None:
            return _gone(entry_id)
        record = await self._records.get(entry_id)
        standing = f"standing {record.tally.standing:.2f}"
        if not self._rule.asks_removal(record.tally, record.proposed_at_false) or (
            record.proposed and await self._proposals.waits(record.proposed)
        ):
            return f"lowered: {entry.pattern}, {standing}"
        reason = removal_reason(record.tally, self._rule, await self._misled(entry_id, case_id))
        change = await self._learned.ask(
            case_id, _field(entry_id), lambda: self._proposals.remove(entry, reason), asked=asked
        )
        proposed = {"proposed": str(change), "proposed_at_false": str(record.tally.false)}
        await self._records.note(entry_id, proposed)
        if not change:
            return f"already: {entry.pattern}, its removal was requested before"
        return f"proposed: change {change} removes {entry.pattern}, {standing}"

    async def _misled(self, entry_id: str, case_id: str) -> list[str]:
        """Return this case, and the newest others in which an entry was a false alarm."""
        newest: deque[str] = deque(maxlen=MOST_NAMED)
        looked_at, since = 0, self._now_ms() - LOOKED_BACK_MS
        async for case, _ in self._listing.walk(index=JUDGED, since=since):
            looked_at += 1
            if case.outcome is CaseOutcome.FALSE_ALARM and entry_id in case.entries:
                newest.appendleft(case.id)
            if looked_at >= MOST_SCANNED:
                break
        return list(dict.fromkeys([case_id, *newest]))[:MOST_NAMED]

    async def _looked_up(self, entry_id: str, where: str) -> Entry | None:
        """Find an entry that blocks, and note what it is."""
        found = await self._proposals.find(where)
        now_s = self._now_ms() / 1000
        entry = next(
            (
                one
                for one in found.entries
                if one.entry_id == entry_id
                and one.action is Action.BLOCK
                and one.mode is EntryMode.ENFORCE
                and one.expires_at.timestamp() > now_s
            ),
            None,
        )
        if entry is not None:
            said = {"kind": entry.kind.name.lower(), "pattern": entry.pattern}
            await self._records.note(entry_id, said | {"source": entry.source.name.lower()})
        return entry


def removal_reason(tally: OutcomeTally, rule: RetirementRule, cases: Sequence[str]) -> str:
    """Say why an entry should go: figures, and some of the cases."""
    return (
        f"standing {tally.standing:.2f}, under {rule.floor:g}: of the closed cases it led to, "
        f"{tally.false} were false alarms, {tally.confirmed} lost money and {tally.silent} say "
        f"neither; false alarms: cases {', '.join(cases)}"
    )


def _matched(events: Sequence[CaseEvent], entries: Sequence[str]) -> Mapping[str, str]:
    """Return what to look an entry up by, for each that matched."""
    found: dict[str, str] = {}
    for event in events:
        warning = event.warning
        if warning is not None and warning.entry_id in entries:
            found.setdefault(warning.entry_id, warning.pattern or warning.means.value)
    return found


def _field(entry_id: str) -> str:
    return f"remove:{entry_id}"


def _gone(entry_id: str) -> str:
    return f"gone: list entry {entry_id} blocks no more"
