"""What a campaign changed: groups, times, intervals, and what may not be told."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from services.education.draft import DAY_MS
from services.education.model import EducationState, PersonState
from services.education.recipient_store import digest_of
from services.education.report import (
    EducationTally,
    GroupCount,
    MeasuredWindow,
    OutcomeComparison,
    window_of,
)
from services.warning.cases.events import CaseOutcome
from services.warning.cases.model import Case, CaseState
from tests.support.education import CAMPAIGN, FIVE_O_CLOCK_MS, number

ASSIGNED, FINISHED = FIVE_O_CLOCK_MS, FIVE_O_CLOCK_MS + 2 * DAY_MS
WINDOW = MeasuredWindow(
    before_from_ms=ASSIGNED - 30 * DAY_MS,
    before_until_ms=ASSIGNED,
    after_from_ms=FINISHED,
    after_until_ms=FINISHED + 30 * DAY_MS,
)
BEFORE, BETWEEN, AFTER = ASSIGNED - 1, ASSIGNED + DAY_MS, FINISHED


def a_case(at_ms: int, outcome: CaseOutcome | None = None) -> Case:
    return Case(
        id="0a",
        victim=number(1),
        campaign="number:+8617000000001",
        round=1,
        state=CaseState.NEW,
        opened_at_ms=at_ms,
        occurred_at_ms=at_ms,
        changed_at_ms=at_ms,
        revision=1,
        outcome=outcome,
    )


def tally(sent: int, held: int, state: PersonState = PersonState.DELIVERED) -> EducationTally:
    states = {digest_of(number(at)): state for at in range(sent)}
    states |= {digest_of(number(sent + at)): PersonState.HELD_OUT for at in range(held)}
    return EducationTally(states, WINDOW)


def add(
    found: EducationTally, people: Iterable[int], at_ms: int = AFTER, **more: CaseOutcome
) -> None:
    for at in people:
        found.add(digest_of(number(at)), a_case(at_ms, **more))


def test_people_are_counted_once_by_group_and_time() -> None:
    found = tally(200, 100)
    add(found, [*range(20), *range(20)])
    add(found, range(200, 220))
    add(found, range(12), BEFORE)
    add(found, range(50), BETWEEN)
    add(found, range(500, 520))

    exposed = found.exposed

    assert (exposed.sent_after.count, exposed.sent_after.group) == (20, 200)
    assert (exposed.held_after.count, exposed.held_after.group) == (20, 100)
    assert (exposed.sent_before.count, exposed.held_before.count) == (12, 0)
    assert exposed.difference == pytest.approx(0.1 - 0.2)
    assert exposed.beyond_chance


def test_no_difference_is_not_beyond_chance() -> None:
    found = tally(200, 100)
    add(found, range(20))
    add(found, range(200, 211))

    interval = found.exposed.interval

    assert interval is not None
    assert interval.low < 0 < interval.high
    assert not found.exposed.beyond_chance


@pytest.mark.parametrize(
    "state", [PersonState.TO_SEND, PersonState.FAILED, PersonState.WITHHELD, PersonState.SENT]
)
def test_whoever_was_to_be_written_to_counts_whatever_became_of_it(state: PersonState) -> None:
    assert tally(50, 10, state).exposed.sent_after.group == 50
    assert tally(50, 10, PersonState.OPTED_OUT).exposed.sent_after.group == 0


def test_a_false_alarm_exposes_nobody_and_only_lost_money_is_a_loss() -> None:
    found = tally(100, 100)
    add(found, range(30), outcome=CaseOutcome.FALSE_ALARM)
    add(found, range(40, 55), outcome=CaseOutcome.LOST_MONEY)
    add(found, range(60, 80), outcome=CaseOutcome.SAFE)

    assert found.exposed.sent_after.count == 35
    assert found.lost.sent_after.count == 15


@pytest.mark.parametrize(("sent", "held"), [(1, 20), (20, 9)])
def test_a_count_of_less_than_ten_is_not_told_nor_what_it_leads_to(sent: int, held: int) -> None:
    found = OutcomeComparison(
        sent_before=GroupCount(count=0, group=100),
        sent_after=GroupCount(count=sent, group=100),
        held_before=GroupCount(count=0, group=100),
        held_after=GroupCount(count=held, group=100),
    )

    small = min((found.sent_after, found.held_after), key=lambda one: one.count)
    assert (small.suppressed, small.share) == (True, None)
    assert (found.difference, found.interval, found.beyond_chance) == (None, None, False)


def test_a_group_of_less_than_ten_is_not_compared() -> None:
    assert tally(100, 9).exposed.interval is None
    assert tally(100, 10).exposed.interval is not None
    assert tally(0, 0).exposed.sent_after.share is None


def test_the_days_after_begin_with_the_last_message_and_grow_until_they_are_over() -> None:
    running = replace(CAMPAIGN, state=EducationState.RUNNING, assigned_at_ms=ASSIGNED)
    ended = replace(running, state=EducationState.ENDED, finished_at_ms=FINISHED)

    early = window_of(running, ASSIGNED + DAY_MS)
    later = window_of(ended, FINISHED + 7 * DAY_MS)
    late = window_of(ended, FINISHED + 400 * DAY_MS)

    assert early.after_from_ms == early.after_until_ms
    assert later.after_until_ms - later.after_from_ms == 7 * DAY_MS
    assert late == WINDOW
