"""One identity that asks without end waits by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rpc.middleware.identity_limits import IdentityLimits, TooManyRequests


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def taken(limits: IdentityLimits, name: str, times: int) -> int:
    """Ask *times*; return how many were admitted."""
    admitted = 0
    for _ in range(times):
        try:
            limits.take(name)
        except TooManyRequests:
            continue
        admitted += 1
    return admitted


def test_a_burst_is_admitted_and_then_the_rate() -> None:
    clock = Clock()
    limits = IdentityLimits(10, clock)

    first = taken(limits, "wang", 100)
    clock.now += 2
    second = taken(limits, "wang", 100)

    assert (first, second) == (50, 20)


def test_others_do_not_wait_for_one_that_asks_without_end() -> None:
    limits = IdentityLimits(10, Clock())
    taken(limits, "wang", 1000)

    assert taken(limits, "li", 10) == 10


def test_the_refusal_says_when_to_retry() -> None:
    clock = Clock()
    limits = IdentityLimits(4, clock, burst_seconds=1)
    taken(limits, "wang", 4)

    with pytest.raises(TooManyRequests, match="wang may make 4 requests a second") as refused:
        limits.take("wang")

    assert refused.value.wait_seconds == pytest.approx(0.25)
    clock.now += refused.value.wait_seconds
    limits.take("wang")


def test_a_rate_below_one_a_second_admits_one() -> None:
    assert taken(IdentityLimits(0.1, Clock()), "wang", 5) == 1


def test_names_without_end_are_forgotten_and_those_that_asked_too_much_are_not() -> None:
    clock = Clock()
    limits = IdentityLimits(1, clock, most_identities=10)
    taken(limits, "wang", 100)
    for number in range(1000):
        clock.now += 0.001
        limits.take(f"visitor {number}")
        if number == 500:
            assert taken(limits, "wang", 1) == 0
    clock.now += 60

    limits.take("one more")

    assert taken(limits, "wang", 100) == 5


@given(
    st.lists(st.tuples(st.floats(0, 3), st.integers(0, 40)), max_size=20),
    st.sampled_from([0.5, 3, 25]),
)
def test_no_more_is_admitted_than_burst_and_rate_allow(
    pauses: list[tuple[float, int]], per_second: float
) -> None:
    clock = Clock()
    limits = IdentityLimits(per_second, clock)
    admitted = 0
    for pause, asked in pauses:
        clock.now += pause
        admitted += taken(limits, "wang", asked)

    most = max(1.0, per_second * 5) + (clock.now - 1000) * per_second
    assert admitted <= most + 1e-6
