"""Keeps a channel within its rate, and below it while the other side asks for less."""

import asyncio
from collections.abc import Callable

_SLOWER = 0.5
_FASTER = 1.05
_LOWEST_SHARE = 0.02


class RateLimiter:
    """Lets so many through a second, evenly, up to *burst* at once after a pause.

    `slow_down` halves the rate, at most once a second; each second without it lets the rate grow
    by a twentieth, up to what was set.
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
        """How often the other side asked for less."""

    @property
    def rate(self) -> float:
        """How many a second go through now."""
        return self._rate

    async def take(self, count: int = 1) -> None:
        """Wait until *count* may go."""
        delay = self.delay(count)
        if delay > 0:
            await asyncio.sleep(delay)

    def delay(self, count: int = 1) -> float:
        """Book *count*, and return in how many seconds they may go."""
        now = self._clock()
        self._recover(now)
        step = 1 / self._rate
        start = max(self._next, now - (self._burst - 1) * step, self._not_before)
        self._next = start + count * step
        return max(0.0, start - now)

    def slow_down(self, pause: float) -> None:
        """Let nothing through for *pause* seconds, and then less."""
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
