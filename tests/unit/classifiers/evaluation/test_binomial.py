"""Binomial tails, against sums of fractions and published Clopper-Pearson bounds."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.evaluation import binomial


def exactly(events: int, total: int, share: Fraction) -> Fraction:
    return sum(
        (
            comb(total, count) * share**count * (1 - share) ** (total - count)
            for count in range(events + 1)
        ),
        Fraction(0),
    )


@given(st.integers(1, 60), st.integers(0, 60), st.integers(1, 99))
def test_the_tail_is_that_of_exact_fractions(total: int, events: int, percent: int) -> None:
    found = binomial.at_most(events, total, percent / 100)

    expected = exactly(min(events, total), total, Fraction(percent, 100))
    assert found == pytest.approx(float(expected), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize(
    ("events", "total", "bound"),
    [(0, 10, 0.258866), (1, 10, 0.394163), (5, 10, 0.777559), (0, 29956, 0.0001), (10, 10, 1.0)],
)
def test_the_bound_of_95_percent_is_the_published_one(
    events: int, total: int, bound: float
) -> None:
    assert binomial.upper_bound(events, total, 0.05) == pytest.approx(bound, rel=1e-4)


@given(st.integers(1, 300_000), st.sampled_from([0.0001, 0.001, 0.01]))
def test_so_many_events_and_no_more_show_the_share(total: int, share: float) -> None:
    most = binomial.most_below(total, share, 0.05)

    shown = -1 if most is None else most
    assert shown < 0 or binomial.upper_bound(shown, total, 0.05) <= share * (1 + 1e-9)
    assert binomial.upper_bound(shown + 1, total, 0.05) > share


@given(st.integers(1, 100_000), st.sampled_from([0.0001, 0.001, 0.01]))
def test_one_event_more_than_plausible_contradicts_the_share(total: int, share: float) -> None:
    most = binomial.most_plausible(total, share, 0.05)

    assert 1 - binomial.at_most(most, total, share) <= 0.05 or most == total
    assert 1 - binomial.at_most(most - 1, total, share) > 0.05


def test_a_million_rows_do_not_underflow() -> None:
    assert binomial.at_most(10_000, 1_000_000, 0.01) == pytest.approx(0.5027, abs=1e-3)
    assert binomial.most_below(1_000_000, 0.01, 0.05) == 9836
