"""How drift of scores is measured."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.card import BINS, Histogram
from fanzha.tables import Channel, Float32s
from services.decision.drift import scores as drift
from services.decision.drift.scores import ScoreDrift

LINK = Channel.LINK
LOW: Histogram = (900.0, 100.0, *[0.0] * (BINS - 2))
HISTOGRAMS = st.lists(st.integers(0, 1000), min_size=BINS, max_size=BINS).filter(sum).map(tuple)


def scores(low: int, next_: int, high: int = 0) -> Float32s:
    return np.repeat([0.01, 0.06, 0.99], [low, next_, high]).astype(np.float32)


def test_the_same_shape_has_not_drifted() -> None:
    watcher = ScoreDrift()

    watcher.observe(LINK, scores(1800, 200), "1")

    assert watcher.index(LINK, "1", LOW) == pytest.approx(0.0)


def test_the_index_is_that_of_the_formula() -> None:
    watcher = ScoreDrift()

    watcher.observe(LINK, scores(1400, 600), "1")

    expected = (0.7 - 0.9) * np.log(0.7 / 0.9) + (0.3 - 0.1) * np.log(0.3 / 0.1)
    assert watcher.index(LINK, "1", LOW) == pytest.approx(expected, abs=2e-3)


def test_scores_in_a_bin_that_was_empty_are_drift() -> None:
    watcher = ScoreDrift()

    watcher.observe(LINK, scores(1300, 200, 500), "1")

    assert 0.25 < watcher.index(LINK, "1", LOW) < np.inf


def test_drift_is_unknown_without_a_histogram_or_enough_rows_of_the_model() -> None:
    watcher = ScoreDrift()
    watcher.observe(LINK, scores(900, 99), "1")
    few = watcher.index(LINK, "1", LOW)
    watcher.observe(LINK, scores(1, 0), "1")

    assert np.isnan(few)
    assert not np.isnan(watcher.index(LINK, "1", LOW))
    assert np.isnan(watcher.index(LINK, "1", None))
    assert np.isnan(watcher.index(LINK, "2", LOW))
    assert np.isnan(watcher.index(Channel.TEXT, "1", LOW))


def test_another_model_resets_the_counts() -> None:
    watcher = ScoreDrift(least_rows=10)
    watcher.observe(LINK, scores(0, 0, 100), "1")

    watcher.observe(LINK, scores(90, 10), "2")

    assert watcher.index(LINK, "2", LOW) == pytest.approx(0.0)


def test_old_rows_are_forgotten() -> None:
    watcher = ScoreDrift(window_rows=200, least_rows=10)
    watcher.observe(LINK, scores(0, 0, 100), "1")
    drifted = watcher.index(LINK, "1", LOW)

    for _ in range(2):
        watcher.observe(LINK, scores(90, 10), "1")
        latest = watcher.index(LINK, "1", LOW)

    assert drifted > 1
    assert latest == pytest.approx(0.0)


def test_batches_of_one_count_as_one_batch_of_many() -> None:
    alone, together = ScoreDrift(), ScoreDrift()
    together.observe(LINK, scores(2000, 700), "1")

    for score in scores(2000, 700):
        alone.observe(LINK, np.array([score], np.float32), "1")

    assert alone.index(LINK, "1", LOW) == together.index(LINK, "1", LOW) > 0


def test_unscored_rows_count_nowhere_and_the_highest_score_in_the_last_bin() -> None:
    found = drift.counts(np.array([np.nan, 0.0, 1.0, 0.999], np.float32))

    assert (found.sum(), found[0], found[-1]) == (3, 1, 2)


@given(HISTOGRAMS, HISTOGRAMS)
def test_the_index_is_symmetric_finite_and_never_negative(one: Histogram, two: Histogram) -> None:
    found = drift.stability_index(one, two)

    assert 0 <= found + 1e-12 < np.inf
    assert found == pytest.approx(drift.stability_index(two, one))
    assert drift.stability_index(one, one) == 0
