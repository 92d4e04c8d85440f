import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.load.histogram import BUCKETS, LONGEST, Histogram

MICROS = st.lists(st.integers(0, LONGEST), min_size=1, max_size=200)


def of_micros(values: list[int]) -> Histogram:
    return Histogram.of(np.array(values, np.float64) / 1e6)


@given(MICROS, st.sampled_from([0.0, 0.5, 0.9, 0.99, 1.0]))
def test_a_quantile_is_at_most_a_thousandth_above_the_value_of_its_rank(
    values: list[int], share: float
) -> None:
    exact = sorted(values)[max(math.ceil(share * len(values)), 1) - 1]

    found = round(of_micros(values).milliseconds(share) * 1000)

    assert exact <= found <= exact * 1.001 + 1


@given(MICROS, MICROS)
def test_histograms_of_two_processes_add_up_to_that_of_all(
    one: list[int], other: list[int]
) -> None:
    together = of_micros(one)

    together.add(of_micros(other))

    assert (together.counts == of_micros(one + other).counts).all()
    assert together.total == len(one) + len(other)


def test_values_below_two_milliseconds_are_exact_to_the_microsecond() -> None:
    for micros in (0, 1, 999, 1000, 2047):
        assert of_micros([micros]).milliseconds(0.5) == micros / 1000


def test_values_above_the_maximum_are_counted_as_the_maximum() -> None:
    histogram = Histogram.of(np.array([1e9]))

    assert histogram.counts[BUCKETS - 1] == 1
    assert histogram.milliseconds(1) == LONGEST / 1000


def test_an_empty_histogram_has_no_quantiles() -> None:
    assert math.isnan(Histogram().milliseconds(0.99))
    assert set(Histogram().words().values()) == {None}
    assert Histogram().curve() == []


def test_the_summary_names_the_usual_quantiles() -> None:
    words = of_micros(list(range(1, 1001))).words()

    assert words == {
        "p50_ms": 0.5, "p90_ms": 0.9, "p99_ms": 0.99, "p999_ms": 0.999, "max_ms": 1.0,
    }  # fmt: skip


def test_the_curve_ends_at_one_in_a_hundred_thousand() -> None:
    curve = of_micros(list(range(1, 1001))).curve()

    shares = [share for share, _ in curve]
    values = [value for _, value in curve]
    assert shares == sorted(shares)
    assert shares[-1] == 0.99999
    assert values == sorted(values)
