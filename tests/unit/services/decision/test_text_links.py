"""What is inside a text counts: the score of its links, and the numbers to call back."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from blocklists.entries import Direction, EntryKind
from classifiers.text.link_evidence import LINK_SCORE, WORD_SCORE
from fanzha.decisions import Action, Detail, MatchedOn, Reason
from fanzha.tables import Channel, Float32s, Ingress
from services.decision.evidence import ModelSet
from tests.support.builders import (
    NINE_O_CLOCK_S,
    BrokenModel,
    FixedScore,
    an_engine,
    an_entry,
    some_models,
    some_texts,
)

BODY = "see evil.example/x"
CALL = "请拨打17000000077"
NUMBER = "+8617000000077"


def models(words: float, link: float) -> ModelSet:
    return replace(some_models(words), link=some_models(link).link)


def decide(models: ModelSet, *bodies: str, entries: Any = (), **given: Any) -> list[Any]:
    engine = an_engine(*entries, models=models)
    found = engine.decide_texts(some_texts(*(bodies or (BODY,)), **given), NINE_O_CLOCK_S)
    return [
        (Action(action), Reason(reason), found.details.get(row, Detail()))
        for row, (action, reason) in enumerate(
            zip(found.actions.tolist(), found.reasons.tolist(), strict=True)
        )
    ]


@pytest.mark.parametrize(
    ("words", "link", "reason"),
    [
        (0.039, 1.0, Reason.LINK_SCORED),
        (float(WORD_SCORE), float(LINK_SCORE), Reason.LINK_SCORED),
        (0.039, 0.89, Reason.SCORED),
        (float(WORD_SCORE) - 0.001, 0.89, Reason.SCORED),
        (0.0, 0.0, Reason.SCORED),
    ],
)
def test_a_link_blocks_its_text_unless_the_text_score_is_low(
    words: float, link: float, reason: Reason
) -> None:
    [(action, found, detail)] = decide(models(words, link))

    assert found == reason
    assert action == (Action.BLOCK if reason == Reason.LINK_SCORED else Action.ALLOW)
    assert detail.link_score == pytest.approx(link)
    assert detail.link == "http://evil.example/x"


def test_a_link_that_its_own_channel_blocks_marks_its_text_whatever_the_words() -> None:
    threshold = some_models().thresholds[Channel.LINK]

    assert decide(models(0.0, threshold))[0][:2] == (Action.ALLOW, Reason.LINK_SCORED)
    assert decide(models(0.0, threshold - 0.001))[0][:2] == (Action.ALLOW, Reason.SCORED)


def test_words_that_reach_the_threshold_need_no_link() -> None:
    [(action, reason, detail)] = decide(models(1.0, 1.0))

    assert (action, reason, detail.link_score) == (Action.BLOCK, Reason.SCORED, None)


def test_each_text_has_its_own_links_and_the_highest_counts() -> None:
    found = decide(models(0.5, 1.0), "hello", BODY, "a.example/1 b.example/2")

    assert [reason for _, reason, _ in found] == [
        Reason.SCORED,
        Reason.LINK_SCORED,
        Reason.LINK_SCORED,
    ]
    assert found[2][2].link == "http://a.example/1"


def test_a_listed_link_or_number_behind_many_others_blocks_its_text() -> None:
    links = " ".join(f"http://a{number}.example/" for number in range(250))
    numbers = ", ".join(f"1700000{number:04}" for number in range(500))
    entries = [an_entry("evil.example"), an_entry("+8617000000499")]
    bodies = links, f"{links} evil.example/pay", numbers, numbers[:-13]

    found = decide(models(0.0, 0.0), *bodies, entries=entries)

    assert [(action, detail.pattern) for action, _, detail in found] == [
        (Action.ALLOW, ""),
        (Action.BLOCK, "evil.example"),
        (Action.BLOCK, "+8617000000499"),
        (Action.ALLOW, ""),
    ]


class EvilHosts(FixedScore):
    """Scores links of one host as fraud."""

    def score(self, rows: Any) -> Float32s:
        return np.array(["evil.example" in url for url in rows], np.float32)


def test_a_link_that_scores_high_behind_many_others_blocks_its_text() -> None:
    links = " ".join(f"http://a{number}.example/" for number in range(250))
    with_links = replace(models(0.5, 0.0), link=EvilHosts(0.0))

    found = decide(with_links, links, f"{links} {BODY}")

    assert [reason for _, reason, _ in found] == [Reason.SCORED, Reason.LINK_SCORED]


def test_without_a_model_for_words_the_text_is_let_through() -> None:
    [(action, reason, _)] = decide(models(np.nan, 1.0))

    assert (action, reason) == (Action.ALLOW, Reason.FAILED_OPEN)


def test_a_failing_model_for_links_leaves_the_words() -> None:
    broken = replace(some_models(0.5), link=BrokenModel())

    [(action, reason, detail)] = decide(broken)

    assert (action, reason, detail.link_score) == (Action.ALLOW, Reason.SCORED, None)


def test_lists_and_the_guard_decide_before_the_link() -> None:
    hot = models(0.5, 1.0)
    allowed = [an_entry("+8617000000001", Action.ALLOW)]

    assert decide(hot, entries=allowed)[0][1] == Reason.ALLOWLISTED
    assert decide(hot, sender="95588", ingress=Ingress.LOCAL)[0][1] == Reason.PROTECTED
    assert decide(hot, sender="95588", ingress=Ingress.UNSPECIFIED)[0][1] == Reason.LINK_SCORED


def test_a_listed_number_inside_a_text_blocks_it() -> None:
    [(action, reason, detail)] = decide(some_models(0.0), CALL, entries=[an_entry(NUMBER)])

    assert (action, reason) == (Action.BLOCK, Reason.BLOCKLISTED)
    assert (detail.matched_on, detail.pattern) == (MatchedOn.CALLBACK, NUMBER)


@pytest.mark.parametrize(
    "entries",
    [
        [an_entry("+861700000007*")],
        [an_entry(NUMBER, direction=Direction.FROM)],
        [an_entry(NUMBER), an_entry(NUMBER, Action.ALLOW)],
        [an_entry(NUMBER), an_entry("+8617000000001", Action.ALLOW)],
        [an_entry(NUMBER, kind=EntryKind.SENDER)],
    ],
    ids=["a range", "only callers", "allowed too", "an allowed sender", "a sender"],
)
def test_other_entries_do_not_block_a_text_for_a_number_in_it(entries: list[Any]) -> None:
    sender = {"sender": "+8617100000001"} if len(entries) == 1 else {}

    assert decide(some_models(0.0), CALL, entries=entries, **sender)[0][0] == Action.ALLOW


def test_the_party_and_the_link_decide_before_the_number() -> None:
    entries = [an_entry(NUMBER), an_entry("evil.example"), an_entry("+8617000000001")]

    by_party = decide(some_models(0.0), CALL, entries=entries)
    by_link = decide(some_models(0.0), f"{BODY} {CALL}", entries=entries[:2])

    assert by_party[0][2].matched_on == MatchedOn.SENDER
    assert by_link[0][2].matched_on == MatchedOn.LINK
