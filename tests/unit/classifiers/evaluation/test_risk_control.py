"""Thresholds with a promise: by simulation with fixed seeds, and by hand where groups are small."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.evaluation.budget import ALL, TOGETHER
from classifiers.evaluation.risk_control import Promise, clusters_needed, control_risk

TRIALS = 400


def one_group(scores: np.ndarray) -> np.ndarray:
    return np.full(len(scores), "zh")


def test_the_promise_is_broken_in_no_more_than_one_of_twenty_samples() -> None:
    # Scores are uniform: the true rate of a threshold t is 1 - t.
    chance = np.random.default_rng(7)
    true = []
    for _ in range(TRIALS):
        scores = chance.random(2000, np.float32)
        found = control_risk(scores, one_group(scores), rate=0.01)
        assert found.threshold is not None
        true.append(1 - found.threshold)

    broken = np.mean(np.array(true) > 0.01)
    assert broken <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / TRIALS)
    # Nor is it kept by blocking nothing.
    assert broken >= 0.01
    assert np.mean(true) > 0.005


def test_all_groups_keep_the_rate_at_once() -> None:
    # Three equally hard groups, and one harder: its scores are those of the others, to the power ½.
    chance = np.random.default_rng(8)
    broken = 0
    for _ in range(TRIALS):
        scores = chance.random(4000, np.float32)
        groups = np.repeat(["a", "b", "c", "hard"], 1000)
        scores[3000:] **= 0.5
        threshold = control_risk(scores, groups, rate=0.01).threshold or 1.0
        broken += max(1 - threshold, 1 - threshold**2) > 0.01

    assert broken / TRIALS <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / TRIALS)


def test_copies_of_a_message_add_no_confidence() -> None:
    # Each of 1,000 messages occurs 10 times with one score: the true rate of messages is 1 - t.
    chance = np.random.default_rng(9)
    broken = 0
    for _ in range(TRIALS):
        scores = np.repeat(chance.random(1000, np.float32), 10)
        clusters = np.repeat(np.arange(1000), 10)
        found = control_risk(scores, one_group(scores), clusters, rate=0.01)
        broken += 1 - (found.threshold or 1.0) > 0.01
        assert found.groups[0].clusters == 1000

    assert broken / TRIALS <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / TRIALS)


def test_a_group_too_small_for_confidence_keeps_the_rate_on_average() -> None:
    chance = np.random.default_rng(10)
    true = []
    for _ in range(TRIALS):
        scores = chance.random(200, np.float32)
        found = control_risk(scores, one_group(scores), rate=0.01)
        assert found.groups[0].promise is Promise.EXPECTED
        true.append(1 - (found.threshold or 1.0))

    assert np.mean(true) <= 0.01 + 2 * np.std(true) / np.sqrt(TRIALS)
    assert np.mean(true) > 0.005


def test_so_many_clusters_are_needed() -> None:
    assert clusters_needed(0.0001) == 29_956
    assert clusters_needed(0.001) == 2_995
    assert clusters_needed(0.01, 0.99) == 459


def test_small_groups_are_held_together_and_say_so() -> None:
    scores = np.linspace(0, 0.5, 3000, dtype=np.float32)
    groups = np.repeat(["large", "letters", "notes"], [2920, 60, 20])
    scores[2920:] = 0.4

    found = control_risk(scores, groups, rate=0.01)

    large, letters, notes, together = found.groups
    assert (large.group, large.promise) == ("large", Promise.CONFIDENT)
    assert large.upper <= 0.01
    assert {one.promise for one in (letters, notes, together)} == {Promise.NONE}
    assert together.group == TOGETHER
    assert letters.upper == pytest.approx(0.0487, abs=1e-3)
    assert "Too few for any promise, see the upper bound: letters, notes, " in found.statement


def test_many_small_groups_make_a_mixture_that_keeps_the_rate() -> None:
    chance = np.random.default_rng(11)
    scores = chance.random(4000, np.float32)
    groups = np.array([f"source {number % 80}" for number in range(4000)])

    found = control_risk(scores, groups, rate=0.01)

    assert {one.promise for one in found.groups[:-1]} == {Promise.POOLED}
    assert (found.groups[-1].group, found.groups[-1].promise) == (ALL, Promise.CONFIDENT)
    assert found.decided_by == ALL
    assert found.groups[-1].blocked_clusters > 20


def test_a_small_group_that_contradicts_the_rate_is_named_and_can_be_heeded() -> None:
    scores = np.concatenate([np.linspace(0, 0.5, 2000), np.linspace(0, 0.9, 50)])
    groups = np.repeat(["large", "odd"], [2000, 50])

    named = control_risk(scores.astype(np.float32), groups, rate=0.01)
    heeded = control_risk(scores.astype(np.float32), groups, rate=0.01, heeds_small=True)

    assert heeded.threshold is not None
    assert named.threshold is not None
    assert heeded.threshold >= named.threshold
    assert not any(one.contradicted for one in heeded.groups)


def test_a_score_of_one_that_is_too_common_leaves_no_threshold() -> None:
    scores = np.ones(400, np.float32)

    found = control_risk(scores, one_group(scores), rate=0.01)

    assert found.threshold is None
    assert "threshold" not in found.figures()
    assert found.groups[0].blocked_rows == 0


def test_no_rows_are_an_error() -> None:
    with pytest.raises(ValueError, match="no legitimate rows"):
        control_risk(np.zeros(0, np.float32), np.zeros(0, "U2"))


@given(st.integers(1, 5000), st.integers(1, 4), st.integers(0, 2**32 - 1), st.booleans())
def test_a_confident_group_has_a_bound_within_the_rate(
    rows: int, groups: int, seed: int, heeds_small: bool
) -> None:
    chance = np.random.default_rng(seed)
    scores = chance.choice(chance.random(30, np.float32), rows)
    names = np.array(["a", "b", "c", "d"])[chance.integers(0, groups, rows)]
    clusters = chance.integers(0, rows, rows)

    found = control_risk(scores, names, clusters, rate=0.01, heeds_small=heeds_small)

    for one in found.groups:
        assert one.promise is not Promise.CONFIDENT or one.upper <= 0.01 * (1 + 1e-9)
        assert one.promise is not Promise.NONE or one.blocked_rows == 0
        assert one.blocked_clusters <= one.blocked_rows <= one.rows
        assert one.own_threshold is None or one.own_threshold <= (found.threshold or 2)
