import pytest

from services.warning.cases.events import CaseOutcome
from services.warning.outcomes.reliability import NOTHING, OutcomeTally, RetirementRule

RULE = RetirementRule(floor=0.3, cases=5)


def seen(*, lost: int = 0, false: int = 0, safe: int = 0) -> OutcomeTally:
    return OutcomeTally(
        outcomes={
            CaseOutcome.LOST_MONEY: lost,
            CaseOutcome.FALSE_ALARM: false,
            CaseOutcome.SAFE: safe,
        }
    )


@pytest.mark.parametrize(
    ("lost", "false", "reliability"),
    [(0, 0, 1 / 2), (0, 1, 1 / 3), (0, 5, 1 / 7), (100, 5, 101 / 107)],
)
def test_reliability_is_the_posterior_mean(lost: int, false: int, reliability: float) -> None:
    assert seen(lost=lost, false=false).reliability == pytest.approx(reliability)


def test_a_safe_person_counts_neither_for_nor_against() -> None:
    assert seen(false=2, safe=50).reliability == seen(false=2).reliability
    assert seen(false=2, safe=50).uninformative == 50


def test_tallies_add_up() -> None:
    both = seen(lost=1, false=2).plus(seen(false=3, safe=1)).plus(NOTHING)
    assert (both.confirmed, both.false, both.uninformative) == (1, 5, 1)


def test_removal_is_proposed_from_the_number_of_cases_on_and_under_the_floor_only() -> None:
    assert not RULE.proposes_removal(seen(false=4, safe=100))
    assert RULE.proposes_removal(seen(false=5))
    assert RULE.proposes_removal(seen(lost=1, false=4))  # 2 / 7 is under 0.3
    assert not RULE.proposes_removal(seen(lost=2, false=4))


def test_a_rejected_proposal_comes_again_only_after_as_many_false_alarms_more() -> None:
    assert not RULE.proposes_removal(seen(false=9), false_before=5)
    assert RULE.proposes_removal(seen(false=10), false_before=5)
