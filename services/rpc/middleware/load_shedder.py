"""Refuses requests that could not be answered in time, at once and at little cost.

Requests that were read and wait for their batch are the queue. It is full when it holds some
milliseconds of work: then a client that has its share of it is refused, and where there is only one
client, no more requests are accepted. They wait in gRPC's core, which cancels those beyond its own
bound: that costs least of all (ADR 14).

Above capacity an unbounded queue answers everyone too late. The shedder knows how many requests
are in flight and how long one takes, the moving mean of those that ended last, so it knows how long
a new one would wait. It takes no lock: one event loop only.
"""

import asyncio
from collections.abc import Callable

from fanzha.errors import FanzhaError
from services.decision.shed_reasons import ShedReason
from services.rpc.middleware.fair_share import FairShare

MIN_QUEUED = 8
"""Never shed below this many requests in flight, however long they take."""
FULL_SECONDS = 0.02
"""So much work in the queue is enough: a longer one would only make answers later."""
_WEIGHT = 0.05
"""Weight of the request that ended last in the moving mean."""

Remaining = Callable[[], float | None]
"""Returns the seconds until a deadline; None where there is none."""


class Overloaded(FanzhaError):
    """The queue is longer than this request can wait."""

    def __init__(self, wait_seconds: float) -> None:
        super().__init__(
            "overloaded: requests wait some {wait_ms:.0f} ms", wait_ms=wait_seconds * 1000
        )
        self.wait_seconds = wait_seconds


class DeadlineExceeded(FanzhaError):
    """The caller no longer waits for the answer."""

    def __init__(self, reason: ShedReason) -> None:
        super().__init__("deadline: passed before the request was decided")
        self.reason = reason


class CallerGone(FanzhaError):
    """The caller hung up before it sent a request."""


class LoadShedder:
    """Counts requests in and out; calls *shed* with the reason of each that is not decided."""

    def __init__(
        self,
        *,
        longest_wait_seconds: float,
        clock: Callable[[], float],
        shed: Callable[[ShedReason], None] = lambda _reason: None,
    ) -> None:
        self.shed = shed
        self._longest_wait = longest_wait_seconds
        self._clock = clock
        self._in_flight = 0
        self._seconds_each = 0.0
        self._last_change = clock()
        self.shares = FairShare(clock)
        """The queue: requests that were read and wait for their batch, by client."""

    @property
    def is_full(self) -> bool:
        """Whether enough requests wait to be decided."""
        waiting = self.shares.waiting
        return waiting >= MIN_QUEUED and waiting * self._seconds_each >= FULL_SECONDS

    @property
    def holds(self) -> bool:
        """Whether no more requests are to be accepted for now."""
        return self.is_full and not self.shares.has_several

    @property
    def in_flight(self) -> int:
        """How many requests were admitted and have not left."""
        return self._in_flight

    @property
    def wait_seconds(self) -> float:
        """How long a request that comes now would wait."""
        return self._in_flight * self._seconds_each

    def enter(self, remaining_seconds: float | None, client: str = "") -> None:
        """Admit a request of *client* that can wait for *remaining_seconds*, or raise."""
        if remaining_seconds is not None and remaining_seconds <= 0:
            self.shed(ShedReason.LATE)
            raise DeadlineExceeded(ShedReason.LATE)
        wait = self.wait_seconds
        patience = self._longest_wait if remaining_seconds is None else remaining_seconds
        if self._in_flight >= MIN_QUEUED and wait > min(patience, self._longest_wait):
            self.shed(ShedReason.WAIT)
            raise Overloaded(wait)
        if self.is_full and self.shares.has_several and self.shares.is_used_up(client):
            self.shed(ShedReason.SHARE)
            raise Overloaded(max(wait, FULL_SECONDS))
        if not self._in_flight:
            self._last_change = self._clock()
        self._in_flight += 1

    def check_deadline(self, remaining_seconds: float | None) -> None:
        """Raise `DeadlineExceeded` when no time is left for a request that has been read."""
        if remaining_seconds is not None and remaining_seconds <= 0:
            raise DeadlineExceeded(ShedReason.LATE_WHEN_READ)

    def count_undecided(self, error: BaseException) -> None:
        """Count an admitted request that ends in *error* if it was not decided for want of time."""
        if isinstance(error, DeadlineExceeded):
            self.shed(error.reason)
        elif isinstance(error, asyncio.CancelledError | CallerGone):
            self.shed(ShedReason.GONE)

    def leave(self, requests: int = 1) -> None:
        """Count admitted requests out that end together, however they do."""
        now = self._clock()
        seconds_each = (now - self._last_change) / requests
        weight = 1 - (1 - _WEIGHT) ** requests
        self._seconds_each += weight * (seconds_each - self._seconds_each)
        self._last_change = now
        self._in_flight -= requests
