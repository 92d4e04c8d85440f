"""What the decision path tells the text model of links and senders."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from classifiers.interfaces import TextScores
from classifiers.text.facts import TextFacts
from classifiers.text.sender_history import SenderHistories
from fanzha.decisions import Action
from fanzha.tables import Float32s, Texts
from services.decision.pipeline import DecisionPipeline
from services.decision.sender_stage import SenderStage
from tests.support.builders import (
    NINE_O_CLOCK_S,
    BrokenModel,
    FixedScore,
    FixedTextScore,
    an_engine,
    some_models,
    some_texts,
)

EVIL, GOOD = "see evil.example/x", "see good.example/x"


class AsksForAll(FixedTextScore):
    """A text model that is unsure of every text, and keeps what it is told."""

    def __init__(self, score: float) -> None:
        super().__init__(score)
        self.told: list[TextFacts] = []

    def score(  # type: ignore[override]
        self, rows: Texts, facts: Callable[[Sequence[int]], TextFacts] | None = None
    ) -> TextScores:
        assert facts is not None
        self.told.append(facts(range(len(rows))))
        return super().score(rows)


class EvilHosts(FixedScore):
    """Scores links of one host as fraud."""

    def score(self, rows: object) -> Float32s:
        assert isinstance(rows, list)
        return np.array([0.95 if "evil" in url else 0.01 for url in rows], np.float32)


def an_asking_engine(
    link: FixedScore, words: float = 0.2, senders: SenderStage | None = None
) -> tuple[DecisionPipeline, AsksForAll]:
    model = AsksForAll(words)
    models = replace(some_models(), text=model, link=link)
    return an_engine(models=models, senders=senders), model


def test_a_text_comes_with_its_highest_link_and_others_with_none() -> None:
    engine, model = an_asking_engine(EvilHosts())

    engine.decide_texts(some_texts("hello", f"{GOOD} {EVIL}", GOOD), NINE_O_CLOCK_S)

    odds = model.told[0].link_odds
    assert np.isnan(odds[0])
    assert odds[1] == pytest.approx(np.log(0.95 / 0.05), rel=1e-3)
    assert odds[2] < 0


def test_without_links_and_senders_nothing_is_known() -> None:
    engine, model = an_asking_engine(EvilHosts())

    engine.decide_texts(some_texts("hello"), NINE_O_CLOCK_S)

    assert np.isnan(model.told[0].link_odds).all()
    assert np.isnan(model.told[0].blocked_share).all()


def test_a_broken_model_for_links_leaves_them_unknown_and_words_scored() -> None:
    engine, model = an_asking_engine(BrokenModel(), words=0.95)

    found = engine.decide_texts(some_texts(EVIL), NINE_O_CLOCK_S)

    assert np.isnan(model.told[0].link_odds).all()
    assert found.actions[0] == Action.BLOCK


def test_a_text_comes_with_what_its_sender_had_blocked() -> None:
    stage = SenderStage(histories=SenderHistories())
    engine, model = an_asking_engine(EvilHosts(), words=0.95, senders=stage)

    engine.decide_texts(some_texts("pay now", "pay now"), NINE_O_CLOCK_S)
    engine.decide_texts(some_texts("pay later"), NINE_O_CLOCK_S)

    assert np.isnan(model.told[0].blocked_share).all()
    assert model.told[1].blocked_share.tolist() == [1.0]


def test_the_history_of_a_registered_or_protected_sender_is_not_told() -> None:
    stage = SenderStage(histories=SenderHistories())
    senders, receivers = np.array([7, 8]), np.array([1, 2])
    stage.histories.record(senders, receivers, np.array([True, True]), 0)

    shares = stage.blocked_shares(senders, np.array([True, False]), 0)

    assert np.isnan(shares[0])
    assert shares[1] == 1.0
