"""Reports on rows whose figures can be counted by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from classifiers.evaluation.report import ScoredRows, report
from fanzha.fraud import FraudType


def some_rows(*rows: tuple[str, str, float], categories: str = "", types: str = "") -> ScoredRows:
    groups, labels, scores = zip(*rows, strict=True)
    kinds = [FraudType[name].value if name != "-" else 0 for name in types.split()]
    return ScoredRows(
        groups={"source": np.array(groups)},
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

    names = ("auc", "operating_points", "calibration_error", "legitimate", "fraud")
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


def test_each_way_to_tell_rows_apart_is_reported_at_the_thresholds_of_all() -> None:
    legitimate = [("a", "ham", share / 1000) for share in range(400)]
    rows = some_rows(*legitimate, ("a", "fraud", 0.9), ("b", "fraud", 0.2), ("b", "spam", 0.9))
    languages = np.array(["zh"] * 200 + ["en"] * 203)

    found: Any = report(replace(rows, groups={**rows.groups, "language": languages}), 0.5)

    parts = {(one["by"], one["group"]): one for one in found["slices"]}
    assert set(parts) == {("source", "a"), ("source", "b"), ("language", "zh"), ("language", "en")}
    assert parts["source", "b"]["at_percent"]["1"]["recall"] == 0
    assert "auc" not in parts["source", "b"]
    assert parts["language", "en"]["auc"] == pytest.approx(0.5, abs=0.01)
    assert parts["language", "zh"]["at_percent"]["1"]["legitimate_blocked"] == 0
    assert parts["language", "en"]["at_percent"]["1"]["legitimate_blocked"] == 4
    assert [one["rows"] for one in found["groups"] if one["by"] == "language"] == [2, 200, 1, 200]


def test_near_duplicates_widen_the_interval_of_a_group() -> None:
    rows = some_rows(*[("a", "fraud", place % 2) for place in range(40)])
    in_tens = replace(rows, clusters=np.arange(40) % 2)

    apart: Any = report(rows, 0.5)["groups"]
    together: Any = report(in_tens, 0.5)["groups"]

    width = apart[0]["high"] - apart[0]["low"]
    assert together[0]["high"] - together[0]["low"] > 2 * width
