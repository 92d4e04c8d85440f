"""Figures against slow ones, and against what is known of them."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from classifiers.evaluation import metrics

labelled = st.lists(
    st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.booleans()), min_size=2
).filter(lambda rows: len({positive for _score, positive in rows}) == 2)


@given(labelled)
def test_auc_is_the_share_of_pairs_in_order(rows: list[tuple[float, bool]]) -> None:
    wins = [
        (high > low) + (high == low) / 2
        for high, positive in rows
        if positive
        for low, other in rows
        if not other
    ]
    scores, positive = zip(*rows, strict=True)

    found = metrics.auc(np.array(scores, np.float32), np.array(positive))

    assert found == pytest.approx(sum(wins) / len(wins))


@given(st.lists(st.floats(0, 1, width=32), min_size=1), st.floats(0, 1))
@example([float(np.float32(0.99999))], 0.0)
def test_no_more_negatives_than_the_rate_reach_the_threshold(
    scores: list[float], rate: float
) -> None:
    threshold = metrics.threshold_for(np.array(scores, np.float32), rate)

    blocked = np.array(scores, np.float32) >= np.float32(threshold)
    assert blocked.sum() <= len(scores) * rate or threshold == 0


def test_recall_counts_positives_over_the_highest_allowed_negative() -> None:
    scores = np.array([*np.linspace(0, 0.5, 1000), 0.4, 0.499, 0.6, 0.7], np.float32)
    positive = np.arange(1004) >= 1000

    assert metrics.recall_at(scores, positive, 0.001) == 0.5
    assert metrics.recall_at(scores, positive, 0.01) == 0.75


def test_scores_that_mean_what_they_say_have_no_calibration_error() -> None:
    scores = np.repeat(np.array([0.25, 0.75], np.float32), 4)

    fair = np.array([1, 0, 0, 0, 1, 1, 1, 0], np.bool_)

    assert metrics.calibration_error(scores, fair) == pytest.approx(0)
    assert metrics.calibration_error(scores, ~fair) == pytest.approx(0.5)


def test_reliability_counts_each_row_once() -> None:
    scores = np.array([0.0, 0.05, 0.55, 1.0], np.float32)

    found = metrics.reliability(scores, np.array([0, 1, 0, 1], np.bool_), bins=10)

    assert [(one.rows, one.true) for one in found] == [(2, 0.5), (1, 0.0), (1, 1.0)]
    assert found[0].believed == pytest.approx(0.025)


@given(st.integers(0, 500), st.integers(1, 500))
def test_an_interval_holds_its_share_and_narrows_with_rows(count: int, more: int) -> None:
    total = count + more

    low, high = metrics.share_interval(count, total)
    wider = metrics.share_interval(count * 100, total * 100)

    assert 0 <= low <= count / total <= high <= 1
    assert wider.high - wider.low < high - low


def test_nothing_blocked_of_a_thousand_leaves_room_for_one_in_300() -> None:
    # The known value of Wilson's interval: z² / (n + z²).
    assert metrics.share_interval(0, 1000).high == pytest.approx(3.8415 / 1003.8415, rel=1e-4)
    assert metrics.share_interval(0, 1000).low == 0
    assert metrics.share_interval(0, 0) == (0, 1)


def test_f1_punishes_both_a_missed_kind_and_a_wrong_claim() -> None:
    true = np.array([1, 1, 2, 2, 3], np.uint8)
    found = np.array([1, 0, 2, 1, 9], np.uint8)

    f1 = metrics.f1_by_kind(true, found)

    assert f1 == pytest.approx({1: 0.5, 2: 2 / 3, 3: 0.0})


@given(labelled)
def test_the_curve_near_zero_never_falls(rows: list[tuple[float, bool]]) -> None:
    scores, positive = (np.array(column) for column in zip(*rows, strict=True))

    rates, caught = metrics.roc_near_zero(scores.astype(np.float32), positive)

    assert rates == sorted(rates)
    assert caught == sorted(caught)
    assert caught[0] == pytest.approx((scores[positive] > scores[~positive].max()).mean())
