"""A text whose second stage knew more than its words is explained all the same."""

from typing import Any

import numpy as np

from classifiers.text.classifier import TextClassifier
from classifiers.text.facts import FactWeights, TextFacts
from services.decision_log.analysis import content_models
from services.decision_log.analysis.content_models import TextContent
from services.decision_log.analysis.model import ModelAnalysis
from tests.support.cascades import UNCERTAIN, fast, with_facts

WEIGHTS = FactWeights(link=0.3, history=1.5)


class Bundles:
    """Has the shipped text model, with our second stage where one is asked for."""

    def text(self, _version: str, *, second_stage: bool = False) -> TextClassifier:
        return with_facts(WEIGHTS) if second_stage else fast()


def analysed(score: float) -> ModelAnalysis:
    row: dict[str, Any] = {
        "model_version": "9",
        "score": score,
        "threshold": 0.9,
        "from_key": 0,
        "reason": "SCORED",
    }
    content = TextContent(requested=True, body=UNCERTAIN)
    return content_models.of_text(row, content, Bundles())  # type: ignore[arg-type]


def score(link: float, share: float) -> float:
    facts = TextFacts(np.array([link], np.float32), np.array([share], np.float32))
    return float(with_facts(WEIGHTS).score_bodies([UNCERTAIN], facts=lambda _: facts).p_fraud[0])


def test_a_score_that_a_link_or_a_sender_raised_is_explained_and_says_so() -> None:
    found = analysed(score(2.0, 0.5))

    assert found.features
    assert "score of a link" in found.method.english


def test_a_score_of_words_alone_mentions_no_facts() -> None:
    found = analysed(score(float("nan"), float("nan")))

    assert found.features
    assert "score of a link" not in found.method.english


def test_a_score_below_that_of_the_words_is_not_explained_by_facts() -> None:
    found = analysed(score(float("nan"), float("nan")) - 0.1)

    assert not found.features
