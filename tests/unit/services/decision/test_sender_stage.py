"""What a sender's blocked texts do to its next ones, and what they do not."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from classifiers.interfaces import TextScores
from classifiers.text.sender_history import SenderHistories
from fanzha.decisions import Action, Decisions, Reason
from fanzha.phone import HomePlan
from fanzha.tables import Texts
from services.decision.decision_rules import DecisionRules
from services.decision.evidence import ModelSet
from services.decision.origin.guard import OriginGuard
from services.decision.origin.sender_registry import read_senders
from services.decision.pipeline import DecisionPipeline
from services.decision.sender_stage import SenderStage
from tests.support.builders import (
    NINE_O_CLOCK_S,
    FixedTextScore,
    an_engine,
    an_entry,
    some_models,
    some_texts,
)

FRAUD, MIDDLE, LOW = "0.95 pay now", "0.5 pay later", "0.1 see you"
LINKED = "0.1 see evil.example/x"
SENDER, OTHER = "+8617000000001", "+8617000000002"
HOUR_S = 3600


class ScoreInBody(FixedTextScore):
    """A text model that reads the score from the body."""

    def score(self, rows: Texts, facts: object = None) -> TextScores:  # type: ignore[override]
        scores = np.array([float(body.split()[0]) for body in rows.bodies], np.float32)
        return replace(super().score(rows), p_fraud=scores)


def models(link: float = 0.0) -> ModelSet:
    return replace(some_models(), text=ScoreInBody(), link=some_models(link).link)


def an_engine_of(
    histories: SenderHistories | None = None, *entries: Any, link: float = 0.0, **given: Any
) -> DecisionPipeline:
    stage = SenderStage(histories=histories or SenderHistories(), **given)
    return an_engine(*entries, models=models(link), senders=stage)


def decide(
    engine: DecisionPipeline,
    bodies: Sequence[str],
    *,
    sender: str = SENDER,
    receivers: Sequence[str] = (),
    at_s: int = NINE_O_CLOCK_S,
    **given: Any,
) -> Decisions:
    texts = some_texts(*bodies, sender=sender, **given)
    numbers = receivers or [f"+8617000{at:06}" for at in range(len(bodies))]
    keys = HomePlan().number_keys(numbers)
    return engine.decide_texts(replace(texts, receivers=keys), at_s)


def outcome(decisions: Decisions, row: int = 0) -> tuple[int, int]:
    return int(decisions.actions[row]), int(decisions.reasons[row])


def test_half_of_the_threshold_blocks_once_three_texts_of_the_sender_were_blocked() -> None:
    engine = an_engine_of()
    before = decide(engine, [MIDDLE, FRAUD, FRAUD, FRAUD])

    after = decide(engine, [MIDDLE, LOW])

    assert outcome(before) == (Action.ALLOW, Reason.SCORED)
    assert outcome(after) == (Action.BLOCK, Reason.SENDER_HISTORY)
    assert outcome(after, 1) == (Action.ALLOW, Reason.SCORED)
    assert after.details[0].sender_history == {
        "texts": 4.0,
        "blocked": 3.0,
        "receivers": 4,
        "threshold": pytest.approx(0.45),
    }


def test_a_mark_lets_the_text_through() -> None:
    engine = an_engine_of(blocks=False)
    decide(engine, [FRAUD] * 3)

    marked = decide(engine, [MIDDLE])

    assert outcome(marked) == (Action.ALLOW, Reason.SENDER_HISTORY)
    assert marked.details[0].sender_history is not None


@pytest.mark.parametrize(("link", "blocked"), [(0.9, True), (0.89, False)])
def test_a_link_that_its_own_channel_blocks_counts_from_lower_words_on(
    link: float, blocked: bool
) -> None:
    engine = an_engine_of(link=link)
    decide(engine, [FRAUD] * 3)

    found = decide(engine, [LINKED, "0.02 see evil.example/x"])

    assert (outcome(found) == (Action.BLOCK, Reason.SENDER_HISTORY)) == blocked
    assert outcome(found, 1)[0] == Action.ALLOW


@pytest.mark.parametrize(
    ("bodies", "receivers"),
    [
        ([FRAUD] * 2, ()),
        ([FRAUD] * 3 + [LOW] * 13, ()),
        ([FRAUD] * 3, ["+8617000000999"] * 3),
    ],
    ids=["too few", "too small a share", "one receiver"],
)
def test_a_sender_is_not_in_question(bodies: list[str], receivers: list[str]) -> None:
    engine = an_engine_of()
    decide(engine, bodies, receivers=receivers)

    assert outcome(decide(engine, [MIDDLE])) == (Action.ALLOW, Reason.SCORED)


def test_what_a_history_blocks_is_not_counted_in_it() -> None:
    engine = an_engine_of()
    decide(engine, [FRAUD] * 3)
    blocked = decide(engine, [MIDDLE] * 10)
    diluted = decide(engine, [MIDDLE] * 3)

    assert {outcome(blocked, row) for row in range(10)} == {(Action.BLOCK, Reason.SENDER_HISTORY)}
    assert {outcome(diluted, row)[0] for row in range(3)} == {Action.BLOCK}
    # Three blocked for their content of sixteen: under the share.
    assert outcome(decide(engine, [MIDDLE])) == (Action.ALLOW, Reason.SCORED)


def test_a_history_fades_and_is_of_one_sender_only() -> None:
    engine = an_engine_of()
    decide(engine, [FRAUD] * 4)

    other = decide(engine, [MIDDLE], sender=OTHER)
    later = decide(engine, [MIDDLE], at_s=NINE_O_CLOCK_S + HOUR_S)

    assert outcome(other) == outcome(later) == (Action.ALLOW, Reason.SCORED)


def test_a_block_for_the_sender_or_receiver_alone_counts_for_nothing() -> None:
    entries = an_entry(SENDER), an_entry("evil.example")
    by_sender, by_link = an_engine_of(None, entries[0]), an_engine_of(None, entries[1])
    decide(by_sender, [LOW] * 3)
    decide(by_link, [LINKED] * 3)
    histories = [engine._senders.histories for engine in (by_sender, by_link)]  # type: ignore[union-attr]  # noqa: SLF001 - what is remembered shows in no answer
    key = HomePlan().sender_keys([SENDER])

    assert [set(one.in_question(key, NINE_O_CLOCK_S * 1000)) for one in histories] == [set(), {0}]


def test_registered_and_protected_senders_are_exempt() -> None:
    registry = read_senders(b"header,owner,routes\nBank,Example Bank,gate-1\n", HomePlan())
    engine = an_engine(
        models=models(),
        origin=OriginGuard(current_senders=lambda: registry),
        senders=SenderStage(histories=SenderHistories()),
        rules=DecisionRules(),
    )
    for sender, trunk in (("Bank", "gate-1"), ("110", ""), ("Shop", "gate-1")):
        decide(engine, [FRAUD] * 3, sender=sender, trunk=trunk)

    found = [
        outcome(decide(engine, [MIDDLE], sender=sender, trunk=trunk))[1]
        for sender, trunk in (("Bank", "gate-1"), ("110", ""), ("Shop", "gate-1"))
    ]

    assert found[0] == Reason.SCORED
    assert found[1] != Reason.SENDER_HISTORY
    assert found[2] == Reason.SENDER_HISTORY


def test_no_history_cuts_off_a_text_to_an_emergency_number() -> None:
    engine = an_engine_of()
    decide(engine, [FRAUD] * 3)

    assert outcome(decide(engine, [MIDDLE], receivers=["110"]))[0] == Action.ALLOW


def test_a_dry_run_reads_histories_and_counts_nothing() -> None:
    histories = SenderHistories()
    live = SenderStage(histories=histories)
    dry = an_engine(models=models(), senders=live.for_dry_runs())
    decide(dry, [FRAUD] * 3)
    before = decide(dry, [MIDDLE])
    decide(an_engine(models=models(), senders=live), [FRAUD] * 3)

    assert outcome(before) == (Action.ALLOW, Reason.SCORED)
    assert outcome(decide(dry, [MIDDLE])) == (Action.BLOCK, Reason.SENDER_HISTORY)
