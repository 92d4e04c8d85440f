"""Limits how many requests a second one identity may make of this process.

A token bucket for each: it fills at the rate, and holds what *burst_seconds* of it bring, so that a
page or a command may ask many things at once. One identity that asks without end then waits by
itself, and not everyone else. It takes no lock: one event loop only.
"""

from collections.abc import Callable

from fanzha.errors import FanzhaError

BURST_SECONDS = 5.0
MOST_IDENTITIES = 10_000
"""Buckets kept; beyond that, those that are full again are dropped."""


class TooManyRequests(FanzhaError):
    """An identity asks more often than it may."""

    def __init__(self, name: str, per_second: float, wait_seconds: float) -> None:
        super().__init__(
            "{name} may make {per_second:g} requests a second of each process; retry in "
            "{wait_ms:.0f} ms",
            name=name,
            per_second=per_second,
            wait_ms=wait_seconds * 1000,
        )
        self.wait_seconds = wait_seconds


class IdentityLimits:
    """The buckets of all identities that have asked lately."""

    def __init__(
        self,
        per_second: float,
        clock: Callable[[], float],
        *,
        burst_seconds: float = BURST_SECONDS,
        most_identities: int = MOST_IDENTITIES,
    ) -> None:
        """*per_second* is more than zero."""
        self._per_second = per_second
        self._size = max(1.0, per_second * burst_seconds)
        self._clock = clock
        self._most = most_identities
        self._buckets: dict[str, tuple[float, float]] = {}
        """By name: requests left, and when that was counted."""

    def take(self, name: str) -> None:
        """Count a request of *name*; raise `TooManyRequests` where it has none left."""
        now = self._clock()
        left, counted_at = self._buckets.get(name, (self._size, now))
        left = min(self._size, left + (now - counted_at) * self._per_second)
        if left < 1:
            self._buckets[name] = left, now
            raise TooManyRequests(name, self._per_second, (1 - left) / self._per_second)
        if name not in self._buckets and len(self._buckets) >= self._most:
            self._drop_full(now)
        self._buckets[name] = left - 1, now

    def _drop_full(self, now: float) -> None:
        # Those that are not full are few, or have asked within the last seconds: they stay.
        self._buckets = {
            name: (left, at)
            for name, (left, at) in self._buckets.items()
            if left + (now - at) * self._per_second < self._size
        }
