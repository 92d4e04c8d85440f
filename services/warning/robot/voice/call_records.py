"""What calls leave behind: notes and events of their case, counts of the report, opt-outs.

Only this process knows how a call went, so each record is retried until the store has it.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence

from fanzha.errors import NotFound
from infra.periodic import retry_until_available
from services.warning.cases.events import CaseEvent, EventKind, HeardReply
from services.warning.cases.model import Case
from services.warning.cases.store import CaseStore
from services.warning.robot.dialogue import RobotDialogue
from services.warning.robot.opt_outs import OptOuts, opt_out_of_advice
from services.warning.robot.outcome_events import ROBOT, outcome_events, said
from services.warning.robot.script import RobotOutcome
from services.warning.robot.store import RobotStore

logger = logging.getLogger(__name__)
_MOST_CHARACTERS = 1_500


class CallRecords:
    """Writes records of calls."""

    def __init__(
        self,
        *,
        cases: CaseStore,
        store: RobotStore,
        opt_outs: OptOuts,
        now_ms: Callable[[], int],
    ) -> None:
        self._cases = cases
        self._store = store
        self._opt_outs = opt_outs
        self._now_ms = now_ms

    async def case(self, case_id: str) -> Case | None:
        """Return a case; None where it has expired. Raises `Unavailable` while Redis is away."""
        (found,) = await self._cases.find([case_id])
        return found

    async def ended(
        self, case_id: str, victim: str, outcome: RobotOutcome, reply: HeardReply | None
    ) -> None:
        """Do what an end demands: raise the tier, hand over, opt out; note the key that led there.

        Who has paid, is handed over although the case may be closed by now.
        """
        now = self._now_ms()

        def events(case: Case) -> Sequence[CaseEvent]:
            then = outcome_events(case, outcome, now)
            heard = [said(reply, now)] if reply and (case.open or then) else []
            return [*heard, *then]

        await self._change(case_id, events)
        if outcome is RobotOutcome.STOPPED:
            await self._retried(lambda: opt_out_of_advice(self._opt_outs, victim))

    async def counted(self, message_id: str, dialogue: RobotDialogue) -> None:
        """Count a dialogue by its script."""
        await self._retried(lambda: self._store.save_call(message_id, dialogue))

    async def noted(self, case_id: str, what: str) -> None:
        """Note how a call went: events, never audio."""
        note = CaseEvent(
            kind=EventKind.NOTED, at_ms=self._now_ms(), by=ROBOT, why=what[:_MOST_CHARACTERS]
        )
        await self._change(case_id, lambda case: [note] if case.open else ())

    async def _change(self, case_id: str, events: Callable[[Case], Sequence[CaseEvent]]) -> None:
        async def change() -> None:
            try:
                await self._cases.change(case_id, events)
            except NotFound:
                return

        await self._retried(change)

    async def _retried(self, call: Callable[[], Awaitable[object]]) -> None:
        await retry_until_available(call, task="records of calls", logger=logger)
