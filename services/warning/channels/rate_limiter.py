"""Adaptive rate limiter: keeps a configured rate, and a lower one while throttled."""

import asyncio
from collections.abc import Callable

_SLOWER = 0.5
_FASTER = 1.05
_LOWEST_SHARE = 0.02


class RateLimiter:
    """Spaces requests evenly at *per_second*, with up to *burst* at once after a pause.

    `slow_down` halves the rate, at most once a second. Each second without it raises the rate by
    5 %, up to the configured one.
    """

    def __init__(
        self, per_second: float, *, burst: int = 1, clock: Callable[[], float] | None = None
    ) -> None:
        self._most = self._rate = per_second
        self._burst = max(1, burst)
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._next = 0.0
        self._changed = 0.0
        self._not_before = 0.0
        self.slowed = 0
        """Number of calls of `slow_down`."""

    @property
    def rate(self) -> float:
        """The current rate per second."""
        return self._rate

    async def take(self, count: int = 1) -> None:
        """Wait until *count* requests may be sent."""
        delay = self.delay(count)
        if delay > 0:
            await asyncio.sleep(delay)

    def delay(self, count: int = 1) -> float:
        """Reserve *count* requests; return the delay in seconds until they may be sent."""
        now = self._clock()
        self._recover(now)
        step = 1 / self._rate
        start = max(self._next, now - (self._burst - 1) * step, self._not_before)
        self._next = start + count * step
        return max(0.0, start - now)

    def slow_down(self, pause: float) -> None:
        """Pause for *pause* seconds, then continue at a lower rate."""
        now = self._clock()
        self._not_before = max(self._not_before, now + pause)
        self.slowed += 1
        if now - self._changed >= 1 or self._rate == self._most:
            self._rate = max(self._rate * _SLOWER, self._most * _LOWEST_SHARE)
            self._changed = now

    def _recover(self, now: float) -> None:
        while self._rate < self._most and now - self._changed >= 1:
            self._rate = min(self._most, self._rate * _FASTER)
            self._changed += 1
