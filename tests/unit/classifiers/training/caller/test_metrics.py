"""Measuring a caller model."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.evaluation.risk_control import Promise
from classifiers.training.caller.metrics import BUDGET, choose_threshold, gain, intervals, measure

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

    found = choose_threshold(np.array([highest / 2, highest / 4, highest]), frauds)

    assert found.threshold is not None
    assert found.threshold <= 1
    assert np.count_nonzero(highest[~frauds] >= found.threshold) <= len(ordinary) * BUDGET


def test_the_same_subscribers_seen_thrice_are_no_more_evidence() -> None:
    # 1,200 three times over would be enough for a confident promise.
    scores = np.linspace(0, 0.9, 1200).astype(np.float32)

    found = choose_threshold(np.array([scores] * 3), np.zeros(1200, np.bool_))

    assert found.needed > 1200
    assert Promise.CONFIDENT not in {one.promise for one in found.groups}


def test_intervals_hold_the_figures_and_a_model_gains_nothing_over_itself() -> None:
    chance = np.random.default_rng(4)
    frauds = np.arange(800) < 300
    scores = (chance.random(800) * 0.6 + frauds * 0.4).astype(np.float32)

    around: Any = intervals(scores, frauds, 1)
    itself: Any = gain(scores, scores, frauds, 1)
    figures: Any = measure(scores, frauds, 0.5)

    assert around["auc_interval"][0] < figures["auc"] < around["auc_interval"][1]
    low, high = around["recall_interval"]
    assert low <= figures["recall_at_0_5_percent"] <= high
    assert itself == {"auc": [0, 0, 0], "recall": [0, 0, 0]}


def test_a_better_model_gains() -> None:
    chance = np.random.default_rng(4)
    frauds = np.arange(800) < 300
    noise = chance.random(800)
    better, worse = ((noise * 0.6 + frauds * by).astype(np.float32) for by in (0.4, 0.1))

    gained: Any = gain(better, worse, frauds, 1)

    assert gained["auc"][0] > gained["auc"][1] > 0
    assert gained["recall"][1] > 0


def test_recall_counts_frauds_above_the_wrongly_blocked() -> None:
    ordinary = np.linspace(0, 0.9, 1000)
    fraud = np.array([0.95, 0.9, 0.8995, 0.1])

    figures = measure(
        np.concatenate((fraud, ordinary)).astype(np.float32), np.arange(1004) < 4, 0.93
    )

    assert figures["recall_at_threshold"] == 0.25
    assert figures["blocked_ordinary"] == 0
    assert figures["recall_at_0_1_percent"] == 0.75
