"""Which incidents a list selects, and what it counts."""

from dataclasses import replace

import pytest

from services.incidents.model import (
    HandlingStage,
    Incident,
    IncidentPart,
    Lead,
    LeadOutcome,
    LeadState,
    PartKind,
)
from services.incidents.queries import IncidentFilter, select

NOW = 1_000
LEAD = Lead(lead_id=1, department="tax", purpose="p", legal_basis="b", state=LeadState.SENT)
LOAN = Incident(
    incident_id=1,
    title="Loan",
    fraud_type=5,
    region="3301",
    due_ms=NOW - 1,
    owner="carriers",
    parts=[IncidentPart(kind=PartKind.SUBJECT, reference="loan.example")],
    leads=[replace(LEAD, due_ms=NOW - 1)],
    opened_at_ms=1,
    opened_by="li",
)
LATER = replace(LOAN, incident_id=2, title="Later", due_ms=NOW + 9, parts=(), leads=())
CLOSED = replace(
    LATER,
    incident_id=3,
    title="Closed",
    stage=HandlingStage.CLOSED,
    due_ms=0,
    leads=[replace(LEAD, state=LeadState.ANSWERED, outcome=LeadOutcome.PENALTY)],
)
ALL = [CLOSED, LATER, LOAN]


@pytest.mark.parametrize(
    ("wanted", "titles"),
    [
        (IncidentFilter(), ["Loan", "Later", "Closed"]),
        (IncidentFilter(stage=5), ["Closed"]),
        (IncidentFilter(open_only=True), ["Loan", "Later"]),
        (IncidentFilter(overdue_only=True), ["Loan"]),
        (IncidentFilter(region="33"), ["Loan", "Later", "Closed"]),
        (IncidentFilter(region="3302"), []),
        (IncidentFilter(department="tax"), ["Loan", "Closed"]),
        (IncidentFilter(owner="nobody"), []),
        (IncidentFilter(fraud_type=4), []),
        (IncidentFilter(text="LOAN.ex"), ["Loan"]),
    ],
)
def test_a_filter_selects(wanted: IncidentFilter, titles: list[str]) -> None:
    assert [one.title for one in select(ALL, wanted, 0, 50, NOW).page] == titles


def test_counts_are_of_all_that_is_selected_not_of_the_page() -> None:
    found = select(ALL, IncidentFilter(), 0, 1, NOW)

    assert ([one.title for one in found.page], found.next_start, found.total) == (["Loan"], 1, 3)
    assert found.overdue == 1
    assert found.by_stage == {HandlingStage.MONITORING: 2, HandlingStage.CLOSED: 1}
    (tax,) = found.departments
    assert (tax.waiting, tax.overdue, tax.answered, tax.useful) == (1, 1, 1, 1)
