"""Circuit breaker: pauses a channel after consecutive failures."""

import asyncio
from collections.abc import Callable

FAILURES = 5
_FIRST_SECONDS, _LONGEST_SECONDS = 2.0, 60.0


class CircuitBreaker:
    """Opens after `FAILURES` consecutive failures, for twice as long each time, up to a minute."""

    def __init__(self, *, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._failures = 0
        self._pause = _FIRST_SECONDS
        self._until = 0.0

    @property
    def open_for(self) -> float:
        """Seconds until the breaker closes; 0: it is closed."""
        return max(0.0, self._until - self._clock())

    def record_success(self) -> None:
        """Record that the channel answered, even if it refused the message."""
        self._failures = 0
        self._pause = _FIRST_SECONDS

    def record_failure(self) -> None:
        """Record a failure of the channel."""
        if self.open_for:
            # Sends that were in flight when it opened fail too: they do not count.
            return
        self._failures += 1
        if self._failures >= FAILURES:
            self._until = self._clock() + self._pause
            self._pause = min(self._pause * 2, _LONGEST_SECONDS)
            self._failures = 0
