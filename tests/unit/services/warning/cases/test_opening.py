"""What warnings make of a case, and that its events tell all of it."""

from hypothesis import given
from hypothesis import strategies as st

from services.warning.cases import opening, serialization, state_machine
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind
from services.warning.cases.model import Case
from services.warning.cases.opening import CaseUpdate, PlainRouter
from services.warning.model import Risk, Tier
from tests.support.warnings import NOW_MS, a_warning

DAY_MS = 86_400_000
ROUTER = PlainRouter()


def close(case: Case, at_ms: int) -> CaseEvent:
    return CaseEvent(kind=EventKind.CLOSED, at_ms=at_ms, by="wang", outcome=CaseOutcome.SAFE)


def kinds(grown: CaseUpdate) -> list[EventKind]:
    return [event.kind for event in grown.events]


@given(
    st.lists(
        st.tuples(st.sampled_from(Risk), st.integers(1, 3), st.booleans()), min_size=1, max_size=8
    )
)
def test_a_case_equals_its_replayed_events(
    batches: list[tuple[Risk, int, bool]],
) -> None:
    case: Case | None = None
    history: list[CaseEvent] = []
    now = NOW_MS
    for place, (risk, size, closes) in enumerate(batches):
        now += DAY_MS
        some = [a_warning(1, reference=f"{place}-{n}", risk=risk) for n in range(size)]
        grown = opening.apply_warnings(case, some, ROUTER, now)
        if case is None or case.id != grown.case.id:
            history = []
        history += grown.events
        case = grown.case
        if closes and case.open:
            history.append(close(case, now))
            case = state_machine.apply(case, history[-1])

        stored = [serialization.read_event(serialization.event_text(event)) for event in history]
        assert (
            state_machine.fold(stored)
            == case
            == serialization.read_case(serialization.case_text(case))
        )


def test_a_new_case_has_a_region_a_tier_and_a_warning_on_its_way() -> None:
    grown = opening.apply_warnings(None, [a_warning(1)], ROUTER, NOW_MS)

    assert kinds(grown) == [
        *(EventKind.OPENED, EventKind.ROUTED, EventKind.TIERED, EventKind.QUEUED)
    ]
    assert grown.case.due_at_ms > NOW_MS


def test_a_repeat_of_the_same_risk_sends_no_second_warning() -> None:
    first = opening.apply_warnings(None, [a_warning(1)], ROUTER, NOW_MS).case

    grown = opening.apply_warnings(first, [a_warning(1, reference="2")], ROUTER, NOW_MS + 1)

    assert kinds(grown) == [EventKind.JOINED]


def test_a_repeat_that_raises_the_tier_warns_once_more() -> None:
    first = opening.apply_warnings(None, [a_warning(1)], ROUTER, NOW_MS).case
    worse = a_warning(1, reference="2", risk=Risk.HIGH)

    grown = opening.apply_warnings(first, [worse], ROUTER, NOW_MS + 1)

    assert kinds(grown) == [EventKind.JOINED, EventKind.TIERED, EventKind.QUEUED]
    assert grown.case.tier is Tier.HIGH


def test_a_repeat_soon_after_the_end_only_joins() -> None:
    case = opening.apply_warnings(None, [a_warning(1)], ROUTER, NOW_MS).case
    closed = state_machine.apply(case, close(case, NOW_MS))

    grown = opening.apply_warnings(
        closed, [a_warning(1, reference="2", risk=Risk.HIGH)], ROUTER, NOW_MS + DAY_MS
    )

    assert kinds(grown) == [EventKind.JOINED]
    assert grown.case.id == case.id


def test_a_campaign_that_comes_back_opens_another_case_with_its_own_warning() -> None:
    case = opening.apply_warnings(None, [a_warning(1)], ROUTER, NOW_MS).case
    closed = state_machine.apply(case, close(case, NOW_MS))

    grown = opening.apply_warnings(
        closed, [a_warning(1, reference="2")], ROUTER, NOW_MS + 8 * DAY_MS
    )

    assert grown.case.id == f"{case.id}-2"
    assert set(grown.case.messages).isdisjoint(case.messages)
