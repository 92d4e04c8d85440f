from typing import Any

import pytest

from fanzha.errors import InvalidInput, VersionConflict
from services.warning.cases import opening, state_machine
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind
from services.warning.cases.model import Case, CaseState
from services.warning.cases.opening import ContactStep, TierAssessment
from services.warning.desk import actions
from services.warning.desk.actions import ActionContext, CaseClosure, CaseNote
from services.warning.model import Means, MeansKind, Region, Risk, Tier
from tests.support.warnings import NOW_MS, a_warning

WANG = ActionContext(by="wang", at_ms=NOW_MS, why="called")
LI = ActionContext(by="li", at_ms=NOW_MS + 1)
HOUR_MS = 3_600_000
ACCOUNT = Means(kind=MeansKind.ACCOUNT, value="6222 0000")


class Plan:
    """An SMS within an hour; above the lowest tier also a visit within two."""

    def region(self, victim: str) -> Region:
        return Region(how="unknown")

    def assess(self, case: Case) -> TierAssessment:
        return TierAssessment(tier=Tier(case.risk), lines=("risk",))

    def step(self, tier: Tier, number: int) -> ContactStep | None:
        steps = [ContactStep(channel="sms", within_ms=HOUR_MS)]
        steps += (
            [ContactStep(channel="in_person", within_ms=2 * HOUR_MS)] if tier > Tier.LOW else []
        )
        return steps[number] if number < len(steps) else None


def a_case(risk: Risk = Risk.HIGH) -> Case:
    return opening.apply_warnings(None, [a_warning(1, risk=risk)], Plan(), NOW_MS).case


def applied(case: Case, events: list[CaseEvent]) -> Case:
    for event in events:
        case = state_machine.apply(case, event)
    return case


def taken(case: Case, act: ActionContext = WANG) -> Case:
    return applied(case, actions.taken(case, act, Plan(), take_over=False))


def unreached(case: Case, act: ActionContext = WANG) -> Case:
    events = actions.noted(case, act, Plan(), CaseNote(unreached=True))
    return applied(case, events)


def closed(case: Case, outcome: CaseOutcome = CaseOutcome.SAFE, **fields: Any) -> Case:
    return applied(case, actions.closed(case, WANG, CaseClosure(outcome=outcome, **fields)))


def test_taking_a_case_gives_the_time_of_its_last_step() -> None:
    case = taken(a_case())

    assert (case.state, case.officer) == (CaseState.DISSUADING, "wang")
    assert case.due_at_ms == NOW_MS + 2 * HOUR_MS


def test_a_case_is_taken_once_unless_it_is_taken_over() -> None:
    case = taken(a_case())

    assert actions.taken(case, WANG, Plan(), take_over=False) == []
    with pytest.raises(VersionConflict, match="wang has it"):
        actions.taken(case, LI, Plan(), take_over=False)
    over = applied(case, actions.taken(case, LI, Plan(), take_over=True))
    assert (over.officer, over.due_at_ms) == ("li", case.due_at_ms)


def test_an_unreached_person_gets_the_next_step_at_once() -> None:
    case = unreached(taken(a_case()))

    assert (case.step, case.unreached, case.due_at_ms) == (1, 1, NOW_MS + 2 * HOUR_MS)
    assert list(case.messages.values()) == ["queued", "queued"]
    assert case.officer == "wang"


def test_without_a_next_step_an_unreached_person_is_raised_to_the_highest_tier() -> None:
    case = unreached(a_case(Risk.LOW))

    assert (case.tier, case.step, len(case.messages)) == (Tier.HIGH, 0, 2)
    assert case.lines == ("risk", "unreached")


def test_at_the_end_of_the_highest_tier_a_person_must_keep_trying() -> None:
    mine, nobodys = taken(a_case()), a_case()
    for _ in range(3):
        mine, nobodys = unreached(mine, LI), unreached(nobodys, LI)

    assert mine.due_at_ms == LI.at_ms + 2 * HOUR_MS
    assert (mine.needs_person, nobodys.needs_person) == (False, True)
    assert taken(nobodys).due_at_ms == NOW_MS + 2 * HOUR_MS


