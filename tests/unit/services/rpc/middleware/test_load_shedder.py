"""Requests are refused when the queue is longer than they can wait."""

import asyncio
from collections.abc import Callable

import pytest

from services.decision.shed_reasons import ShedReason
from services.rpc.middleware.load_shedder import (
    MIN_QUEUED,
    CallerGone,
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


def test_why_a_request_is_not_decided_is_told() -> None:
    clock = Clock()
    told: list[ShedReason] = []
    shedder = a_shedder(clock, shed=told.append)
    teach(shedder, clock, 0.01)
    fill(shedder, 20)

    with pytest.raises(Overloaded):
        shedder.enter(0.1)
    with pytest.raises(DeadlineExceeded):
        shedder.enter(-1.0)
    with pytest.raises(DeadlineExceeded), shedder.admission(iter([1.0, 0.0]).__next__) as admission:
        admission.check_deadline()
    for left in (1.0, None):
        with shedder.admission(iter([left, left]).__next__) as admission:
            admission.check_deadline()

    assert told == [ShedReason.WAIT, ShedReason.LATE, ShedReason.LATE_WHEN_READ]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (asyncio.CancelledError(), ShedReason.GONE),
        (CallerGone(), ShedReason.GONE),
        (DeadlineExceeded(ShedReason.LATE_WHEN_GATHERED), ShedReason.LATE_WHEN_GATHERED),
    ],
)
def test_an_admitted_request_that_ends_undecided_is_counted_and_leaves(
    error: BaseException, reason: ShedReason
) -> None:
    counted: list[ShedReason] = []
    shedder = a_shedder(Clock(), shed=counted.append)
    teach(shedder, Clock(), 1.0)
    before = shedder.wait_seconds

    with pytest.raises(type(error)), shedder.admission(lambda: None):
        raise error

    assert (counted, shedder.wait_seconds) == ([reason], before)


def test_an_admitted_request_that_fails_otherwise_is_not_shed() -> None:
    counted: list[ShedReason] = []

    with pytest.raises(KeyError), a_shedder(Clock(), shed=counted.append).admission(lambda: None):
        raise KeyError

    assert counted == []


def test_the_wait_is_what_those_inside_will_take() -> None:
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


def test_time_without_requests_is_not_service_time() -> None:
    clock = Clock()
    shedder = a_shedder(clock)
    teach(shedder, clock, 0.01)

    clock.seconds += 3600
    teach(shedder, clock, 0.01)
    fill(shedder, 1)

    assert shedder.wait_seconds == pytest.approx(0.01, rel=0.01)
