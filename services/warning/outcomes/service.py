"""Acts on outcomes of cases, once for each case and list entry. Idempotent.

===========  ====================================================================================
outcome      actions
===========  ====================================================================================
false alarm  the reliability of its list entries falls; below the floor the removal of an entry is
             proposed, one open change request per entry (`entry_actions`)
lost money   the reliability of its list entries rises; an entry to block each of its means is
             proposed, unless one exists or a guard forbids it (`losses`)
===========  ====================================================================================

A person decides on the proposals. An entry locked by another change request is retried later, and
does not delay other cases. Actions are logged with the case (`applied_log`) and noted on it.
"""

from collections.abc import Callable, Sequence

from fanzha.errors import InvalidInput, NotFound, VersionConflict
from infra.redis.consumer_group import StreamEntry
from infra.redis.delay_queue import DelayQueue
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind
from services.warning.cases.model import Case
from services.warning.cases.projections import INFORMATIVE_OUTCOMES
from services.warning.cases.store import CaseStore
from services.warning.outcomes.applied_log import NOTED, REQUESTED, AppliedLog, OutcomeAction
from services.warning.outcomes.entry_actions import EntryActions
from services.warning.outcomes.losses import LossProposals

GROUP = "outcomes"
AGAIN_MS = 3_600_000
"""Retry delay of an entry that another change request locks."""


class OutcomeService:
    """Handler for the stream of outcomes."""

    def __init__(
        self,
        *,
        store: CaseStore,
        applied: AppliedLog,
        entries: EntryActions,
        losses: LossProposals,
        delayed: DelayQueue,
        now_ms: Callable[[], int],
        counted: Callable[[str, str], None] = lambda _outcome, _what: None,
    ) -> None:
        self._store = store
        self._applied = applied
        self._entries = entries
        self._losses = losses
        self._delayed = delayed
        self._now_ms = now_ms
        self._counted = counted

    async def handle(self, entries: Sequence[StreamEntry]) -> None:
        """Act on closed cases. Idempotent."""
        for entry in entries:
            case_id = entry.fields.get("case_id", "")
            try:
                case = await self._store.get(case_id)
            except NotFound as error:
                raise InvalidInput(
                    "case_id: {error}: it has expired or never existed", error=error
                ) from error
            if case.outcome in INFORMATIVE_OUTCOMES and not await self._run_actions(
                case, case.outcome
            ):
                await self._delayed.put(entry.fields, self._now_ms() + AGAIN_MS)

    async def _run_actions(self, case: Case, outcome: CaseOutcome) -> bool:
        """Run the actions of a case that have no result yet; False if some must be retried."""
        done = await self._applied.of(case.id)
        if NOTED in done:
            self._counted(outcome.value, "already")
            return True
        started, complete = bool(done), True
        for action in await self._actions(case, outcome):
            before = done.get(action.field, "")
            if before not in ("", REQUESTED):
                continue
            try:
                done[action.field] = await action.run(before == REQUESTED)
            except VersionConflict:
                self._counted(outcome.value, "waits")
                complete = False
                continue
            await self._applied.write(case.id, action.field, done[action.field])
            self._counted(outcome.value, done[action.field].partition(":")[0])
        if complete:
            await self._add_note(case, [done[name] for name in sorted(done)], started=started)
        return complete

    async def _actions(self, case: Case, outcome: CaseOutcome) -> list[OutcomeAction]:
        events = await self._store.history(case.id)
        if outcome is CaseOutcome.LOST_MONEY:
            return [*self._entries.of_loss(case, events), *self._losses.actions(case)]
        return self._entries.of_false_alarm(case, events)

    async def _add_note(self, case: Case, results: Sequence[str], *, started: bool) -> None:
        """Add a note with the results to the case, unless an earlier run has."""
        if results and not (started and await self._is_noted(case.id)):
            event = CaseEvent(
                kind=EventKind.NOTED, at_ms=self._now_ms(), by=GROUP, why="; ".join(results)
            )
            await self._store.change(case.id, lambda _case: [event])
        await self._applied.write(case.id, NOTED, str(self._now_ms()))

    async def _is_noted(self, case_id: str) -> bool:
        events = await self._store.history(case_id)
        return any(event.kind is EventKind.NOTED and event.by == GROUP for event in events)
