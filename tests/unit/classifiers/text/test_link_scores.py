"""The score of a link is asked for once while it is remembered."""

from collections.abc import Sequence

import numpy as np

from classifiers.text.link_evidence import LinkScores
from fanzha.tables import Float32s


class Model:
    """Scores each link by its length, and notes what it is asked."""

    threshold = 0.5
    version = "1"

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def score(self, urls: Sequence[str]) -> Float32s:
        self.asked.append(list(urls))
        return np.array([len(url) for url in urls], np.float32)


def test_a_link_is_scored_once_and_each_text_has_its_score() -> None:
    model, scores = Model(), LinkScores()

    assert scores.of(model, ["a", "bb", "a"]) == [(1, "a"), (2, "bb"), (1, "a")]
    assert scores.of(model, ["bb", "ccc"]) == [(2, "bb"), (3, "ccc")]
    assert scores.of(model, ["a"]) == [(1, "a")]

    assert model.asked == [["a", "bb"], ["ccc"]]


def test_another_model_scores_the_link_again() -> None:
    first, second, scores = Model(), Model(), LinkScores()

    for model in (first, second, first):
        scores.of(model, ["a"])

    assert (len(first.asked), len(second.asked)) == (2, 1)


def test_the_cache_of_scores_is_bounded() -> None:
    model, scores = Model(), LinkScores(most=2)

    scores.of(model, ["a", "b"])
    scores.of(model, ["a"])
    scores.of(model, ["a"])

    assert model.asked == [["a", "b"], ["a"]]
