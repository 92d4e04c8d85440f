"""Requests are refused when the queue is longer than they can wait."""

from collections.abc import Callable

import pytest

from services.decision.shed_reasons import ShedReason
from services.rpc.middleware.load_shedder import (
    MIN_QUEUED,
    DeadlineExceeded,
    LoadShedder,
    Overloaded,
)


class Clock:
    """Stands still until told."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def a_shedder(
    clock: Clock,
    longest_wait_seconds: float = 1.0,
    shed: Callable[[ShedReason], None] = lambda _why: None,
) -> LoadShedder:
    return LoadShedder(longest_wait_seconds=longest_wait_seconds, clock=clock, shed=shed)


def teach(shedder: LoadShedder, clock: Clock, seconds_each: float) -> None:
    """Let many requests through that take this long each."""
    for _ in range(200):
        shedder.enter(None)
        clock.seconds += seconds_each
        shedder.leave()


def fill(shedder: LoadShedder, requests: int) -> None:
    for _ in range(requests):
        shedder.enter(None)


def test_a_request_without_time_left_is_too_late() -> None:
    shedder = a_shedder(Clock())

    with pytest.raises(DeadlineExceeded):
        shedder.enter(0.0)


def test_a_shed_request_has_a_reason() -> None:
    clock = Clock()
    found: list[ShedReason] = []
    shedder = a_shedder(clock, shed=found.append)
    teach(shedder, clock, 0.01)
    fill(shedder, 20)

    with pytest.raises(Overloaded):
        shedder.enter(0.1)
    with pytest.raises(DeadlineExceeded):
        shedder.enter(-1.0)

    assert found == [ShedReason.WAIT, ShedReason.LATE]


def test_a_request_without_time_left_when_it_has_been_read_is_too_late() -> None:
    shedder = a_shedder(Clock())

    with pytest.raises(DeadlineExceeded) as raised:
        shedder.check_deadline(0.0)
    for left in (1.0, None):
        shedder.check_deadline(left)

    assert raised.value.reason is ShedReason.LATE_WHEN_READ


def test_the_estimated_wait_is_the_time_of_requests_in_flight() -> None:
    clock = Clock()
    shedder = a_shedder(clock)

    teach(shedder, clock, 0.01)
    fill(shedder, 20)

    assert shedder.wait_seconds == pytest.approx(0.2, rel=0.01)


def test_a_request_that_cannot_be_answered_before_its_deadline_is_refused() -> None:
    clock = Clock()
    shedder = a_shedder(clock)
    teach(shedder, clock, 0.01)
    fill(shedder, 20)

    with pytest.raises(Overloaded) as refused:
        shedder.enter(0.1)
    shedder.enter(0.3)

    assert refused.value.wait_seconds == pytest.approx(0.2, rel=0.01)


def test_without_a_deadline_the_longest_wait_counts() -> None:
    clock = Clock()
    shedder = a_shedder(clock, longest_wait_seconds=0.15)
    teach(shedder, clock, 0.01)
    fill(shedder, 16)

    with pytest.raises(Overloaded):
        shedder.enter(None)


def test_a_few_slow_requests_are_never_shed() -> None:
    clock = Clock()
    shedder = a_shedder(clock)
    teach(shedder, clock, 0.9)

    fill(shedder, MIN_QUEUED)

    with pytest.raises(Overloaded):
        shedder.enter(0.5)


def test_a_refused_request_is_not_counted_in_the_queue() -> None:
    clock = Clock()
    shedder = a_shedder(clock)
    teach(shedder, clock, 0.2)
    fill(shedder, MIN_QUEUED)
    before = shedder.wait_seconds

    for _ in range(5):
        with pytest.raises(Overloaded):
            shedder.enter(0.1)

    assert shedder.wait_seconds == before


def test_requests_that_end_together_share_the_time_of_their_batch() -> None:
    clock = Clock()
    shedder = a_shedder(clock)

    for _ in range(20):
        fill(shedder, 50)
        clock.seconds += 0.5
        shedder.leave(50)
    fill(shedder, 20)

    assert shedder.wait_seconds == pytest.approx(0.2, rel=0.01)


def test_time_without_requests_is_not_service_time() -> None:
    clock = Clock()
    shedder = a_shedder(clock)
    teach(shedder, clock, 0.01)

    clock.seconds += 3600
    teach(shedder, clock, 0.01)
    fill(shedder, 1)

    assert shedder.wait_seconds == pytest.approx(0.01, rel=0.01)
