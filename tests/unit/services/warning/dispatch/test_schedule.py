from dataclasses import replace

import pytest

from services.warning.cases import opening, state_machine
from services.warning.cases.events import CaseEvent, EventKind, MessageRef
from services.warning.cases.model import Case
from services.warning.cases.opening import ContactStep, TierAssessment
from services.warning.dispatch import schedule
from services.warning.model import Region, Risk, Tier
from tests.support.warnings import NOW_MS, a_warning

LATE = NOW_MS + 3_600_000


class Plan:
    """SMS, a call, a visit; low tiers have the SMS only."""

    def region(self, victim: str) -> Region:
        return Region(how="unknown")

    def assess(self, case: Case) -> TierAssessment:
        return TierAssessment(tier=Tier(case.risk))

    def step(self, tier: Tier, number: int) -> ContactStep | None:
        channels = ["sms"] if tier is Tier.LOW else ["sms", "voice", "in_person"]
        return (
            ContactStep(channel=channels[number], within_ms=1000)
            if number < len(channels)
            else None
        )


def a_case(risk: Risk = Risk.HIGH) -> Case:
    return opening.apply_warnings(None, [a_warning(1, risk=risk)], Plan(), NOW_MS).case


def applied(case: Case, events: list[CaseEvent]) -> Case:
    for event in events:
        case = state_machine.apply(case, event)
    return case


def with_event(case: Case, kind: EventKind) -> Case:
    (message,) = case.messages
    event = CaseEvent(
        kind=kind, at_ms=NOW_MS, by="sms", message=MessageRef(id=message, channel="sms")
    )
    return state_machine.apply(case, event)


def test_nothing_happens_before_its_time() -> None:
    assert schedule.due(a_case(), Plan(), NOW_MS) == []


def test_every_step_comes_once_and_then_a_person_is_needed() -> None:
    case, channels = a_case(), []
    for number in range(1, 5):
        events = schedule.due(case, Plan(), NOW_MS + number * 1_000_000)
        channels += [event.message.channel for event in events if event.message]
        case = applied(case, events)

    assert channels == ["voice", "in_person"]
    assert (case.due_at_ms, case.needs_person) == (0, True)


def test_two_processes_find_the_step_taken() -> None:
    case = a_case()
    case = applied(case, schedule.due(case, Plan(), LATE))

    assert schedule.due(case, Plan(), LATE) == []


@pytest.mark.parametrize(("risk", "kind"), [(Risk.LOW, EventKind.NOTED), (Risk.HIGH, None)])
def test_a_message_is_enough_at_the_lowest_tier_only(risk: Risk, kind: EventKind | None) -> None:
    case = with_event(a_case(risk), EventKind.DELIVERED)

    events = schedule.due(case, Plan(), LATE)

    assert events[0].kind is (kind or EventKind.ESCALATED)
    assert any(event.message for event in events) is (kind is None)


def test_a_failed_message_makes_the_next_step_due_at_once() -> None:
    case = with_event(a_case(), EventKind.FAILED)

    case = applied(case, schedule.expedite(case, NOW_MS + 1))
    events = schedule.due(case, Plan(), NOW_MS + 1)

    assert events[0].why == "the last message failed; next: voice"
    assert schedule.expedite(case, NOW_MS + 2) == []


def test_a_message_on_its_way_is_waited_for() -> None:
    assert schedule.expedite(a_case(), NOW_MS + 1) == []


def test_a_taken_case_gets_no_automatic_step() -> None:
    taken = CaseEvent(kind=EventKind.TAKEN, at_ms=NOW_MS, by="wang")
    case = replace(state_machine.apply(a_case(), taken), due_at_ms=NOW_MS)

    assert schedule.due(case, Plan(), LATE) == []


def test_the_next_step_waits_for_a_message_that_may_not_go_out_yet() -> None:
    case, morning = a_case(), NOW_MS + 8 * 3_600_000
    message = MessageRef(id=next(iter(case.messages)), channel="sms")

    waits = schedule.postpone(case, Plan(), message, morning, NOW_MS, why="quiet_hours")
    case = applied(case, waits)

    assert case.due_at_ms == morning + 1000
    assert schedule.due(case, Plan(), morning) == []
    assert schedule.postpone(case, Plan(), message, morning, NOW_MS, why="quiet_hours") == []


@pytest.mark.parametrize("kind", [EventKind.SENT, EventKind.FAILED])
def test_no_step_waits_for_a_finished_message(kind: EventKind) -> None:
    case = with_event(a_case(), kind)
    message = MessageRef(id=next(iter(case.messages)), channel="sms")

    assert schedule.postpone(case, Plan(), message, LATE, NOW_MS, why="stopped") == []


def test_a_person_who_opted_out_gets_no_step_at_that_tier() -> None:
    case = with_event(a_case(), EventKind.FAILED)

    case = applied(case, schedule.opted_out(case, NOW_MS))

    assert (case.due_at_ms, case.needs_person) == (0, False)
    assert schedule.due(case, Plan(), LATE) == []


@pytest.mark.parametrize(("risk", "due"), [(Risk.LOW, 0), (Risk.HIGH, NOW_MS + 1000)])
def test_a_person_sent_the_same_text_for_another_case_is_called_in_time(
    risk: Risk, due: int
) -> None:
    case = with_event(a_case(risk), EventKind.FAILED)

    case = applied(case, schedule.already_informed(case, NOW_MS))

    assert (case.due_at_ms, case.needs_person) == (due, False)
