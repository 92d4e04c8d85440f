"""Escalation schedule: takes the next step of a case when the last did not work in time.

The due date is part of the case, and the index of open cases is sorted by it; there are no other
timers. Commits are optimistic, so two processes never take the same step twice; a lock only saves
them the work. When a case is due:

* A message was delivered, and at this tier a message is enough: nothing more is due.
* The plan of the tier has a next step: its message is queued.
* It has none: the case needs a person, and is listed first.

Other events move the due date:

* A failed message makes the next step due at once.
* A message delayed by quiet hours or limits postpones the next step, so that a person is not called
  before they could read the message.
* Calls that nobody answered raise tier medium to high where the plan has no further step.
* After an opt-out nothing more is due at that tier.
* A case that an officer has taken is not escalated.
"""

import logging
from collections.abc import Callable, Sequence
from itertools import count, takewhile

from fanzha.errors import VersionConflict
from infra.periodic import run_periodically
from infra.redis.client import Client
from infra.redis.lease import Lease
from services.warning import keys
from services.warning.cases import opening
from services.warning.cases.events import CaseEvent, EventKind, MessageRef
from services.warning.cases.listing import CaseListing
from services.warning.cases.model import Case, CaseState
from services.warning.cases.opening import Router
from services.warning.cases.store import CaseStore
from services.warning.model import Tier

logger = logging.getLogger(__name__)
SCHEDULE = "schedule"
"""Author of the events of the schedule."""
UNREACHED = "unreached"
"""Pseudo policy line of a tier that was raised because the person was not reached."""
_PATIENCE_MS = 24 * 3_600_000
"""Time an officer has for a case whose tier has no steps."""
_LOCK = "fanzha:warning:schedule:lock"
_LOCK_MS = 30_000
_WAITING_STATES = frozenset({CaseState.NEW, CaseState.ROUTED, CaseState.WARNED})


class Schedule:
    """Takes due steps, until cancelled."""

    def __init__(
        self,
        *,
        client: Client,
        store: CaseStore,
        listing: CaseListing,
        router: Router,
        now_ms: Callable[[], int],
        owner: str,
        message_is_enough: Tier = Tier.LOW,
        every_seconds: float = 10.0,
        counted: Callable[[str], None] = lambda _what: None,
    ) -> None:
        self._lease = Lease(client, _LOCK, owner=owner, duration_ms=_LOCK_MS)
        self._store = store
        self._listing = listing
        self._router = router
        self._now_ms = now_ms
        self._enough = message_is_enough
        self._every_seconds = every_seconds
        self._counted = counted

    async def run(self) -> None:
        """Take due steps every few seconds."""

        async def look() -> None:
            if await self._lease.acquire():
                await self.step()

        await run_periodically(
            look, every_seconds=self._every_seconds, task="warning schedule", logger=logger
        )

    async def step(self) -> int:
        """Take due steps; return the number of changed cases."""
        now, changed = self._now_ms(), 0
        async for case, _ in self._listing.walk(only_open=True, since=keys.FIRST_DATE, until=now):
            if due(case, self._router, now, enough=self._enough):
                changed += await self._change(case.id)
        return changed

    async def _change(self, case_id: str) -> bool:
        taken: list[CaseEvent] = []

        def events(case: Case) -> Sequence[CaseEvent]:
            taken[:] = due(case, self._router, self._now_ms(), enough=self._enough)
            return taken

        try:
            await self._store.change(case_id, events)
        except VersionConflict:
            return False  # changing right now: retried in the next round
        if taken:
            self._counted(taken[-1].kind.value)
        return bool(taken)


def due(case: Case, router: Router, now_ms: int, *, enough: Tier = Tier.LOW) -> list[CaseEvent]:
    """Return the events of a due step; empty if nothing is due."""
    if case.state not in _WAITING_STATES or not 0 < case.due_at_ms <= now_ms:
        return []
    tier = case.tier or Tier.LOW
    if case.reached_at_ms and tier <= enough:
        return [_noted(now_ms, "a message was delivered; at this tier nothing more is due", 0)]
    why = "the last message failed" if _failed(case) else "the last step did not work in time"
    number = case.step + 1
    step = router.step(tier, number)
    if step is None:
        return [_escalated(now_ms, f"{why}; there is no further step: a person is needed")]
    return [
        _escalated(now_ms, f"{why}; next: {step.channel}"),
        opening.step_queued(case, tier, number, step, now_ms, by=SCHEDULE),
    ]


