"""Cases are what their events make of them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import Source
from fanzha.errors import InvalidInput
from services.warning.cases import ids, state_machine
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind, MessageRef
from services.warning.cases.model import CaseState
from services.warning.model import Means, MeansKind, Region, Risk, Tier, WarningRecord

VICTIM = "+8617000000001"


def a_warning(
    value: str = "+8619900000001",
    *,
    kind: MeansKind = MeansKind.CALLER,
    campaign: str = "",
    pattern: str = "",
    reference: str = "1",
    risk: Risk = Risk.MEDIUM,
) -> WarningRecord:
    return WarningRecord(
        source=Source.CARRIER,
        source_name="carrier.example",
        reference=reference,
        victim=VICTIM,
        means=Means(kind=kind, value=value),
        campaign=campaign,
        pattern=pattern,
        risk=risk,
        occurred_at_ms=1_000,
        received_at_ms=2_000,
    )


def opening() -> CaseEvent:
    warning = a_warning()
    return CaseEvent(
        kind=EventKind.OPENED,
        at_ms=2_000,
        by="intake",
        warning=warning,
        campaign=ids.campaign_of(warning),
        round=1,
        due_at_ms=9_000,
    )


def happened(kind: EventKind) -> CaseEvent:
    return CaseEvent(
        kind=kind,
        at_ms=3_000,
        by="wang",
        why="because",
        warning=a_warning(reference="2", risk=Risk.HIGH),
        region=Region(province="33", city="3301"),
        tier=Tier.HIGH,
        message=MessageRef(id="a.b", channel="sms"),
        officer="wang",
        outcome=CaseOutcome.SAFE,
    )


later = [kind for kind in EventKind if kind is not EventKind.OPENED]


@given(st.lists(st.sampled_from(later), max_size=12))
def test_a_closed_case_stays_closed_and_every_event_counts(kinds: list[EventKind]) -> None:
    case = state_machine.fold([opening()])

    for number, kind in enumerate(kinds, start=2):
        try:
            case = state_machine.apply(case, happened(kind))
        except InvalidInput:
            assert not case.open
            return
        assert case.revision == number
        assert case.open == (EventKind.CLOSED not in kinds[: number - 1])


def test_a_case_goes_from_new_to_closed() -> None:
    steps = [
        (EventKind.ROUTED, CaseState.ROUTED),
        (EventKind.QUEUED, CaseState.ROUTED),
        (EventKind.SENT, CaseState.WARNED),
        (EventKind.DELIVERED, CaseState.WARNED),
        (EventKind.TAKEN, CaseState.DISSUADING),
        (EventKind.CLOSED, CaseState.CLOSED),
    ]
    case = state_machine.fold([opening()])

    found = []
    for kind, _ in steps:
        case = state_machine.apply(case, happened(kind))
        found.append(case.state)

    assert found == [state for _, state in steps]
    assert (case.outcome, case.due_at_ms, case.reached_at_ms) == (CaseOutcome.SAFE, 0, 3_000)


def test_a_repeat_joins_and_raises_the_risk() -> None:
    case = state_machine.fold([opening(), happened(EventKind.JOINED)])

    assert (case.hits, case.risk, len(case.origins)) == (2, Risk.HIGH, 2)


def test_a_receipt_that_comes_late_does_not_open_a_case_again() -> None:
    case = state_machine.fold(
        [opening(), happened(EventKind.CLOSED), happened(EventKind.DELIVERED)]
    )

    assert case.state is CaseState.CLOSED
    assert case.reached_at_ms == 3_000


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (a_warning(), a_warning(kind=MeansKind.SENDER)),
        (a_warning("Bank", kind=MeansKind.SENDER), a_warning("bank", kind=MeansKind.SENDER)),
        (
            a_warning("http://pay.example/a", kind=MeansKind.LINK),
            a_warning("https://PAY.example/b?c", kind=MeansKind.LINK),
        ),
        (
            a_warning(campaign="x"),
            a_warning("http://pay.example", kind=MeansKind.LINK, campaign="x"),
        ),
        (
            a_warning("+8617012345678", pattern="+86170*"),
            a_warning("+8617087654321", pattern="+86170*"),
        ),
    ],
)
def test_warnings_of_one_campaign_are_connected(one: WarningRecord, other: WarningRecord) -> None:
    assert ids.campaign_of(one) == ids.campaign_of(other)


def test_a_message_id_is_the_same_for_the_same_step_and_leads_back() -> None:
    one, same = (ids.message_id("abc-2", Tier.HIGH, 0) for _ in range(2))

    assert one == same != ids.message_id("abc-2", Tier.HIGH, 1)
    assert ids.case_of_message(one) == "abc-2"


def test_a_case_without_a_further_step_needs_a_person_until_one_takes_it() -> None:
    escalated = replace(happened(EventKind.ESCALATED), due_at_ms=0)
    waits = state_machine.fold([opening(), escalated])

    assert waits.needs_person
    for kind in (EventKind.QUEUED, EventKind.TAKEN, EventKind.CLOSED):
        assert not state_machine.apply(waits, happened(kind)).needs_person


def test_the_loss_is_stored_with_the_case() -> None:
    took = (Means(kind=MeansKind.ACCOUNT, value="6222 0000"),)
    closed = replace(
        happened(EventKind.CLOSED), outcome=CaseOutcome.LOST_MONEY, lost_fen=1, lost_to=took
    )

    case = state_machine.fold([opening(), closed])

    assert (case.lost_fen, case.lost_to, case.reason) == (1, took, "because")
