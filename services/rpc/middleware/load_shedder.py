"""Keeps the line short: who cannot be answered in time is told so, and costs no more.

Above capacity a line without end answers everybody too late. The gate knows how many
requests are under way and how long one takes, the mean of those that ended last, so it
knows how long a new one would wait. It asks for no lock: one thread only.
"""

from collections.abc import Callable

from fanzha.errors import FanzhaError
from services.decision.shed_reasons import ShedReason

MIN_QUEUED = 8
"""So few requests are no line: they are let in, however long they take."""
_WEIGHT = 0.05
"""Of the request that ended last, in the mean."""


class Overloaded(FanzhaError):
    """The line is longer than this request can wait."""

    def __init__(self, wait_seconds: float) -> None:
        super().__init__(f"overloaded: requests wait some {wait_seconds * 1000:.0f} ms")
        self.wait_seconds = wait_seconds


class DeadlinePassed(FanzhaError):
    """Nobody waits for the answer any more."""

    def __init__(self, why: ShedReason) -> None:
        super().__init__("deadline: passed before the request was decided")
        self.why = why


class LoadShedder:
    """Lets requests in, and counts them out; *shed* is told why one is not decided."""

    def __init__(
        self,
        *,
        longest_wait_seconds: float,
        clock: Callable[[], float],
        shed: Callable[[ShedReason], None] = lambda _why: None,
    ) -> None:
        self.shed = shed
        self._longest_wait = longest_wait_seconds
        self._clock = clock
        self._inside = 0
        self._seconds_each = 0.0
        self._moved_at = clock()

    @property
    def wait_seconds(self) -> float:
        """How long a request that comes now would wait."""
        return self._inside * self._seconds_each

    def enter(self, remaining_seconds: float | None) -> None:
        """Let a request in that can wait for *remaining_seconds*, or raise."""
        self._check(remaining_seconds, ShedReason.LATE)
        wait = self.wait_seconds
        patience = self._longest_wait if remaining_seconds is None else remaining_seconds
        if self._inside >= MIN_QUEUED and wait > min(patience, self._longest_wait):
            self.shed(ShedReason.WAIT)
            raise Overloaded(wait)
        if not self._inside:
            self._moved_at = self._clock()
        self._inside += 1

    def was_read(self, remaining_seconds: float | None) -> None:
        """Say that a request has been read; raise where no time is left for it."""
        self._check(remaining_seconds, ShedReason.LATE_WHEN_READ)

    def leave(self) -> None:
        """Say that a request that was let in has ended."""
        now = self._clock()
        self._seconds_each += _WEIGHT * (now - self._moved_at - self._seconds_each)
        self._moved_at = now
        self._inside -= 1

    def _check(self, remaining_seconds: float | None, why: ShedReason) -> None:
        # Without a deadline there always is time.
        if remaining_seconds is not None and remaining_seconds <= 0:
            self.shed(why)
            raise DeadlinePassed(why)