def expedite(case: Case, now_ms: int) -> list[CaseEvent]:
    """Make the next step due now, if the last message failed."""
    if case.state not in _WAITING_STATES or case.due_at_ms <= now_ms or not _failed(case):
        return []
    return [_noted(now_ms, "the message failed: the next step is due now", now_ms)]


def unanswered(case: Case, router: Router, now_ms: int) -> list[CaseEvent]:
    """Escalate after nobody answered the calls, as after an officer who could not reach them."""
    if case.state not in _WAITING_STATES or not case.due_at_ms or not _failed(case):
        return []
    return escalate_unreached(case, router, now_ms, by=SCHEDULE)


def opted_out(case: Case, now_ms: int) -> list[CaseEvent]:
    """Clear the due date after the last message was withheld by an opt-out."""
    if case.state not in _WAITING_STATES or not case.due_at_ms or not _failed(case):
        return []
    return [_noted(now_ms, "the person opted out: at this tier nothing more is due", 0)]


def already_informed(case: Case, now_ms: int, *, enough: Tier = Tier.LOW) -> list[CaseEvent]:
    """Clear the due date after a duplicate text, at tiers where a message is enough.

    At other tiers the next step keeps its date.
    """
    if (case.tier or Tier.LOW) > enough or case.state not in _WAITING_STATES or not case.due_at_ms:
        return []
    if not _failed(case):
        return []
    return [_noted(now_ms, "another message had the same text: nothing more is due", 0)]


def postpone(
    case: Case, router: Router, message: MessageRef, until_ms: int, now_ms: int, *, why: str
) -> list[CaseEvent]:
    """Postpone the next step, if the last message may not be sent before *until_ms*."""
    waits = list(case.messages.items())[-1:] == [(message.id, EventKind.QUEUED.value)]
    step = router.step(case.tier or Tier.LOW, message.step)
    if case.state not in _WAITING_STATES or not waits or step is None:
        return []
    due_at_ms = until_ms + step.within_ms
    if not 0 < case.due_at_ms < due_at_ms:
        return []
    return [_noted(now_ms, f"the {message.channel} message is delayed: {why}", due_at_ms)]


def escalate_unreached(case: Case, router: Router, now_ms: int, *, by: str) -> list[CaseEvent]:
    """Escalate after an officer could not contact the person.

    Takes the next step, else the first step of tier high. Without any step left the officer gets a
    new due date, or an untaken case needs a person.
    """
    tier, number = case.tier or Tier.LOW, case.step + 1
    step, raised = router.step(tier, number), list[CaseEvent]()
    why = "the person could not be reached"
    if step is None and tier < Tier.HIGH:
        tier, number = Tier.HIGH, 0
        step = router.step(tier, number)
        raised = [
            CaseEvent(
                kind=EventKind.TIERED,
                at_ms=now_ms,
                by=by,
                why=why,
                tier=tier,
                lines=(*case.lines, UNREACHED),
                policy=case.policy,
            )
        ]
    if step is not None:
        queued = opening.step_queued(case, tier, number, step, now_ms, by=by)
        return [*raised, _escalated(now_ms, f"{why}; next: {step.channel}", by=by), queued]
    again = now_ms + patience_ms(router, tier) if case.state is CaseState.DISSUADING else 0
    return [*raised, _escalated(now_ms, f"{why}; there is no further step", by=by, due=again)]


def patience_ms(router: Router, tier: Tier) -> int:
    """Return the time an officer has for a case: that of the last step of its tier."""
    steps = takewhile(bool, (router.step(tier, number) for number in count()))
    return max((step.within_ms for step in list(steps)[-1:] if step), default=_PATIENCE_MS)


def _failed(case: Case) -> bool:
    """Whether the last queued message failed."""
    last = list(case.messages.values())[-1:]
    return last == [EventKind.FAILED.value]


def _noted(now_ms: int, why: str, due_at_ms: int) -> CaseEvent:
    return CaseEvent(kind=EventKind.NOTED, at_ms=now_ms, by=SCHEDULE, why=why, due_at_ms=due_at_ms)


def _escalated(now_ms: int, why: str, *, by: str = SCHEDULE, due: int = 0) -> CaseEvent:
    return CaseEvent(kind=EventKind.ESCALATED, at_ms=now_ms, by=by, why=why, due_at_ms=due)
