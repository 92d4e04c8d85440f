"""Leaves a channel alone for a while after it failed several times in a row."""

import asyncio
from collections.abc import Callable

FAILURES = 5
_FIRST_SECONDS, _LONGEST_SECONDS = 2.0, 60.0


class CircuitBreaker:
    """Opens after so many failures of a channel as a whole, for longer each time."""

    def __init__(self, *, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._failures = 0
        self._pause = _FIRST_SECONDS
        self._until = 0.0

    @property
    def closed_in(self) -> float:
        """Seconds until the channel is tried again; 0: now."""
        return max(0.0, self._until - self._clock())

    def worked(self) -> None:
        """Note that the channel answered, whatever it said of the message."""
        self._failures = 0
        self._pause = _FIRST_SECONDS

    def failed(self) -> None:
        """Note that the channel did not work."""
        if self.closed_in:
            # Those that were under way when it opened fail too, and count for nothing.
            return
        self._failures += 1
        if self._failures >= FAILURES:
            self._until = self._clock() + self._pause
            self._pause = min(self._pause * 2, _LONGEST_SECONDS)
            self._failures = 0
