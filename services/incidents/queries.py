"""Selects incidents, and counts stages, leads and what came of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from services.incidents.model import HandlingStage, Incident, LeadOutcome, LeadState


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFilter:
    """Which incidents; what is not given selects all."""

    stage: int = 0
    fraud_type: int = 0
    region: str = ""
    owner: str = ""
    department: str = ""
    """With a lead to this department."""
    overdue_only: bool = False
    open_only: bool = False
    text: str = ""

    def has(self, one: Incident, now_ms: int) -> bool:
        """Whether an incident is selected."""
        return (
            (not self.stage or one.stage == self.stage)
            and (not self.fraud_type or one.fraud_type == self.fraud_type)
            and one.region.startswith(self.region)
            and (not self.owner or one.owner == self.owner)
            and (not self.department or any(x.department == self.department for x in one.leads))
            and (not self.overdue_only or one.overdue(now_ms))
            and (not self.open_only or one.is_open)
            and (not self.text or one.mentions(self.text.lower()))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentCount:
    """How the leads to one department stand."""

    department: str
    waiting: int = 0
    """Sent or received, and not answered."""
    overdue: int = 0
    answered: int = 0
    useful: int = 0
    """Answered with a case, a penalty or measures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentSelection:
    """The incidents of a filter: a page of them, and counts of all."""

    page: Sequence[Incident]
    next_start: int
    """0: there are no more."""
    total: int
    overdue: int
    by_stage: dict[HandlingStage, int]
    departments: Sequence[DepartmentCount]


_USEFUL = frozenset({LeadOutcome.CASE_FILED, LeadOutcome.PENALTY, LeadOutcome.MEASURES})


def select(
    incidents: Sequence[Incident], wanted: IncidentFilter, start: int, count: int, now_ms: int
) -> IncidentSelection:
    """Select incidents; open ones first, by the nearest deadline."""
    found = sorted((one for one in incidents if wanted.has(one, now_ms)), key=_urgency)
    end = start + count
    return IncidentSelection(
        page=found[start:end],
        next_start=end if end < len(found) else 0,
        total=len(found),
        overdue=sum(one.overdue(now_ms) for one in found),
        by_stage=dict(Counter(one.stage for one in found)),
        departments=_departments(found, now_ms),
    )


def _urgency(one: Incident) -> tuple[bool, bool, int, int]:
    return (not one.is_open, not one.due_ms, one.due_ms, -one.incident_id)


def _departments(incidents: Sequence[Incident], now_ms: int) -> list[DepartmentCount]:
    leads = [lead for one in incidents for lead in one.leads]
    waits = (LeadState.SENT, LeadState.RECEIVED)
    return [
        DepartmentCount(
            department=name,
            waiting=sum(x.department == name and x.state in waits for x in leads),
            overdue=sum(x.department == name and x.overdue(now_ms) for x in leads),
            answered=sum(x.department == name and x.state is LeadState.ANSWERED for x in leads),
            useful=sum(x.department == name and x.outcome in _USEFUL for x in leads),
        )
        for name in dict.fromkeys(x.department for x in leads)
    ]
