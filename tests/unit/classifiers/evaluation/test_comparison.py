"""Two models on the same rows: what changed sides, and whether that could be chance."""

import numpy as np
import pytest

from classifiers.evaluation import comparison, report
from classifiers.evaluation.report import ScoredRows


def rows(scores: list[float], labels: list[str], clusters: list[int] | None = None) -> ScoredRows:
    return ScoredRows(
        groups={"source": np.array(["ours"] * len(scores))},
        labels=np.array(labels),
        categories=np.array([""] * len(scores)),
        scores=np.array(scores, np.float32),
        fraud_types=np.zeros(len(scores), np.uint8),
        clusters=None if clusters is None else np.array(clusters),
    )


def compared(now: ScoredRows, before: ScoredRows) -> dict[str, object]:
    found = comparison.compared(
        (now, report.report(now, 0.5)), (before, report.report(before, 0.5))
    )
    changed: dict[str, object] = found["changed"]
    return changed


LABELS = ["fraud"] * 10 + ["ham"] * 10


def test_rows_that_changed_sides_are_counted_by_kind() -> None:
    before = rows([0.1] * 6 + [0.9] * 4 + [0.1] * 9 + [0.9], LABELS)
    now = rows([0.9] * 8 + [0.9, 0.1] + [0.1] * 10, LABELS)

    assert compared(now, before) == {
        "fraud": {
            "newly_blocked": 6,
            "no_longer_blocked": 1,
            "chance": pytest.approx(2 * (1 + 7) / 2**7),
        },
        "legitimate": {"newly_blocked": 0, "no_longer_blocked": 1, "chance": 1.0},
    }


def test_near_duplicates_are_one_observation_of_a_difference() -> None:
    before, now = [0.1] * 20, [0.9] * 8 + [0.1] * 12

    alone = compared(rows(now, LABELS), rows(before, LABELS))
    copies = [0] * 8 + list(range(1, 13))
    together = compared(rows(now, LABELS, copies), rows(before, LABELS, copies))

    assert alone["fraud"]["chance"] == pytest.approx(2 / 2**8)  # type: ignore[index]
    assert together["fraud"]["chance"] == 1.0  # type: ignore[index]


def test_each_model_is_taken_at_its_own_threshold() -> None:
    same = rows([0.2, 0.6] + [0.1] * 2, ["fraud", "fraud", "ham", "ham"])

    found = comparison.compared((same, report.report(same, 0.1)), (same, report.report(same, 0.5)))

    assert found["changed"]["fraud"]["newly_blocked"] == 1
    assert found["changed"]["legitimate"]["newly_blocked"] == 2
    assert (found["this"]["threshold"], found["against"]["threshold"]) == (0.1, 0.5)
