"""Takes the next step of a case once the last has not worked in time.

When a step is due stands with the case, and the index of open cases is sorted by it: there is no
second list of timers that could differ. Changing a case is refused when somebody else changed it,
and is then judged anew, so two processes never take the same step twice; a lock saves them the
work. What happens when a step is due:

* The person was reached, and the tier is one where a message is enough: nothing more is due.
* There is a next step in the plan of the tier: its warning is queued.
* There is none: the case waits for a person of the county, and says so; lists have it first.

A message that failed is not waited for: the next step is due at once. One that may not go out yet
has its time from when it may, so that nobody is called before they could read, or both at once in
the morning. Who opted out is left alone at that tier. Cases that a person deals with are theirs,
whatever is due.
"""

import logging
from collections.abc import Callable, Sequence
from itertools import count, takewhile

from fanzha.errors import VersionConflict
from infra.periodic import run_periodically
from infra.redis.client import Client, within
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
"""Who takes steps, on record."""
UNREACHED = "unreached"
"""Stands among the lines of a policy for a tier that was raised because nobody answered."""
_PATIENCE_MS = 24 * 3_600_000
"""For a tier without steps."""
_LOCK = "fanzha:warning:schedule:lock"
_LOCK_MS = 30_000
_SECONDS = 4.0
_WAITING_STATES = frozenset({CaseState.NEW, CaseState.ROUTED, CaseState.WARNED})


class Schedule:
    """Takes due steps until cancelled."""

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
        every_seconds: float = 2.0,
        counted: Callable[[str], None] = lambda _what: None,
    ) -> None:
        self._client = client
        self._store = store
        self._listing = listing
        self._router = router
        self._now_ms = now_ms
        self._owner = owner
        self._enough = message_is_enough
        self._every_seconds = every_seconds
        self._counted = counted

    async def run(self) -> None:
        """Look for what is due, every few seconds."""

        async def look() -> None:
            if await self._alone():
                await self.step()

        await run_periodically(
            look, every_seconds=self._every_seconds, task="warning schedule", logger=logger
        )

    async def step(self) -> int:
        """Take what is due; return how many cases changed."""
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
            return False  # it is changing: looked at again soon
        if taken:
            self._counted(taken[-1].kind.value)
        return bool(taken)

    async def _alone(self) -> bool:
        """Tell whether nobody else looks; the lock ends by itself when its owner died."""
        async with within(_SECONDS):
            if await self._client.set(_LOCK, self._owner, nx=True, px=_LOCK_MS):
                return True
            if await self._client.get(_LOCK) != self._owner:
                return False
            await self._client.pexpire(_LOCK, _LOCK_MS)
            return True


def due(case: Case, router: Router, now_ms: int, *, enough: Tier = Tier.LOW) -> list[CaseEvent]:
    """Return what happens to a case now; nothing while nothing is due."""
    if case.state not in _WAITING_STATES or not 0 < case.due_at_ms <= now_ms:
        return []
    tier = case.tier or Tier.LOW
    if case.reached_at_ms and tier <= enough:
        return [_noted(now_ms, "the person was reached; at this tier nothing more is due", 0)]
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
    """Make the next step due at once, when the message of the last one failed."""
    if case.state not in _WAITING_STATES or case.due_at_ms <= now_ms or not _failed(case):
        return []
    return [_noted(now_ms, "the message failed: the next step is due now", now_ms)]


def opted_out(case: Case, now_ms: int) -> list[CaseEvent]:
    """Let nothing more be due at its tier, when the last message failed because of an opt-out."""
    if case.state not in _WAITING_STATES or not case.due_at_ms or not _failed(case):
        return []
    return [_noted(now_ms, "the person opted out: at this tier nothing more is due", 0)]


def already_informed(case: Case, now_ms: int, *, enough: Tier = Tier.LOW) -> list[CaseEvent]:
    """Let nothing more be due, where a message is enough, and another told the person the same.

    Where it is not, the next step keeps its time.
    """
    if (case.tier or Tier.LOW) > enough or case.state not in _WAITING_STATES or not case.due_at_ms:
        return []
    if not _failed(case):
        return []
    return [_noted(now_ms, "another message told the person the same: nothing more is due", 0)]


def postpone(
    case: Case, router: Router, message: MessageRef, until_ms: int, now_ms: int, *, why: str
) -> list[CaseEvent]:
    """Let the next step wait, when its last message may not go out before *until_ms*."""
    waits = list(case.messages.items())[-1:] == [(message.id, EventKind.QUEUED.value)]
    step = router.step(case.tier or Tier.LOW, message.step)
    if case.state not in _WAITING_STATES or not waits or step is None:
        return []
    due_at_ms = until_ms + step.within_ms
    if not 0 < case.due_at_ms < due_at_ms:
        return []
    return [_noted(now_ms, f"the {message.channel} message waits: {why}", due_at_ms)]


def escalate_unreached(case: Case, router: Router, now_ms: int, *, by: str) -> list[CaseEvent]:
    """Raise a case whose person could not be reached: its next step, else the highest tier's first.

    Where that has none either, somebody must go on trying: whoever has the case, by a new date,
    or somebody who takes it.
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
    """Return how long a person has for a case: as long as the last step of its tier."""
    steps = takewhile(bool, (router.step(tier, number) for number in count()))
    return max((step.within_ms for step in list(steps)[-1:] if step), default=_PATIENCE_MS)


def _failed(case: Case) -> bool:
    """Tell whether the message that was queued last failed."""
    last = list(case.messages.values())[-1:]
    return last == [EventKind.FAILED.value]


def _noted(now_ms: int, why: str, due_at_ms: int) -> CaseEvent:
    return CaseEvent(kind=EventKind.NOTED, at_ms=now_ms, by=SCHEDULE, why=why, due_at_ms=due_at_ms)


def _escalated(now_ms: int, why: str, *, by: str = SCHEDULE, due: int = 0) -> CaseEvent:
    return CaseEvent(kind=EventKind.ESCALATED, at_ms=now_ms, by=by, why=why, due_at_ms=due)
