"""What a dialogue does to its case at its end, whichever way the person was talked to.

Who has paid raises the tier, is handed to an officer, and once in a case to the stop-payment desk
(`services.warning.stop_payment`): also after the end of a dialogue, and in a closed case.
"""

from collections.abc import Sequence

from services.warning.cases.events import CaseEvent, EventKind, HeardReply, StopPaymentStep
from services.warning.cases.model import Case, CaseState
from services.warning.model import Tier
from services.warning.robot.script import HANDS_OVER, RobotOutcome

ROBOT = "robot"
"""Author of the robot's events."""
PAID_LINE = "paid"
"""Pseudo policy line of a tier that was raised because the person has paid."""


def outcome_events(
    case: Case, outcome: RobotOutcome | None, now_ms: int, *, by: str = ROBOT
) -> Sequence[CaseEvent]:
    """Return the events of an end: the tier is raised where something was paid, an officer goes on.

    None where the dialogue goes on, or nobody has to act. Of a closed case, only its stop payment.
    """
    found: list[CaseEvent] = []
    if outcome is RobotOutcome.PAID and case.open and case.tier is not Tier.HIGH:
        found.append(_raised(case, now_ms, by))
    if outcome is RobotOutcome.PAID and case.stop_payment is None:
        found.append(_stop_payment(now_ms, by))
    if outcome in HANDS_OVER and case.open and case.state is not CaseState.DISSUADING:
        found.append(_handed_over(outcome, now_ms, by))
    return found


def said(reply: HeardReply, now_ms: int, *, by: str = ROBOT) -> CaseEvent:
    """Return the note of what a person said; the stop-payment desk and officers read it."""
    way = f" ({reply.before} → {reply.after})" if reply.before else ""
    return CaseEvent(
        kind=EventKind.NOTED,
        at_ms=now_ms,
        by=by,
        why=f"reply understood as {reply.meaning}{way}: {reply.text}",
        reply=reply,
    )


def _raised(case: Case, now_ms: int, by: str) -> CaseEvent:
    return CaseEvent(
        kind=EventKind.TIERED,
        at_ms=now_ms,
        by=by,
        why="the person has paid",
        tier=Tier.HIGH,
        lines=(*case.lines, PAID_LINE),
        policy=case.policy,
    )


def _stop_payment(now_ms: int, by: str) -> CaseEvent:
    return CaseEvent(
        kind=EventKind.NOTED,
        at_ms=now_ms,
        by=by,
        why="to the stop-payment desk",
        stop_payment=StopPaymentStep.DUE,
    )


def _handed_over(outcome: RobotOutcome, now_ms: int, by: str) -> CaseEvent:
    return CaseEvent(
        kind=EventKind.ESCALATED,
        at_ms=now_ms,
        by=by,
        why=f"the robot hands over: {outcome.value}",
        due_at_ms=0,
    )
