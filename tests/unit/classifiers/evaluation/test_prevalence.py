"""Scores as probabilities where fraud is rarer, against counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.evaluation import prevalence

shares = st.floats(1e-6, 1 - 1e-6)


@pytest.mark.parametrize(
    ("score", "trained", "stated", "expected"),
    [
        (0.5, 0.5, 0.0005, 0.0005),
        # 90 of 100 such rows are fraud among 100,000 of each; of fraud a thousandth remains.
        (0.9, 0.5, 1 / 1001, 0.09 / (0.09 + 10)),
        (0.0, 0.3, 0.0005, 0.0),
        (1.0, 0.3, 0.0005, 1.0),
    ],
)
def test_the_probability_is_that_of_counted_rows(
    score: float, trained: float, stated: float, expected: float
) -> None:
    assert prevalence.probability(score, trained, stated) == pytest.approx(expected, rel=1e-9)


@given(st.floats(0, 1), shares)
def test_the_same_prevalence_changes_nothing(score: float, share: float) -> None:
    assert prevalence.probability(score, share, share) == pytest.approx(score, abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=2), shares, shares)
def test_the_order_of_scores_stays(scores: list[float], trained: float, stated: float) -> None:
    moved = prevalence.probabilities(np.sort(np.array(scores)), trained, stated)

    assert (np.diff(moved) >= -1e-12).all()
    assert ((moved >= 0) & (moved <= 1)).all()


@given(st.floats(0.01, 0.99), shares, shares)
def test_moving_there_and_back_gives_the_score(score: float, one: float, other: float) -> None:
    there = prevalence.probability(score, one, other)

    assert prevalence.probability(there, other, one) == pytest.approx(score, rel=1e-3)


def test_a_simulated_carrier_confirms_it() -> None:
    # Scores calibrated at one half, by two normal distributions; a tenth of the traffic is fraud.
    chance = np.random.default_rng(3)
    frauds = chance.random(400_000) < 0.1
    values = chance.normal(np.where(frauds, 1.0, -1.0))
    scores = 1 / (1 + np.exp(-2 * values))

    moved = prevalence.probabilities(scores, 0.5, 0.1)

    for low in (0.1, 0.3, 0.5, 0.7):
        near = (moved >= low) & (moved < low + 0.1)
        assert frauds[near].mean() == pytest.approx(moved[near].mean(), abs=0.02)


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, float("nan")])
def test_a_share_of_none_or_all_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="shares of fraud"):
        prevalence.probability(0.5, share)
