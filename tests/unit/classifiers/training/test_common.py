"""Figures against slow ones, and cards that read back as they were written."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import card
from classifiers.training import common

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

    found = common.auc(np.array(scores, np.float32), np.array(positive))

    assert found == pytest.approx(sum(wins) / len(wins))


@given(st.lists(st.floats(0, 1, width=32), min_size=1), st.floats(0, 1))
def test_no_more_negatives_than_the_rate_reach_the_threshold(
    scores: list[float], rate: float
) -> None:
    threshold = common.threshold_for(np.array(scores, np.float32), rate)

    assert sum(score >= threshold for score in scores) <= len(scores) * rate or threshold == 0


def test_recall_counts_positives_over_the_highest_allowed_negative() -> None:
    scores = np.array([*np.linspace(0, 0.5, 1000), 0.4, 0.499, 0.6, 0.7], np.float32)
    positive = np.arange(1004) >= 1000

    assert common.recall_at(scores, positive, 0.001) == 0.5
    assert common.recall_at(scores, positive, 0.01) == 0.75


def test_the_worst_source_sets_the_threshold() -> None:
    scores = np.concatenate([np.linspace(0, 0.3, 5000), np.linspace(0, 0.6, 5000)])
    sources = np.repeat(["calm", "wild"], 5000)

    threshold, source = common.budget_threshold(
        scores.astype(np.float32), np.zeros(10_000, np.bool_), sources
    )

    assert source == "wild"
    assert (scores[5000:] >= threshold).sum() <= 5


def test_one_odd_row_of_a_tiny_source_does_not_set_the_threshold() -> None:
    scores = np.concatenate([np.linspace(0, 0.3, 5000), [0.99], np.linspace(0, 0.2, 999)])
    sources = np.repeat(["large", "tiny"], [5000, 1000])
    sources[5500:] = "tiny too"

    threshold, source = common.budget_threshold(
        scores.astype(np.float32), np.zeros(6000, np.bool_), sources
    )

    assert source == "large"
    assert threshold == pytest.approx(0.3, abs=0.001)


def test_scores_that_mean_what_they_say_have_no_calibration_error() -> None:
    scores = np.repeat(np.array([0.25, 0.75], np.float32), 4)

    fair = np.array([1, 0, 0, 0, 1, 1, 1, 0], np.bool_)

    assert common.calibration_error(scores, fair) == pytest.approx(0)
    assert common.calibration_error(scores, ~fair) == pytest.approx(0.5)


def test_a_card_reads_back_as_it_was_written(tmp_path: Path) -> None:
    table = {
        "version": "1",
        "limits": ['says "nothing" of 银行', "a\\b"],
        "inputs": {"sizes": [3, 5]},
        "metrics": {
            "auc": 0.9,
            "by name": {"+1": 2},
            "sources": [{"source": "a"}, {"source": "b"}],
        },
        "golden": [{"url": "http://bank.example/", "score": 0.5}],
    }

    common.write_bundle(tmp_path, b"graph", table)

    read = tomllib.loads((tmp_path / card.CARD).read_text(encoding="utf-8"))
    assert {name: read[name] for name in table} == table
    assert (tmp_path / card.GRAPH).read_bytes() == b"graph"
