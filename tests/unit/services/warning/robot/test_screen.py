"""What the desk sees of a dialogue, and how its script goes on."""

from dataclasses import replace

import pytest

from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from services.warning.cases import state_machine
from services.warning.cases.events import CaseEvent, EventKind, HeardReply
from services.warning.cases.model import Case
from services.warning.robot import script_files
from services.warning.robot.outcome_events import said
from services.warning.robot.screen import on_screen
from services.warning.robot.script import Meaning, RobotOutcome
from tests.support.warnings import NOW_MS, a_warning

OPENED = CaseEvent(
    kind=EventKind.OPENED, at_ms=NOW_MS, by="intake", warning=a_warning(1), campaign="c", round=1
)


def a_case(fraud_type: FraudType = FraudType.FAKE_LOAN) -> Case:
    return replace(state_machine.fold([OPENED]), fraud_type=fraud_type)


def heard(text: str, meaning: Meaning, before: str, after: str) -> CaseEvent:
    reply = HeardReply(
        text=text, meaning=meaning.value, before=before, after=after, script="sms.zh@1:a"
    )
    return said(reply, NOW_MS + 1)


def test_without_a_dialogue_the_script_begins_with_a_branch_for_each_meaning() -> None:
    found = on_screen(a_case(), [OPENED], script_files.load(), "zh")

    assert (found.turns, found.outcome) == ([], None)
    assert {one.meaning for one in found.branches} >= {Meaning.PAID, Meaning.NO, Meaning.OTHER}
    paid = next(one for one in found.branches if one.meaning is Meaning.PAID)
    assert (paid.outcome, "110" in paid.text) == (RobotOutcome.PAID, True)


def test_what_both_said_is_shown_and_the_branches_are_those_of_the_next_state() -> None:
    events = [OPENED, heard("你们是谁", Meaning.WHO, "warned", "who")]

    found = on_screen(a_case(), events, script_files.load(), "zh")

    person, robot = found.turns
    assert (person.text, person.meaning, person.by_robot) == ("你们是谁", Meaning.WHO, False)
    assert robot.by_robot
    assert "反诈中心" in robot.text
    assert found.place == "who"


def test_after_the_end_the_last_state_is_on_the_screen_in_the_language_asked_for() -> None:
    events = [OPENED, heard("转了", Meaning.PAID, "warned", "paid")]

    found = on_screen(a_case(), events, script_files.load(), "en")

    assert (found.outcome, found.place) == (RobotOutcome.PAID, "warned")
    assert all(one.text.isascii() for one in found.branches if one.text)


def test_words_are_those_of_the_kind_of_fraud() -> None:
    texts = {
        kind: [one.text for one in on_screen(a_case(kind), [], script_files.load(), "zh").branches]
        for kind in (FraudType.FAKE_LOAN, FraudType.UNSPECIFIED)
    }

    assert texts[FraudType.FAKE_LOAN] != texts[FraudType.UNSPECIFIED]


def test_a_place_that_no_script_has_any_more_begins_anew() -> None:
    events = [OPENED, heard("x", Meaning.OTHER, "gone", "gone too")]

    found = on_screen(a_case(), events, script_files.load(), "zh")

    assert [one.text for one in found.turns] == ["x"]
    assert found.branches


def test_a_language_without_a_script_is_refused() -> None:
    chinese = [one for one in script_files.load() if one.language == "zh"]

    with pytest.raises(InvalidInput, match="no script"):
        on_screen(a_case(), [], chinese, "en")
