"""Recall at small false-positive rates, with intervals that draw domains."""

import numpy as np

from classifiers.training.link import recall_intervals
from fanzha.tables import Bools, Float32s, Int64s


def rows(legitimate: int, malicious: int) -> tuple[Float32s, Bools]:
    """Return scores of which half of the malicious rows are above all legitimate ones."""
    low = np.linspace(0, 0.5, legitimate)
    high = np.where(np.arange(malicious) % 2 == 0, 0.9, 0.0)
    scores = np.concatenate([low, high]).astype(np.float32)
    return scores, np.arange(legitimate + malicious) >= legitimate


def measure(scores: Float32s, malicious: Bools, domains: Int64s) -> dict[str, object]:
    return recall_intervals.measure({"fast": scores}, malicious, domains, seed=1)[0]


def test_a_rate_that_too_few_legitimate_rows_can_show_has_no_figure() -> None:
    scores, malicious = rows(5000, 400)

    found = measure(scores, malicious, np.arange(len(scores)))

    assert "at_0_01_percent" not in found
    assert {"at_0_1_percent", "at_0_5_percent", "at_1_percent"} <= set(found)


def test_the_interval_holds_the_recall() -> None:
    scores, malicious = rows(5000, 400)

    found = measure(scores, malicious, np.arange(len(scores)))["at_1_percent"]

    assert isinstance(found, list)
    recall, low, high = found
    assert recall == 0.5
    assert 0.4 < low < recall < high < 0.6


def test_few_domains_give_a_wider_interval_than_as_many_links() -> None:
    scores, malicious = rows(5000, 400)
    few = np.where(malicious, np.arange(len(scores)) % 8, 8 + np.arange(len(scores)))

    def width(domains: Int64s) -> float:
        found = measure(scores, malicious, domains)["at_1_percent"]
        assert isinstance(found, list)
        return float(found[2] - found[1])

    assert width(few) > 2 * width(np.arange(len(scores)))


def test_the_table_says_where_rows_are_too_few() -> None:
    scores, malicious = rows(5000, 400)
    found = measure(scores, malicious, np.arange(len(scores)))
    found |= {"blocked": 0.25, "legitimate_blocked": 0.0001}

    table = recall_intervals.table({"test": [found]}, {"test": "test rows"})

    assert "| test rows | fast | " in table
    assert "too few rows" in table
    assert "25.0 % | 0.010 %" in table
