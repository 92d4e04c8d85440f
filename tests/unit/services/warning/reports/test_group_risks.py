"""Ratios of rates: against values from the literature's formula, and where there is none."""

from math import exp, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.warning.reports import group_risks

Z = 1.959963984540054


def test_a_rate_ratio_has_the_interval_of_katz() -> None:
    found = group_risks.rate_ratio(15, 100, 5, 100)

    reach = Z * sqrt(1 / 15 - 1 / 100 + 1 / 5 - 1 / 100)
    assert found is not None
    assert found.ratio == pytest.approx(3.0)
    assert (log(found.low), log(found.high)) == pytest.approx(
        (log(3) - reach, log(3) + reach), rel=1e-4
    )
    assert found.is_clear


@pytest.mark.parametrize("numbers", [(0, 10, 1, 10), (1, 10, 0, 10), (1, 10, 1, 0)])
def test_without_both_rates_there_is_no_ratio(numbers: tuple[int, int, int, int]) -> None:
    assert group_risks.rate_ratio(*numbers) is None


def test_a_change_of_counts_is_clear_once_they_are_large() -> None:
    few, many = group_risks.change(12, 8), group_risks.change(1200, 800)

    assert few is not None
    assert many is not None
    assert (few.ratio, many.ratio) == (1.5, 1.5)
    assert (few.is_clear, many.is_clear) == (False, True)
    assert many.high == pytest.approx(1.5 * exp(Z * sqrt(1 / 1200 + 1 / 800)), rel=1e-4)
    assert group_risks.change(0, 8) is None


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_a_ratio_lies_in_its_interval(now: int, before: int) -> None:
    found = group_risks.change(now, before)

    assert found is not None
    assert found.low <= found.ratio <= found.high
