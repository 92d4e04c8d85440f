"""Reports on rows whose figures can be counted by hand."""

from typing import Any

import numpy as np
import pytest

from classifiers.evaluation.report import ScoredRows, report
from fanzha.fraud import FraudType


def some_rows(*rows: tuple[str, str, float], categories: str = "", types: str = "") -> ScoredRows:
    groups, labels, scores = zip(*rows, strict=True)
    kinds = [FraudType[name].value if name != "-" else 0 for name in types.split()]
    return ScoredRows(
        groups=np.array(groups),
        labels=np.array(labels),
        categories=np.array(categories.split() or [""] * len(rows)),
        scores=np.array(scores, np.float32),
        fraud_types=np.array(kinds or [0] * len(rows), np.uint8),
    )


def test_each_label_of_each_group_counts_its_blocked_rows() -> None:
    rows = some_rows(
        ("a", "ham", 0.1), ("a", "ham", 0.95), ("a", "fraud", 0.9), ("b", "nonfraud", 0.2)
    )

    found: Any = report(rows, 0.9)["groups"]

    counts = [(one["group"], one["label"], one["rows"], one["blocked"]) for one in found]
    assert counts == [("a", "fraud", 1, 1), ("a", "ham", 2, 1), ("b", "nonfraud", 1, 0)]
    assert all(0 <= one["low"] <= one["rate"] <= one["high"] <= 1 for one in found)


def test_spam_is_counted_apart_and_changes_no_figure_of_ranking() -> None:
    rows = (("", "ham", 0.1), ("", "fraud", 0.9), ("", "fraud", 0.05))

    without, with_spam = (
        report(some_rows(*rows), 0.5),
        report(some_rows(*rows, ("", "spam", 0.99)), 0.5),
    )

    names = ("auc", "recall_at_percent", "calibration_error", "legitimate", "fraud")
    assert {name: without[name] for name in names} == {name: with_spam[name] for name in names}
    assert without["auc"] == 0.5
    groups: Any = with_spam["groups"]
    assert [one["blocked"] for one in groups if one["counts_as"] == "spam"] == [1]


def test_a_row_that_cannot_be_scored_is_let_through_and_counted() -> None:
    found: Any = report(some_rows(("", "1", float("nan")), ("", "0", 0.2)), 0.5)

    assert found["unscored"] == 1
    assert [one["blocked"] for one in found["groups"]] == [0, 0]
    assert found["auc"] == 0


def test_unknown_labels_are_reported_and_not_counted() -> None:
    found: Any = report(some_rows(("", "odd", 0.9), ("", "odd", 0.9), ("", "ham", 0.1)), 0.5)

    assert found["unknown_labels"] == {"odd": 2}
    assert [one["label"] for one in found["groups"]] == ["ham"]
    assert "auc" not in found


def test_kinds_of_fraud_are_compared_where_categories_name_them() -> None:
    rows = some_rows(
        ("", "fraud", 0.9),
        ("", "fraud", 0.9),
        ("", "fraud", 0.1),
        ("", "ham", 0.1),
        categories="fake_loan romance romance fake_loan",
        types="FAKE_LOAN FAKE_LOAN - -",
    )

    found: Any = report(rows, 0.5)["fraud_types"]

    assert (found["rows"], found["blocked"]) == (3, 2)
    assert found["f1_of_blocked"] == pytest.approx({"fake_loan": 2 / 3, "romance": 0})
    assert found["macro_f1_of_all"] == pytest.approx(1 / 3)
