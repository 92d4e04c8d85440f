"""A client that fills the queue is refused, and the others are not."""

import pytest

from services.decision.shed_reasons import ShedReason
from services.rpc.middleware.fair_share import REMEMBERED_SECONDS, FairShare
from services.rpc.middleware.load_shedder import FULL_SECONDS, LoadShedder, Overloaded

EACH = 0.001
FULL = round(FULL_SECONDS / EACH) + 1
"""Requests that fill the queue."""


class Clock:
    """Stands still until it is moved."""

    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def a_shedder(clock: Clock, shed: list[ShedReason]) -> LoadShedder:
    """Return a shedder that knows how long requests take."""
    shedder = LoadShedder(longest_wait_seconds=1.0, clock=clock, shed=shed.append)
    for _ in range(200):
        shedder.enter(None)
        clock.seconds += EACH
        shedder.leave()
    return shedder


def join(shares: FairShare, client: str, requests: int) -> None:
    for _ in range(requests):
        shares.join(client)


def test_with_one_client_a_full_queue_accepts_no_more_and_refuses_nobody() -> None:
    shedder = a_shedder(Clock(), [])
    join(shedder.shares, "greedy", FULL - 2)
    before = shedder.holds
    join(shedder.shares, "greedy", 2)

    shedder.enter(None, "greedy")

    assert (before, shedder.holds) == (False, True)
    shedder.shares.leave("greedy")
    shedder.shares.leave("greedy")
    assert not shedder.holds


def test_the_client_that_fills_the_queue_is_refused_and_the_others_are_not() -> None:
    shed: list[ShedReason] = []
    shedder = a_shedder(Clock(), shed)
    join(shedder.shares, "greedy", FULL)
    join(shedder.shares, "polite", 1)

    for _ in range(3):
        with pytest.raises(Overloaded):
            shedder.enter(None, "greedy")
    shedder.enter(None, "polite")
    shedder.enter(None, "newcomer")

    assert shed == [ShedReason.SHARE] * 3
    assert not shedder.holds, "the polite one must not wait where nobody can tell them apart"


def test_a_queue_that_is_not_full_refuses_nobody() -> None:
    shed: list[ShedReason] = []
    shedder = a_shedder(Clock(), shed)
    join(shedder.shares, "greedy", FULL // 2)
    join(shedder.shares, "polite", 1)

    shedder.enter(None, "greedy")

    assert not shed


def test_a_client_is_remembered_for_a_while_and_no_longer() -> None:
    clock = Clock()
    shares = FairShare(clock)
    shares.join("polite")
    shares.leave("polite")
    join(shares, "greedy", 5)

    found = []
    for _ in range(3):
        found.append(shares.has_several)
        clock.seconds += REMEMBERED_SECONDS

    assert found == [True, True, False]
    assert shares.is_used_up("greedy")
