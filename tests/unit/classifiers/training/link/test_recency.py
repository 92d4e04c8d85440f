"""Newer malicious rows count more for the trees, and keep their weight together."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra train is not installed")

from classifiers.training.link.rounds import LEAST_RECENCY, recency
from tests.unit.classifiers.training.link.test_stages import some_links

ROWS = np.arange(6)


def factors(*months: str) -> list[float]:
    """Return the factors of six rows, every second malicious, with these months."""
    links = replace(some_links(6), months=np.array(months))
    found: list[float] = recency(links, ROWS).tolist()
    return found


def test_a_row_two_years_older_counts_half() -> None:
    found = factors("", "2026-05", "", "2024-05", "", "2026-05")

    assert found[3] / found[1] == pytest.approx(0.5)


def test_legitimate_rows_keep_their_weight_and_malicious_ones_theirs_on_average() -> None:
    found = factors("2020-01", "2026-05", "2026-05", "2010-05", "", "")

    assert found[::2] == [1, 1, 1]
    assert sum(found[1::2]) == pytest.approx(3)
    assert found[3] / found[1] == pytest.approx(LEAST_RECENCY)


def test_a_row_without_a_month_counts_as_the_median_one() -> None:
    found = factors("", "2026-05", "", "2024-05", "", "2025")

    assert found[1] > found[5] > found[3]


def test_without_any_month_nothing_changes() -> None:
    assert factors(*[""] * 6) == [1] * 6
