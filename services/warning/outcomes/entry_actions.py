"""Actions about the list entries that matched in a case: reliability changes, or removal."""

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
"""Newest false alarms named in a proposal."""
LOOKED_BACK_MS = 30 * 86_400_000
"""Period searched for other false alarms, among the first `MOST_SCANNED` cases closed in it."""


class EntryActions:
    """Builds the actions; the outcome itself was counted when the case was closed."""

    def __init__(
        self,
        *,
        listing: CaseListing,
        records: EntryOutcomeStore,
        applied: AppliedLog,
        proposals: ProposalService,
        rule: RetirementRule,
        now_ms: Callable[[], int],
    ) -> None:
        self._listing = listing
        self._now_ms = now_ms
        self._records = records
        self._applied = applied
        self._proposals = proposals
        self._rule = rule

    def of_false_alarm(self, case: Case, events: Sequence[CaseEvent]) -> list[OutcomeAction]:
        """For each matching list entry: record its lower reliability, or propose its removal."""
        matched = _matched(events, case.entries)
        return [
            OutcomeAction(field=_field(one), run=partial(self._lower, case.id, one, where))
            for one, where in matched.items()
        ]

    def of_loss(self, case: Case, events: Sequence[CaseEvent]) -> list[OutcomeAction]:
        """For each matching list entry: record its higher reliability."""
        matched = _matched(events, case.entries)
        return [
            OutcomeAction(field=f"raise:{one}", run=partial(self._raise, one, where))
            for one, where in matched.items()
        ]

    async def _raise(self, entry_id: str, where: str, requested: bool) -> str:  # noqa: ARG002
        entry = await self._find_blocking(entry_id, where)
        if entry is None:
            return _gone(entry_id)
        record = await self._records.get(entry_id)
        return f"raised: {entry.pattern}, reliability {record.tally.reliability:.2f}"

    async def _lower(self, case_id: str, entry_id: str, where: str, requested: bool) -> str:
        entry = await self._find_blocking(entry_id, where)
        if entry is None:
            return _gone(entry_id)
        record = await self._records.get(entry_id)
        reliability = f"reliability {record.tally.reliability:.2f}"
        if not self._rule.proposes_removal(record.tally, record.proposed_at_false) or (
            record.proposed and await self._proposals.is_open(record.proposed)
        ):
            return f"lowered: {entry.pattern}, {reliability}"
        reason = removal_reason(
            record.tally, self._rule, await self._false_alarm_cases(entry_id, case_id)
        )
        change = await self._applied.request_once(
            case_id,
            _field(entry_id),
            lambda: self._proposals.remove(entry, reason),
            requested=requested,
        )
        proposed = {"proposed": str(change), "proposed_at_false": str(record.tally.false)}
        await self._records.write(entry_id, proposed)
        if not change:
            return f"already: {entry.pattern}, its removal was requested before"
        return f"proposed: change {change} removes {entry.pattern}, {reliability}"

    async def _false_alarm_cases(self, entry_id: str, case_id: str) -> list[str]:
        """Return this case, and the newest others in which the entry was a false alarm."""
        newest: deque[str] = deque(maxlen=MOST_NAMED)
        scanned, since = 0, self._now_ms() - LOOKED_BACK_MS
        async for case, _ in self._listing.walk(indexes=[JUDGED], since=since):
            scanned += 1
            if case.outcome is CaseOutcome.FALSE_ALARM and entry_id in case.entries:
                newest.appendleft(case.id)
            if scanned >= MOST_SCANNED:
                break
        return list(dict.fromkeys([case_id, *newest]))[:MOST_NAMED]

    async def _find_blocking(self, entry_id: str, where: str) -> Entry | None:
        """Find the entry if it still blocks, and record its pattern and source."""
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
            results = {"kind": entry.kind.name.lower(), "pattern": entry.pattern}
            await self._records.write(entry_id, results | {"source": entry.source.name.lower()})
        return entry


def removal_reason(tally: OutcomeTally, rule: RetirementRule, cases: Sequence[str]) -> str:
    """Return the reason of a proposed removal: statistics and some of the cases."""
    return (
        f"reliability {tally.reliability:.2f}, below {rule.floor:g}: of its closed cases, "
        f"{tally.false} were false alarms, {tally.confirmed} lost money and {tally.uninformative} "
        f"had other outcomes; false alarms: cases {', '.join(cases)}"
    )


def _matched(events: Sequence[CaseEvent], entries: Sequence[str]) -> Mapping[str, str]:
    """Return the pattern by which to find each matching entry, by entry id."""
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
