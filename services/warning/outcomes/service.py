"""Learns from how a case ended, once for each case and list entry, however often it is told.

========== =====================================================================================
outcome    what follows
========== =====================================================================================
false      the standing of its list entries has fallen with it (`standing`); under the floor, the
alarm      removal of the entry is proposed, one open request an entry (`entry_lessons`)
lost       the standing of its list entries has risen; an entry to block each of its means is
money      proposed, where none blocks it and nothing speaks against it (`losses`)
========== =====================================================================================

Requests wait for a person (`proposing`). An entry that another request holds is looked at again
later, and holds up no other case. What was done is kept with the case, and noted on it.
"""

from collections.abc import Callable, Sequence

from fanzha.errors import InvalidInput, NotFound, VersionConflict
from infra.redis.consumer_group import StreamEntry
from infra.redis.delay_queue import DelayQueue
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind
from services.warning.cases.model import Case
from services.warning.cases.projections import INFORMATIVE_OUTCOMES
from services.warning.cases.store import CaseStore
from services.warning.outcomes.applied_log import ASKED, NOTED, AppliedLog, OutcomeAction
from services.warning.outcomes.entry_actions import EntryActions
from services.warning.outcomes.losses import LossProposals

GROUP = "outcomes"
AGAIN_MS = 3_600_000
"""After so long an entry is looked at again that another request holds."""


class OutcomeService:
    """Handles entries of the stream of cases that teach."""

    def __init__(
        self,
        *,
        store: CaseStore,
        learned: AppliedLog,
        entries: EntryActions,
        losses: LossProposals,
        later: DelayQueue,
        now_ms: Callable[[], int],
        counted: Callable[[str, str], None] = lambda _outcome, _what: None,
    ) -> None:
        self._store = store
        self._learned = learned
        self._entries = entries
        self._losses = losses
        self._later = later
        self._now_ms = now_ms
        self._counted = counted

    async def handle(self, entries: Sequence[StreamEntry]) -> None:
        """Learn of some cases; repeats do nothing."""
        for entry in entries:
            case_id = entry.fields.get("case_id", "")
            try:
                case = await self._store.get(case_id)
            except NotFound as error:
                raise InvalidInput(f"case_id: {error}: it was forgotten, or never was") from error
            if case.outcome in INFORMATIVE_OUTCOMES and not await self._all_done(
                case, case.outcome
            ):
                await self._later.put(entry.fields, self._now_ms() + AGAIN_MS)

    async def _all_done(self, case: Case, outcome: CaseOutcome) -> bool:
        """Do what is still to be done about a case; False while some of it has to wait."""
        done = await self._learned.of(case.id)
        if NOTED in done:
            self._counted(outcome.value, "already")
            return True
        begun, all_done = bool(done), True
        for lesson in await self._lessons(case, outcome):
            before = done.get(lesson.field, "")
            if before not in ("", ASKED):
                continue
            try:
                done[lesson.field] = await lesson.do(before == ASKED)
            except VersionConflict:
                self._counted(outcome.value, "waits")
                all_done = False
                continue
            await self._learned.note(case.id, lesson.field, done[lesson.field])
            self._counted(outcome.value, done[lesson.field].partition(":")[0])
        if all_done:
            await self._tell(case, [done[name] for name in sorted(done)], begun=begun)
        return all_done

    async def _lessons(self, case: Case, outcome: CaseOutcome) -> list[OutcomeAction]:
        events = await self._store.history(case.id)
        if outcome is CaseOutcome.LOST_MONEY:
            return [*self._entries.of_loss(case, events), *self._losses.lessons(case)]
        return self._entries.of_false_alarm(case, events)

    async def _tell(self, case: Case, said: Sequence[str], *, begun: bool) -> None:
        """Note on the case what was done, unless whoever began before us has noted it."""
        if said and not (begun and await self._told(case.id)):
            event = CaseEvent(
                kind=EventKind.NOTED, at_ms=self._now_ms(), by=GROUP, why="; ".join(said)
            )
            await self._store.change(case.id, lambda _case: [event])
        await self._learned.note(case.id, NOTED, str(self._now_ms()))

    async def _told(self, case_id: str) -> bool:
        events = await self._store.history(case_id)
        return any(event.kind is EventKind.NOTED and event.by == GROUP for event in events)
