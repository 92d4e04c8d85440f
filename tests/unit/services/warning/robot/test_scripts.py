"""Scripts of the robot: each way through them, and what is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from fanzha.fraud import FraudType
from services.warning.messages import linter
from services.warning.robot import dialogue, script_checks, script_files
from services.warning.robot.script import (
    HANDS_OVER,
    MOST_TURNS,
    Meaning,
    RobotOutcome,
    RobotScript,
)

SCRIPTS = script_files.load()
IDS = [one.id for one in SCRIPTS]
MORE = '[ends.more]\noutcome = "lost"\ntext = "x"\n'
FOLDER = Path(script_files.__file__).with_name("scripts")


def chinese() -> RobotScript:
    return next(one for one in SCRIPTS if one.id == "sms.zh@1:a")


@pytest.mark.parametrize("script", SCRIPTS, ids=IDS)
def test_each_way_through_a_script_ends_and_says_only_what_a_warning_may(
    script: RobotScript,
) -> None:
    ways = [
        (outcome, spoken)
        for fraud_type in (FraudType.UNSPECIFIED, *script.by_fraud)
        for outcome, spoken in dialogue.paths(script, fraud_type)
    ]

    possible = set(RobotOutcome) - (
        {RobotOutcome.REACHED} if script.by_voice else {RobotOutcome.REACHED, RobotOutcome.LISTENED}
    )
    assert {outcome for outcome, _ in ways} == possible
    assert max(len(spoken) for _, spoken in ways) <= MOST_TURNS
    assert not [turn.said for _, spoken in ways for turn in spoken if linter.faults(turn.said)]


@pytest.mark.parametrize("script", SCRIPTS, ids=IDS)
def test_who_has_paid_is_handed_over_by_the_next_word_and_told_the_emergency_number(
    script: RobotScript,
) -> None:
    for state in script.states.values():
        after = dialogue.heard(
            script, replace(dialogue.begun(script), place=state.name), Meaning.PAID
        )
        assert after.outcome is RobotOutcome.PAID
        assert after.outcome in HANDS_OVER
        assert "110" in script.text(after.place, FraudType.FAKE_LOAN)


def test_chinese_scripts_ask_by_each_kind_of_fraud() -> None:
    assert set(chinese().by_fraud) == set(FraudType) - {FraudType.UNSPECIFIED}


def test_what_is_not_understood_twice_goes_to_a_person() -> None:
    script = chinese()
    one = dialogue.begun(script)

    places = []
    while not one.is_over:
        one = dialogue.heard(script, one, Meaning.OTHER)
        places.append(one.place)

    assert places == ["ask", "ask", "lost"]
    assert one.outcome is RobotOutcome.LOST
    assert dialogue.heard(script, one, Meaning.YES) == one


def test_a_person_has_one_variant_and_both_are_used() -> None:
    keys = [f"case-{number}" for number in range(100)]
    scripts = script_files.by_text()
    first = [dialogue.chosen(scripts, "zh", key).variant for key in keys]

    assert first == [dialogue.chosen(scripts, "zh", key).variant for key in keys]
    assert 30 < first.count("a") < 70
    with pytest.raises(LookupError):
        dialogue.chosen(scripts, "fr", "x")


def own(tmp_path: Path, *changes: tuple[str, str], name: str = "sms-a.en.toml") -> Path:
    text = (FOLDER / name).read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    file = tmp_path / "own.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("dial 96110. Have", "dial +8617000000123. Have"), "no number"),
        (("Have you sent any money?", "Reply YES or NO."), "no invitation"),
        (('who = "who"', 'who = "nowhere"'), "there is no nowhere"),
        (('start = "warned"', 'start = "begin"'), "there is no state begin"),
        (('paid = "paid"', 'paid = "ask"'), "paid must end the dialogue"),
        (('officer = "officer"', 'officer = "lost"'), "officer must end the dialogue"),
        (('otherwise = "lost"', ""), "without otherwise"),
        ((', no = "safe"', ""), "does not say where no leads"),
        (('who = "lost"', 'who = "warned"'), "goes round in circles"),
        (('outcome = "lost"', 'outcome = "gone"'), "has text, and outcome"),
        (("tries = 1", "tries = 9"), "tries is 0 to"),
        (('language = "en"', 'language = "fr"'), "language is one of"),
        (("[ends.stopped]", f"{MORE}[ends.stopped]"), "nothing leads"),
        (("Fraud warning: good.", "Fraud warning: good. " + "Stay alert. " * 60), "longer than"),
    ],
)  # fmt: skip
def test_a_script_that_breaks_a_rule_is_refused(
    tmp_path: Path, change: tuple[str, str], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        script_files.read(own(tmp_path, change))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (('1 = "paid"', '1 = "silence"'), "keys are 0 to 9"),
        (('1 = "paid"', 'x = "paid"'), "keys are 0 to 9"),
        (('1 = "paid"', '1 = "no"'), "none means paid"),
        (("a code, press 1.", "a code, press 8."), "does not say the key of paid"),
        ((", silence = ", ", yes = "), "does not say where silence leads"),
        (('other = "ask", ', 'other = "ask", yes = "paid", '), "nobody can answer yes"),
        (("wait_seconds = 6", "wait_seconds = 0"), "wait_seconds is"),
        (('outcome = "listened"', 'outcome = "reached"'), "is no end of such a script"),
        (('text = "If you have sent', 'text = "" # '), "does not say the key of paid"),
    ],
)
def test_a_script_of_calls_that_breaks_a_rule_is_refused(
    tmp_path: Path, change: tuple[str, str], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        script_files.read(own(tmp_path, change, name="voice-a.en.toml"))


def test_only_calls_end_by_listening_or_hear_silence(tmp_path: Path) -> None:
    for change in (('outcome = "lost"', 'outcome = "listened"'),
                   ('no = "safe", yes', 'silence = "safe", no = "safe", yes')):  # fmt: skip
        with pytest.raises(ValueError, match=r"no end of such|nobody can answer silence"):
            script_files.read(own(tmp_path, change))


def test_a_script_of_ones_own_is_read(tmp_path: Path) -> None:
    own(tmp_path, ('version = "1"', 'version = "2"'))

    (script,) = script_files.load(tmp_path)

    assert script.id == "sms.en@2:a"
    assert script_checks.faults(script) == []


def test_a_folder_without_scripts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no script"):
        script_files.load(tmp_path)