def test_a_note_by_the_assignee_may_move_the_due_date() -> None:
    case = taken(a_case())

    events = actions.noted(case, WANG, Plan(), CaseNote(due_at_ms=NOW_MS + 9))

    assert applied(case, events).due_at_ms == NOW_MS + 9


@pytest.mark.parametrize(
    ("case", "unreached", "due_at_ms"),
    [
        (a_case(), False, NOW_MS + 9),
        (taken(a_case()), False, NOW_MS),
        (taken(a_case()), False, NOW_MS + 15 * 24 * HOUR_MS),
        (taken(a_case()), True, NOW_MS + 9),
    ],
)
def test_an_invalid_due_date_is_refused(case: Case, unreached: bool, due_at_ms: int) -> None:
    with pytest.raises(InvalidInput, match="due_at_ms: "):
        actions.noted(case, WANG, Plan(), CaseNote(unreached=unreached, due_at_ms=due_at_ms))


def test_a_case_is_assigned_to_county_and_officer_in_one_call() -> None:
    county = Region(province="340000", city="340500", county="340503", how="assigned")

    events = actions.assigned(a_case(), WANG, Plan(), region=county, officer="zhao")
    case = applied(a_case(), events)

    assert (case.region, case.officer, case.state) == (county, "zhao", CaseState.DISSUADING)
    assert actions.assigned(case, WANG, Plan(), region=county, officer="zhao") == []


def test_a_closed_case_accepts_notes_only() -> None:
    case = closed(taken(a_case()))

    noted = actions.noted(case, WANG, Plan(), CaseNote())
    assert [event.kind for event in noted] == [EventKind.NOTED]
    for act in (
        lambda: actions.taken(case, LI, Plan(), take_over=True),
        lambda: actions.assigned(case, LI, Plan(), region=None, officer="zhao"),
        lambda: actions.noted(case, LI, Plan(), CaseNote(unreached=True)),
        lambda: closed(case),
    ):
        with pytest.raises(InvalidInput, match="is closed: safe"):
            act()


def test_loss_and_means_are_stored() -> None:
    case = closed(a_case(), CaseOutcome.LOST_MONEY, lost_fen=1_200_000, lost_to=(ACCOUNT,))

    assert (case.lost_fen, case.lost_to, case.reason) == (1_200_000, (ACCOUNT,), "called")


@pytest.mark.parametrize(
    ("closing", "why", "field"),
    [
        (CaseClosure(outcome=CaseOutcome.FALSE_ALARM), "", "reason"),
        (CaseClosure(outcome=CaseOutcome.SAFE, lost_fen=1), "x", "lost_fen"),
        (CaseClosure(outcome=CaseOutcome.SAFE, lost_to=(ACCOUNT,)), "x", "lost_to"),
        (CaseClosure(outcome=CaseOutcome.LOST_MONEY, lost_fen=0), "x", "lost_fen"),
        (CaseClosure(outcome=CaseOutcome.LOST_MONEY, lost_to=(ACCOUNT,) * 21), "x", "lost_to"),
        (CaseClosure(outcome=CaseOutcome.DUPLICATE), "x", "duplicate_of"),
        (CaseClosure(outcome=CaseOutcome.SAFE, duplicate_of="abc"), "x", "duplicate_of"),
    ],
)
def test_an_outcome_needs_exactly_its_own_fields(
    closing: CaseClosure, why: str, field: str
) -> None:
    with pytest.raises(InvalidInput, match=f"^{field}: "):
        actions.check_closing(closing, why)


def test_a_duplicate_is_of_another_open_case_of_the_same_person() -> None:
    case = a_case()
    same = opening.apply_warnings(None, [a_warning(1, campaign="x")], Plan(), NOW_MS).case
    other = opening.apply_warnings(None, [a_warning(2)], Plan(), NOW_MS).case

    actions.check_duplicate(case, same)
    duplicate = closed(same, CaseOutcome.DUPLICATE, duplicate_of=case.id)
    for wrong in (case, other, duplicate):
        with pytest.raises(InvalidInput, match="duplicate_of: is "):
            actions.check_duplicate(case, wrong)


def test_a_change_can_require_a_revision() -> None:
    case = a_case()

    actions.check_revision(case, None)
    actions.check_revision(case, case.revision)
    with pytest.raises(VersionConflict, match=r"at [0-9]+, not [0-9]+"):
        actions.check_revision(taken(case), case.revision)
