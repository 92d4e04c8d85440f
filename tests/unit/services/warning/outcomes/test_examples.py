from dataclasses import replace
from typing import Any

import pytest

from fanzha.fraud import FraudType
from services.warning.cases import opening, state_machine
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind
from services.warning.cases.model import Case
from services.warning.cases.opening import PlainRouter
from services.warning.model import Means, MeansKind
from services.warning.outcomes.examples import examples, usable_by
from tests.support.warnings import NOW_MS, a_warning


def closed(outcome: CaseOutcome, *decisions: int, campaign: str = "") -> Case:
    warned = a_warning(1, campaign=campaign)
    case = opening.apply_warnings(None, [warned], PlainRouter(), NOW_MS).case
    event = CaseEvent(kind=EventKind.CLOSED, at_ms=NOW_MS, by="wang", outcome=outcome)
    return replace(state_machine.apply(case, event), decisions=decisions)


def a_row(**fields: Any) -> dict[str, Any]:
    values = {
        "channel": "TEXT",
        "decided_at_ms": NOW_MS,
        "action": "BLOCK",
        "reason": "SCORED",
        "score": 0.25,
        "from_key": 8619900000001,
        "from_name": None,
    }
    return values | fields


def test_a_loss_is_fraud_and_a_false_alarm_is_not() -> None:
    (fraud,) = examples(closed(CaseOutcome.LOST_MONEY, 7), {7: a_row()}, {})
    (fine,) = examples(closed(CaseOutcome.FALSE_ALARM, 7), {7: a_row()}, {})

    assert (fraud.label, fraud.category) == ("fraud", FraudType.FAKE_LOAN.name.lower())
    assert (fine.label, fine.category) == ("nonfraud", "")
    assert (fraud.action, fraud.reason, fraud.score) == ("block", "scored", 0.25)


@pytest.mark.parametrize(
    "outcome", [CaseOutcome.SAFE, CaseOutcome.UNREACHABLE, CaseOutcome.DUPLICATE]
)
def test_other_outcomes_give_no_examples(outcome: CaseOutcome) -> None:
    assert list(examples(closed(outcome, 7), {7: a_row()}, {})) == []


def test_an_example_has_what_is_still_logged_of_its_decision() -> None:
    content = {"body": "pay at http://pay.example/now", "urls": ["http://pay.example/now"]}
    case = closed(CaseOutcome.LOST_MONEY, 1, 2, 3)

    found = list(examples(case, {1: a_row(), 2: a_row()}, {1: content}))

    assert [one.retained for one in found] == ["text", "decision", "gone"]
    assert [one.text for one in found] == [content["body"], "", ""]
    assert [usable_by(one, "text") for one in found] == [True, False, False]
    assert [usable_by(one, "link") for one in found] == [True, False, False]
    assert all(usable_by(one, "any") for one in found)


def test_a_case_without_decisions_gives_examples_of_its_means() -> None:
    link = Means(kind=MeansKind.LINK, value="http://pay.example/now")
    (found,) = examples(replace(closed(CaseOutcome.LOST_MONEY), means=(link,)), {}, {})

    assert (found.retained, found.url, found.means_kind) == ("means", link.value, "link")


def test_parties_are_exported_on_request_only() -> None:
    case = closed(CaseOutcome.FALSE_ALARM, 7)
    (masked,) = examples(case, {7: a_row()}, {})
    (whole,) = examples(case, {7: a_row()}, {}, full=True)

    assert (masked.case_id, masked.sender) == ("", "")
    assert (whole.case_id, whole.sender) == (case.id, "+8619900000001")
    assert case.victim not in str(whole)


def test_all_of_a_campaign_are_one_group() -> None:
    def group(campaign: str) -> str:
        (found,) = examples(closed(CaseOutcome.FALSE_ALARM, 7, campaign=campaign), {}, {})
        return found.group

    assert group("parcel") == group("parcel") != group("loan")
