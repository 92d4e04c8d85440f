"""Intervals of rows that come in clusters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.evaluation import intervals
from classifiers.evaluation.metrics import share_interval
from tests.support.effort import examples

HITS = np.arange(200) % 4 == 0


def test_rows_of_their_own_have_the_interval_of_wilson() -> None:
    assert intervals.share(HITS, np.arange(200)) == pytest.approx(share_interval(50, 200))


def test_copies_of_rows_make_nothing_surer() -> None:
    alone = intervals.share(HITS, np.arange(200))

    copied = intervals.share(np.repeat(HITS, 5), np.repeat(np.arange(200), 5))

    assert copied == pytest.approx(alone, abs=2e-3)


def test_clusters_without_any_hit_count_once() -> None:
    none = np.zeros(1000, np.bool_)

    found = intervals.share(none, np.arange(1000) // 10)

    assert found == pytest.approx(share_interval(0, 100))
    assert intervals.share(none[:0], np.zeros(0, np.int64)) == (0, 1)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=40))
@settings(max_examples=examples(100))
def test_an_interval_holds_its_share_and_no_more_rows_than_there_are(
    rows: list[tuple[bool, int]],
) -> None:
    hits, clusters = (np.array(column) for column in zip(*rows, strict=True))

    low, high = intervals.share(hits, clusters)

    assert 0 <= low <= hits.mean() <= high <= 1
    assert 1 <= intervals.effective_rows(hits, clusters) <= len(hits) + 1e-9


def scored(count: int) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(1)
    frauds = np.arange(2 * count) < count
    return (chance.normal(0, 1, 2 * count) + 2 * frauds).astype(np.float32), frauds


def test_the_interval_of_a_recall_holds_it_and_narrows_with_rows() -> None:
    widths = []
    for count in (300, 3000):
        scores, frauds = scored(count)
        [(low, high)] = intervals.recalls(scores, frauds, np.arange(len(scores)), [0.01])
        highest_passed = np.sort(scores[~frauds])[-1 - count // 100]
        assert low <= (scores[frauds] > highest_passed).mean() <= high
        widths.append(high - low)

    assert widths[1] < widths[0]


def test_near_duplicates_widen_the_interval_of_a_recall() -> None:
    scores, frauds = scored(300)
    copied = np.repeat(scores, 4), np.repeat(frauds, 4)

    apart = intervals.recalls(*copied, np.arange(2400), [0.01])[0]
    together = intervals.recalls(*copied, np.repeat(np.arange(600), 4), [0.01])[0]

    assert together.high - together.low > apart.high - apart.low


def test_the_same_rows_have_the_same_interval() -> None:
    scores, frauds = scored(50)

    found = [intervals.recalls(scores, frauds, np.arange(100), [0.1, 0.5]) for _ in range(2)]

    assert found[0] == found[1]
