"""Figures at false-positive rates, against counts by hand."""

from typing import Any

import numpy as np
import pytest

from classifiers.evaluation.operating_points import (
    PREVALENCE,
    at_threshold,
    legitimate_rows_needed,
    operating_points,
    precision,
)


@pytest.mark.parametrize(("rate", "needed"), [(0.01, 299), (0.001, 2995), (0.0001, 29956)])
def test_so_many_rows_show_a_rate(rate: float, needed: int) -> None:
    assert legitimate_rows_needed(rate) == needed
    assert (1 - rate) ** needed <= 0.05 < (1 - rate) ** (needed - 1)


def rows(legitimate: int) -> tuple[Any, Any]:
    scores = np.concatenate([np.linspace(0, 0.5, legitimate), [0.1, 0.4999, 0.8, 0.9]])
    return scores.astype(np.float32), np.arange(len(scores)) >= legitimate


def test_what_the_rows_are_too_few_for_is_named_and_has_no_figure() -> None:
    scores, frauds = rows(3000)

    found: Any = operating_points(scores, frauds, np.arange(len(scores)))

    assert found[0] == {"percent": "0.01", "legitimate": 3000, "needed": 29956}
    assert [one["percent"] for one in found] == ["0.01", "0.1", "1"]
    assert found[1]["recall"] == 0.75
    assert found[1]["legitimate_blocked"] == 3
    assert found[2]["legitimate_blocked"] == 30


def test_near_duplicates_are_no_further_rows() -> None:
    scores, frauds = rows(3000)

    found: Any = operating_points(scores, frauds, np.arange(len(scores)) // 10)

    assert found[1] == {"percent": "0.1", "legitimate": 300, "needed": 2995}
    assert found[2]["low"] < found[2]["recall"] < found[2]["high"]


def test_frauds_that_are_all_caught_leave_doubt() -> None:
    scores = np.concatenate([np.zeros(300), np.ones(10)]).astype(np.float32)

    found: Any = operating_points(scores, scores > 0, np.arange(310))

    assert found[2]["recall"] == found[2]["high"] == 1
    assert found[2]["low"] < 0.8


def test_a_rate_that_no_threshold_keeps_has_none() -> None:
    scores = np.ones(400, np.float32)

    found: Any = operating_points(scores, np.arange(400) < 10, np.arange(400))

    assert found[2]["threshold"] is None
    assert found[2]["recall"] == 0
    assert found[2]["precision"] is None


def test_precision_is_of_traffic_with_little_fraud() -> None:
    assert precision(1, 0) == 1
    assert precision(0, 0) is None
    # As many legitimate rows are blocked as frauds.
    assert precision(PREVALENCE, PREVALENCE**2 / (1 - PREVALENCE)) == pytest.approx(0.5)


def test_precision_is_uncertain_where_few_legitimate_rows_were_seen() -> None:
    scores, frauds = rows(3000)

    found: Any = at_threshold(scores, frauds, np.arange(len(scores)), 0.7)

    assert (found["recall"], found["legitimate_blocked"]) == (0.5, 0)
    assert found["precision"] == found["precision_high"] == 1
    assert found["precision_low"] < 0.1


def test_rows_of_one_kind_have_figures_of_that_kind_only() -> None:
    scores, frauds = rows(300)
    names = {
        kind: set(at_threshold(scores[part], frauds[part], np.arange(part.sum()), 0.7))
        for kind, part in (("fraud", frauds), ("legitimate", ~frauds))
    }

    assert names["fraud"] == {"recall", "low", "high"}
    assert "legitimate_blocked" in names["legitimate"]
    assert not names["legitimate"] & {"recall", "precision"}
