"""Labels that scores contradict, against labels that were turned round on purpose."""

import numpy as np
import pytest

from classifiers.evaluation import label_noise
from classifiers.evaluation.report import ScoredRows


def rows(
    scores: np.ndarray, labels: np.ndarray, sources: np.ndarray, clusters: np.ndarray | None = None
) -> ScoredRows:
    return ScoredRows(
        groups={"source": sources},
        labels=labels,
        categories=np.full(len(scores), ""),
        scores=scores.astype(np.float32),
        fraud_types=np.zeros(len(scores), np.uint8),
        clusters=clusters,
    )


def test_labels_turned_round_are_found_in_the_source_that_has_them() -> None:
    chance = np.random.default_rng(5)
    frauds = np.arange(4000) % 2 == 0
    scores = np.clip(chance.normal(np.where(frauds, 0.9, 0.1), 0.05), 0, 1)
    sources = np.repeat(["clean", "noisy"], 2000)
    turned = (sources == "noisy") & (chance.random(4000) < 0.1)
    labels = np.where(frauds ^ turned, "fraud", "ham")

    found = label_noise.audit(rows(scores, labels, sources))

    worst, best = found["groups"]
    assert (worst["group"], best["group"]) == ("noisy", "clean")
    # Of those turned round, the ones as sure as the mean of their class: that is more than half.
    assert 0.5 * turned.sum() < worst["share"] * 2000 <= turned.sum()
    assert best["share"] < 0.001
    assert worst["low"] < worst["share"] < worst["high"]


def test_both_directions_are_counted_apart() -> None:
    scores = np.array([0.9, 0.9, 0.9, 0.05, 0.1, 0.1, 0.1, 0.95])
    labels = np.array(["fraud"] * 4 + ["ham"] * 4)

    found = label_noise.audit(rows(scores, labels, np.full(8, "ours")))["all"]

    assert (found["fraud_like_legitimate"], found["legitimate_like_fraud"]) == (1, 1)


def test_near_duplicates_with_both_labels_are_disputed_and_spam_counts_nowhere() -> None:
    labels = np.array(["fraud", "ham", "fraud", "spam", "ham"])
    clusters = np.array([1, 1, 2, 2, 3])

    found = label_noise.audit(
        rows(np.array([0.9, 0.2, 0.9, 0.5, 0.1]), labels, np.full(5, "ours"), clusters)
    )["all"]

    assert (found["rows"], found["disputed"]) == (4, 2)


@pytest.mark.parametrize("labels", [["fraud", "fraud"], ["ham", "spam"]])
def test_rows_of_both_kinds_are_needed(labels: list[str]) -> None:
    with pytest.raises(ValueError, match="both kinds"):
        label_noise.audit(rows(np.array([0.1, 0.9]), np.array(labels), np.full(2, "ours")))


def test_rows_without_a_score_count_nowhere() -> None:
    scores = np.array([0.9, np.nan, 0.1, np.nan])

    found = label_noise.audit(
        rows(scores, np.array(["fraud", "fraud", "ham", "ham"]), np.full(4, "ours"))
    )

    assert found["all"]["rows"] == 2
