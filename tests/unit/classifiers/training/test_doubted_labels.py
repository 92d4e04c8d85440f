"""Labels that look wrong are counted by source, for the card."""

import numpy as np

from classifiers.training import doubted_labels


def test_wrong_labels_are_counted_where_they_are() -> None:
    frauds = np.array([True] * 50 + [False] * 50)
    scores = np.where(frauds, 0.95, 0.05).astype(np.float32)
    scores[:4] = 0.01  # frauds that look legitimate
    scores[99] = 0.99
    sources = np.where(np.arange(100) % 2, "odd", "even")

    whole, *by_source = doubted_labels.figures(scores, frauds, sources)

    assert (whole["source"], whole["rows"]) == ("all", 100)
    assert (whole["fraud_like_legitimate"], whole["legitimate_like_fraud"]) == (4, 1)
    assert {line["source"]: line["share"] for line in by_source} == {"odd": 0.06, "even": 0.04}


def test_near_duplicates_with_both_labels_are_disputed() -> None:
    frauds = np.array([True, False, True, False])
    scores = np.array([0.9, 0.1, 0.8, 0.2], np.float32)

    found = doubted_labels.figures(
        scores, frauds, np.array(["a"] * 4), np.array([7, 7, 8, 9], np.int64)
    )

    assert found[0]["disputed"] == 2


def test_rows_of_one_label_say_nothing() -> None:
    found = doubted_labels.figures(
        np.zeros(3, np.float32), np.zeros(3, np.bool_), np.array(["a"] * 3)
    )

    assert found == []
    assert doubted_labels.section(found) == ""


def test_the_section_shows_a_line_for_each_source() -> None:
    frauds = np.arange(20) < 10
    lines = doubted_labels.figures(
        np.where(frauds, 0.9, 0.1).astype(np.float32), frauds, np.array(["one"] * 20)
    )

    assert "| one | 20 | 0 | 0 | 0.0% | 0.0% to 16.1% | 0 |" in doubted_labels.section(lines)
