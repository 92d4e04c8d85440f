"""What the end of a dialogue does to its case, whichever way the person was talked to."""

from collections.abc import Sequence

from services.warning.cases.events import CaseEvent, EventKind
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

    None where the dialogue goes on, or nobody has to act.
    """
    found: list[CaseEvent] = []
    if outcome is RobotOutcome.PAID and case.tier is not Tier.HIGH:
        found.append(_raised(case, now_ms, by))
    if outcome in HANDS_OVER and case.state is not CaseState.DISSUADING:
        found.append(_handed_over(outcome, now_ms, by))
    return found


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


def _handed_over(outcome: RobotOutcome, now_ms: int, by: str) -> CaseEvent:
    return CaseEvent(
        kind=EventKind.ESCALATED,
        at_ms=now_ms,
        by=by,
        why=f"the robot hands over: {outcome.value}",
        due_at_ms=0,
    )
