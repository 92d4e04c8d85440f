"""Every reason has words wherever a decision is explained: none falls through to a default."""

import pytest

from fanzha.decisions import Action, Reason
from fanzha.v1 import decision_pb2
from services.appeals import model as appeals
from services.appeals.notices import phrases
from services.appeals.notices.templates import LANGUAGES
from services.cli.check import decision_sentence
from services.decision import rules
from services.decision_log import explanation
from services.decision_log.analysis import alternatives

REASONS = [number for number in decision_pb2.Reason.values() if number]
UNKNOWN = max(REASONS) + 1
ROW = {
    "channel": "CALL",
    "action": "BLOCK",
    "entry_id": "e1",
    "list_version": 1,
    "score": 0.5,
    "threshold": 0.5,
    "model_version": "caller-1",
}
OVERRIDES = {Reason.FAILED_CLOSED}
"""Reasons of blocks that policies of carriers put in the place of a rule's."""
BLOCKING = sorted(
    {int(reason) for _, action, reason in rules.PRECEDENCE if action == Action.BLOCK}
    | {int(reason) for reason in OVERRIDES}
)

NAMES = {number: name.removeprefix("REASON_") for name, number in decision_pb2.Reason.items()}


def name(reason: int) -> str:
    return NAMES[reason]  # type: ignore[index]


def test_what_is_decided_is_what_is_on_the_wire() -> None:
    assert {int(reason): reason.name for reason in Reason} == {one: name(one) for one in REASONS}


@pytest.mark.parametrize("reason", REASONS, ids=name)
def test_the_decision_log_explains_it_in_both_languages(reason: int) -> None:
    unknown = explanation.why(ROW | {"reason": "UNKNOWN"})

    text = explanation.why(ROW | {"reason": name(reason)})

    assert text.chinese != unknown.chinese
    assert text.english != unknown.english


@pytest.mark.parametrize("reason", REASONS, ids=name)
def test_the_command_check_has_a_sentence_for_it(reason: int) -> None:
    unknown = decision_sentence.sentence(decision_pb2.Decision(reason=UNKNOWN))  # type: ignore[arg-type]

    text = decision_sentence.sentence(decision_pb2.Decision(reason=reason))  # type: ignore[arg-type]

    assert text != unknown


@pytest.mark.parametrize("reason", BLOCKING, ids=name)
def test_an_appeal_knows_whether_a_model_a_rule_or_an_entry_blocked(reason: int) -> None:
    kinds = (appeals.MODEL_REASONS, appeals.RULE_REASONS, appeals.LIST_REASONS)

    assert sum(name(reason) in kind for kind in kinds) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", sorted(appeals.RULE_REASONS))
def test_a_notice_has_a_sentence_for_every_rule_that_blocks(reason: str, language: str) -> None:
    say = phrases.Phrases(language)

    assert say.reason(None, {"reason": reason}) != say.reason(None, {})


def test_an_appeal_names_no_reason_that_does_not_exist() -> None:
    named = appeals.MODEL_REASONS | appeals.RULE_REASONS | appeals.LIST_REASONS

    assert named <= {name(reason) for reason in BLOCKING}


def test_every_rule_that_may_decide_next_has_words() -> None:
    assert set(alternatives.RULES) == {name for name, _, _ in rules.PRECEDENCE}


@pytest.mark.parametrize("rule", rules.PRECEDENCE, ids=lambda rule: rule[0])
def test_what_would_change_a_decision_is_said_of_every_rule(
    rule: tuple[str, Action, Reason],
) -> None:
    word, action, reason = rule
    row = {
        **ROW,
        "channel": "TEXT",
        "action": action.name,
        "reason": reason.name,
        "rules_held": "" if word == "under" else word,
        "settings": "block_spam=true",
        "score": 0.4 if word == "under" else 0.5,
    }

    assert all(sentence.chinese and sentence.english for sentence in alternatives.of(row))
    assert alternatives.of(row)


def test_what_a_broken_model_blocked_has_alternatives() -> None:
    row = ROW | {"reason": "FAILED_CLOSED", "score": None, "rules_held": "unscored,spam"}

    scored, allowed = alternatives.of(row | {"settings": "block_spam=true"})

    assert scored.english == (
        "with a model that scored it under the threshold, it would be blocked: it is unwanted "
        "advertising (SPAM)."
    )
    assert allowed.english == (
        "with on_failure allow in the policy of its carrier, it would be let through: no model "
        "was heard (FAILED_OPEN)."
    )


def test_what_a_broken_model_let_through_says_what_would_have_blocked_it() -> None:
    row = ROW | {"action": "ALLOW", "reason": "FAILED_OPEN", "score": None}

    found = [
        one.english for one in alternatives.of(row | {"rules_held": "unscored", "settings": "a"})
    ]

    assert found == [
        "with a model that scored it under the threshold, it would be let through: no rule holds "
        "(SCORED).",
        "with a model that scored it 0.500 or more, it would be blocked (SCORED).",
        "with on_failure block in the policy of its carrier, it would be blocked (FAILED_CLOSED).",
    ]


def test_a_monitored_decision_says_that_it_would_have_been_blocked() -> None:
    row = ROW | {"action": "ALLOW", "reason": "SCORED", "rules_held": "scored", "settings": "a=b"}

    first, *rest = alternatives.of(row | {"monitored": True})

    assert "in monitor mode" in first.english
    assert rest == alternatives.of(row)
