"""Backoff is capped, jittered, and never overflows."""

import random
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infra.backoff import Backoff

firsts = st.floats(1e-6, 10.0)
factors = st.floats(1.0, 1e6)
jitters = st.floats(0.0, 1.0)


@given(first=firsts, factor=factors, jitter=jitters, seed=st.integers(0, 2**32))
def test_every_wait_lies_between_the_jittered_and_the_whole_envelope(
    first: float, factor: float, jitter: float, seed: int
) -> None:
    longest = first * factor
    backoff = Backoff(
        first_seconds=first, max_seconds=longest, jitter=jitter, chance=random.Random(seed).random
    )

    for _ in range(60):
        envelope = backoff.longest_seconds
        wait = backoff.next_seconds()

        assert envelope * (1 - jitter) <= wait <= envelope <= longest


@given(first=firsts, factor=factors)
@example(first=4.07, factor=1.0000000000000002)
def test_the_envelope_doubles_until_the_cap_and_stays_there(first: float, factor: float) -> None:
    longest = first * factor
    backoff = Backoff(first_seconds=first, max_seconds=longest, jitter=0)

    waits = [backoff.next_seconds() for _ in range(40)]

    assert waits[0] == first
    assert all(later == min(2 * earlier, longest) for earlier, later in pairwise(waits))
    assert waits[-1] == longest


def test_a_million_failures_wait_no_longer_than_the_cap() -> None:
    backoff = Backoff(max_seconds=5.0)

    waits = [backoff.next_seconds() for _ in range(10**6)]

    assert backoff.failures == 10**6
    assert max(waits) <= 5.0
    assert min(waits[10:]) >= 2.5


def test_waits_of_two_processes_differ() -> None:
    one = Backoff(chance=random.Random(1).random)
    other = Backoff(chance=random.Random(2).random)

    assert [one.next_seconds() for _ in range(9)] != [other.next_seconds() for _ in range(9)]


def test_a_success_resets_the_backoff() -> None:
    backoff = Backoff(jitter=0)
    first = backoff.next_seconds()
    backoff.next_seconds()

    backoff.reset()

    assert backoff.next_seconds() == first


@pytest.mark.parametrize(
    ("first", "longest", "jitter"),
    [(0, 1, 0), (2, 1, 0), (1, float("inf"), 0), (1, 2, -0.1), (1, 2, 1.1), (float("nan"), 1, 0)],
)
def test_invalid_bounds_are_refused(first: float, longest: float, jitter: float) -> None:
    with pytest.raises(ValueError, match="backoff"):
        Backoff(first_seconds=first, max_seconds=longest, jitter=jitter)
