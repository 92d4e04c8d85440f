import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.load.arrivals import ARRIVALS, Arrivals, due_times


@given(
    st.integers(1, 5000),
    st.floats(0.1, 3),
    st.sampled_from(ARRIVALS),
    st.integers(1, 7),
)
def test_generators_together_offer_the_whole_plan(
    rate: int, seconds: float, arrivals: Arrivals, parts: int
) -> None:
    def times(part: int, parts: int) -> list[float]:
        due = due_times(
            rate=rate, seconds=seconds, arrivals=arrivals, seed=5, part=part, parts=parts
        )
        return list(map(float, due))

    whole = times(0, 1)

    split = sorted(time for part in range(parts) for time in times(part, parts))

    assert split == whole
    assert len(whole) == round(rate * seconds)
    assert all(0 <= time <= seconds + 1 / rate for time in whole)


def test_even_requests_come_at_equal_distances_from_the_start() -> None:
    times = due_times(rate=1000, seconds=2, arrivals="even", seed=1)

    assert times[0] == 0
    np.testing.assert_allclose(np.diff(times), 0.001)


def test_poisson_requests_come_at_the_rate_in_clusters_and_gaps() -> None:
    times = due_times(rate=1000, seconds=50, arrivals="poisson", seed=1)

    gaps = np.diff(times)
    assert abs(gaps.mean() - 0.001) < 0.00002
    assert abs(gaps.std() - 0.001) < 0.00003


def test_the_same_seed_makes_the_same_arrivals() -> None:
    one = due_times(rate=100, seconds=1, arrivals="poisson", seed=1)
    same = due_times(rate=100, seconds=1, arrivals="poisson", seed=1)
    other = due_times(rate=100, seconds=1, arrivals="poisson", seed=2)

    assert (one == same).all()
    assert (one != other).all()
