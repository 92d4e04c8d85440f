"""A slope is that of the points, and its interval holds zero where nothing grows."""

import numpy as np
import pytest

from benchmarks.soak.slopes import slope_of

SECONDS = [10.0 * number for number in range(120)]


def test_a_line_has_its_slope() -> None:
    found = slope_of(SECONDS, [100 + 0.5 * at for at in SECONDS])

    assert (found.per_hour, found.low, found.high) == pytest.approx((1800, 1800, 1800))
    assert found.grows
    assert found.hours_to_double == pytest.approx(found.level / 1800)


def test_noise_does_not_grow_and_growth_under_noise_does() -> None:
    noise = np.random.default_rng(7).normal(100, 5, len(SECONDS))
    grown = noise + np.array(SECONDS) * 0.02

    flat, rising = slope_of(SECONDS, noise.tolist()), slope_of(SECONDS, grown.tolist())

    assert flat.low < 0 < flat.high
    assert rising.grows
    assert rising.low < 72 < rising.high


def test_restarts_hardly_move_it() -> None:
    values = [100.0 + at / 3600 for at in SECONDS]
    values[40:43] = [0.0, 5.0, 50.0]

    assert slope_of(SECONDS, values).per_hour == pytest.approx(1.0, abs=0.1)


def test_few_points_are_refused() -> None:
    with pytest.raises(ValueError, match="8 points"):
        slope_of(SECONDS[:7], [1.0] * 7)
