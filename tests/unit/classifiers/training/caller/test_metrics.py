"""Measuring a caller model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.training.caller.metrics import BUDGET, choose_threshold, measure

scores = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=30)


@given(scores, scores)
def test_the_area_under_the_curve_counts_pairs(fraud: list[float], ordinary: list[float]) -> None:
    pairs = [(one > other) + (one == other) / 2 for one in fraud for other in ordinary]

    figures = measure(
        np.array([*fraud, *ordinary], np.float32),
        np.arange(len(fraud) + len(ordinary)) < len(fraud),
        0.5,
    )

    assert figures["auc"] == pytest.approx(sum(pairs) / len(pairs), abs=1e-4)


@given(st.lists(st.floats(0, 0.75, width=32), min_size=1, max_size=3000))
def test_the_threshold_keeps_the_budget(ordinary: list[float]) -> None:
    highest = np.array([*ordinary, 1.0], np.float32)
    frauds = np.arange(len(highest)) == len(ordinary)

    threshold = choose_threshold(highest, frauds)

    assert np.count_nonzero(highest[~frauds] >= threshold) <= len(ordinary) * BUDGET
    assert threshold <= 1


def test_recall_counts_frauds_above_the_wrongly_blocked() -> None:
    ordinary = np.linspace(0, 0.9, 1000)
    fraud = np.array([0.95, 0.9, 0.8995, 0.1])

    figures = measure(
        np.concatenate((fraud, ordinary)).astype(np.float32), np.arange(1004) < 4, 0.93
    )

    assert figures["recall_at_threshold"] == 0.25
    assert figures["blocked_ordinary"] == 0
    assert figures["recall_at_0_1_percent"] == 0.75
