"""The figures of a report, on cases whose answers were worked out by hand."""

from dataclasses import replace

import pytest

from services.warning.cases.events import CaseOutcome
from services.warning.cases.model import Case, CaseState
from services.warning.model import Tier
from services.warning.reports.model import CaseFigures, DelayHistogram

NOW_MS = 1_764_000_000_000
MINUTE_MS = 60_000


def a_case(**changed: object) -> Case:
    """Make a case of the tier medium: two hours old, of an event ten minutes older."""
    case = Case(
        id="a0",
        victim="+8617000000001",
        campaign="number:+8619900000001",
        round=1,
        state=CaseState.ROUTED,
        opened_at_ms=NOW_MS - 120 * MINUTE_MS,
        occurred_at_ms=NOW_MS - 130 * MINUTE_MS,
        changed_at_ms=NOW_MS,
        revision=3,
        tier=Tier.MEDIUM,
        due_at_ms=NOW_MS + MINUTE_MS,
    )
    return replace(case, **changed)  # type: ignore[arg-type]


def warned(after_minutes: float, **changed: object) -> Case:
    """Make a case whose person was warned so long after it was opened."""
    at_ms = NOW_MS - 120 * MINUTE_MS + int(after_minutes * MINUTE_MS)
    return a_case(**{"warned_at_ms": at_ms, "state": CaseState.WARNED} | changed)


def closed(outcome: CaseOutcome, **changed: object) -> Case:
    return warned(
        5, outcome=outcome, state=CaseState.CLOSED, due_at_ms=0, closed_at_ms=NOW_MS, **changed
    )


def figures(*cases: Case, minutes: int = 30) -> CaseFigures:
    counted = CaseFigures()
    for case in cases:
        counted.add(case, now_ms=NOW_MS, minutes=minutes)
    return counted


def test_timeliness_is_measured_from_event_and_intake() -> None:
    # From intake 15, 25 and 40 minutes; from the event 25, 35 and 50.
    found = figures(warned(15), warned(25), warned(40))

    assert (found.intake_in_time, found.intake_due) == (2, 3)
    assert (found.event_in_time, found.event_due) == (1, 3)
    assert found.event_in_time_share == pytest.approx(1 / 3)


def test_exactly_so_many_minutes_are_in_time() -> None:
    found = figures(warned(20), warned(30))

    assert (found.event_in_time, found.intake_in_time) == (1, 2)


def test_a_person_not_warned_is_late_after_the_limit() -> None:
    late = a_case()
    still_in_time = a_case(
        opened_at_ms=NOW_MS - 5 * MINUTE_MS, occurred_at_ms=NOW_MS - 10 * MINUTE_MS
    )
    # Long after the event it came in here.
    only_late_for_the_event = a_case(opened_at_ms=NOW_MS - 5 * MINUTE_MS)

    found = figures(late, still_in_time, only_late_for_the_event)

    assert (found.event_due, found.intake_due) == (2, 1)
    assert (found.event_in_time, found.intake_in_time, found.warned) == (0, 0, 0)


def test_a_false_alarm_found_before_its_warning_is_not_late() -> None:
    found = figures(a_case(outcome=CaseOutcome.FALSE_ALARM, state=CaseState.CLOSED))

    assert (found.event_due, found.intake_due, found.false_alarms) == (0, 0, 1)
    assert found.event_in_time_share is None


def test_accuracy_counts_judged_cases_only() -> None:
    found = figures(
        closed(CaseOutcome.SAFE),
        closed(CaseOutcome.LOST_MONEY),
        closed(CaseOutcome.SAFE),
        closed(CaseOutcome.FALSE_ALARM),
        closed(CaseOutcome.UNREACHABLE),
        warned(1),
    )

    assert found.accuracy == 0.75
    assert figures(closed(CaseOutcome.UNREACHABLE)).accuracy is None


def test_dissuaded_people_are_safe_after_an_officer_took_the_case() -> None:
    found = figures(
        closed(CaseOutcome.SAFE, officer="wang"),
        closed(CaseOutcome.SAFE),
        closed(CaseOutcome.LOST_MONEY, officer="wang"),
    )

    assert (found.safe, found.dissuaded, found.lost_money) == (2, 1, 1)


def test_money_is_added_up_as_far_as_it_is_known() -> None:
    found = figures(
        closed(CaseOutcome.LOST_MONEY, lost_fen=1_000_050),
        closed(CaseOutcome.LOST_MONEY, lost_fen=0),
        closed(CaseOutcome.LOST_MONEY),
        closed(CaseOutcome.SAFE, lost_fen=7),
    )

    assert (found.lost_money, found.lost_known, found.lost_fen) == (3, 2, 1_000_050)


def test_a_duplicate_is_counted_nowhere_else() -> None:
    found = figures(closed(CaseOutcome.DUPLICATE, reached_at_ms=NOW_MS))

    assert (found.duplicates, found.cases, found.warned, found.finished) == (1, 0, 0, 0)
    assert found.finished_of_all_share is None


def test_closed_open_and_overdue_cases_are_counted() -> None:
    found = figures(
        closed(CaseOutcome.SAFE),
        warned(5, tier=Tier.LOW, reached_at_ms=NOW_MS, due_at_ms=0),  # a message was enough
        warned(5, reached_at_ms=NOW_MS),  # at this tier it is not
        a_case(due_at_ms=NOW_MS),  # this very moment
        warned(5, due_at_ms=0, needs_person=True),  # no step is left, and nobody has taken it
        a_case(state=CaseState.DISSUADING, due_at_ms=0, officer="wang"),
    )

    assert (found.finished, found.open, found.overdue) == (2, 4, 2)
    assert found.finished + found.open == found.cases
    assert found.finished_of_due_share == 0.5
    assert found.finished_of_all_share == pytest.approx(1 / 3)


def test_delays_are_right_to_half_a_percent() -> None:
    delays = DelayHistogram()
    for seconds in (10, 20, 30, 40, 50, 60, 70, 80, 90, 100):
        delays.add(seconds * 1000)

    assert delays.within(0.5) == pytest.approx(50, rel=0.005)
    assert delays.within(0.9) == pytest.approx(90, rel=0.005)
    assert delays.count == 10


def test_a_warning_before_its_event_counts_as_one_second() -> None:
    delays = DelayHistogram()
    delays.add(-5_000)

    assert delays.within(0.5) == 1.0
