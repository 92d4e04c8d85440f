"""Keeps the line short: who cannot be answered in time is told so, and costs no more.

Above capacity a line without end answers everybody too late. The gate knows how many
requests are under way and how long one takes, the mean of those that ended last, so it
knows how long a new one would wait. The line before it, in gRPC's core, it cannot see: there
a long line shows as requests that have hardly any time left. When such are answered too late
the gate asks for a margin, which grows until answers come in time. It asks for no lock: one
thread only.
"""

from collections.abc import Callable

from fanzha.errors import FanzhaError

NO_LINE = 8
"""So few requests are no line: they are let in, however long they take."""
_WEIGHT = 0.05
"""Of the request that ended last, in the means."""
_WIDER, _NARROWER = 1.25, 0.99
"""What a margin becomes after an answer too late, and after any other request."""
_WIDEST_SECONDS, _WIDEST_STAYS = 0.025, 4.0
"""The widest margin; the second is in times that a request stays here."""
_WAY_SECONDS, _MOST_USED = 0.005, 0.75
"""An answer is late that has less than this left, for its way, and used so much of its time."""


class Overloaded(FanzhaError):
    """The line is longer than this request can wait."""

    def __init__(self, wait_seconds: float) -> None:
        super().__init__(f"overloaded: requests wait some {wait_seconds * 1000:.0f} ms")
        self.wait_seconds = wait_seconds


class TooLate(FanzhaError):
    """Nobody waits for the answer any more."""

    def __init__(self) -> None:
        super().__init__("deadline: passed before the request was decided")


class Gate:
    """Lets requests in, and counts them out."""

    def __init__(self, *, longest_wait_seconds: float, clock: Callable[[], float]) -> None:
        self._longest_wait = longest_wait_seconds
        self._clock = clock
        self._inside = 0
        self._seconds_each = 0.0
        self._stay_seconds = 0.0
        self._margin = 0.0
        self._moved_at = clock()

    @property
    def wait_seconds(self) -> float:
        """How long a request that comes now would wait."""
        return self._inside * self._seconds_each

    def enter(self, remaining_seconds: float | None) -> float:
        """Let a request in that can wait for *remaining_seconds*, or raise; return the time."""
        check_deadline(remaining_seconds)
        wait = self.wait_seconds
        patience = self._longest_wait if remaining_seconds is None else remaining_seconds
        if self._inside >= NO_LINE and wait > min(patience, self._longest_wait):
            raise Overloaded(wait)
        if patience < self._margin:
            # Narrower now, so that in the end one is let in, and tells whether it is over.
            self._margin *= _NARROWER
            raise Overloaded(max(wait, self._margin))
        now = self._clock()
        if not self._inside:
            self._moved_at = now
        self._inside += 1
        return now

    def leave(self, entered: float, remaining_seconds: float | None) -> None:
        """Say that a request has ended that had *remaining_seconds* when it *entered*."""
        now = self._clock()
        self._seconds_each += _WEIGHT * (now - self._moved_at - self._seconds_each)
        self._moved_at = now
        self._inside -= 1
        stay = now - entered
        self._stay_seconds += _WEIGHT * (stay - self._stay_seconds)
        if remaining_seconds is not None and _late(stay, remaining_seconds):
            wider = max(self._margin, self._stay_seconds) * _WIDER
            widest = max(_WIDEST_SECONDS, self._stay_seconds * _WIDEST_STAYS)
            self._margin = min(wider, widest)
        else:
            self._margin *= _NARROWER


def _late(stay: float, remaining: float) -> bool:
    return stay >= max(remaining * _MOST_USED, remaining - _WAY_SECONDS)


def check_deadline(remaining_seconds: float | None) -> None:
    """Raise where no time is left; without a deadline there always is."""
    if remaining_seconds is not None and remaining_seconds <= 0:
        raise TooLate
