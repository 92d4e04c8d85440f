"""Rows between the two thresholds are put up for review, and counted by side and group."""

import numpy as np

from classifiers.evaluation import abstention
from classifiers.evaluation.report import ScoredRows


def rows(scores: list[float], labels: list[str], sources: list[str]) -> ScoredRows:
    return ScoredRows(
        groups={"source": np.array(sources)},
        labels=np.array(labels),
        categories=np.full(len(scores), ""),
        scores=np.array(scores, np.float32),
        fraud_types=np.zeros(len(scores), np.uint8),
    )


def test_only_scores_between_the_thresholds_are_put_up() -> None:
    found = abstention.measured(
        rows(
            [0.9, 0.6, 0.5, 0.49, 0.6, 0.95, 0.1],
            ["fraud"] * 4 + ["ham"] * 3,
            ["one"] * 7,
        ),
        review_threshold=0.5,
        threshold=0.9,
    )

    assert (found["from"], found["to"]) == (0.5, 0.9)
    assert [found["fraud"][key] for key in ("rows", "blocked", "review", "share")] == [4, 1, 2, 0.5]
    assert [found["legitimate"][key] for key in ("rows", "blocked", "review")] == [3, 1, 1]
    assert found["legitimate"]["low"] < 1 / 3 < found["legitimate"]["high"]


def test_each_group_has_its_own_counts_and_a_side_without_rows_is_left_out() -> None:
    found = abstention.measured(
        rows([0.6, 0.2, 0.6], ["fraud", "ham", "spam"], ["a", "b", "c"]), 0.5, 0.9
    )

    first, second, third = found["slices"]
    assert first["fraud"]["review"] == 1
    assert "legitimate" not in first
    assert second["legitimate"]["review"] == 0
    assert set(third) == {"by", "group"}


def test_a_row_without_a_score_is_neither_blocked_nor_put_up() -> None:
    found = abstention.measured(rows([float("nan")], ["fraud"], ["a"]), 0.5, 0.9)

    assert (found["fraud"]["blocked"], found["fraud"]["review"]) == (0, 0)
