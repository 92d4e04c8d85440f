"""Circuit breaker: pauses requests to a peer after consecutive failures."""

import asyncio
from collections.abc import Callable

FAILURES = 5
_FIRST_SECONDS, _LONGEST_SECONDS = 2.0, 60.0


class CircuitBreaker:
    """Opens after *failures* in a row, for twice as long each time, up to *longest_seconds*."""

    def __init__(
        self,
        *,
        failures: int = FAILURES,
        first_seconds: float = _FIRST_SECONDS,
        longest_seconds: float = _LONGEST_SECONDS,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._most = failures
        self._first = first_seconds
        self._longest = longest_seconds
        self._failures = 0
        self._pause = first_seconds
        self._until = 0.0

    @property
    def open_for(self) -> float:
        """Seconds until the breaker closes; 0: it is closed."""
        return max(0.0, self._until - self._clock())

    def record_success(self) -> None:
        """Record that the peer answered, even if it refused the message."""
        self._failures = 0
        self._pause = self._first

    def record_failure(self) -> None:
        """Record a failure of the peer."""
        if self.open_for:
            # Requests that were in flight when it opened fail too: they do not count.
            return
        self._failures += 1
        if self._failures >= self._most:
            self.trip()

    def trip(self) -> None:
        """Open at once, as after enough failures."""
        self._until = self._clock() + self._pause
        self._pause = min(self._pause * 2, self._longest)
        self._failures = 0
