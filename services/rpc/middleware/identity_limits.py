"""Limits how many requests a second one identity may make of this process.

A token bucket for each: it fills at the rate, and holds what *burst_seconds* of it bring, so that a
page or a command may ask many things at once. One identity that asks without end then waits by
itself, and not everyone else. It takes no lock: one event loop only.
"""

from collections.abc import Callable

from fanzha.errors import FanzhaError
from fanzha.translation.catalogue import gettext_noop

BURST_SECONDS = 5.0
MOST_IDENTITIES = 10_000
"""Buckets kept; beyond that, those that are full again are dropped."""


MANY_REQUESTS = gettext_noop(
    "{name} may make {per_second:g} requests a second of each process; retry in {wait_ms:.0f} ms"
)


class TooManyRequests(FanzhaError):
    """An identity asks more often than it may."""

    def __init__(
        self, name: str, per_second: float, wait_seconds: float, message: str = MANY_REQUESTS
    ) -> None:
        super().__init__(
            message,
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
        message: str = MANY_REQUESTS,
    ) -> None:
        """*per_second* is more than zero; *message* is what a refusal says."""
        self._message = message
        self._per_second = per_second
        self._size = max(1.0, per_second * burst_seconds)
        self._clock = clock
        self._most = most_identities
        self._buckets: dict[str, tuple[float, float]] = {}
        """By name: requests left, and when that was counted."""

    def take(self, name: str, count: int = 1) -> None:
        """Count requests of *name*; raise `TooManyRequests` where it has not so many left."""
        now = self._clock()
        left, counted_at = self._buckets.get(name, (self._size, now))
        left = min(self._size, left + (now - counted_at) * self._per_second)
        if left < count:
            self._buckets[name] = left, now
            wait_seconds = (count - left) / self._per_second
            raise TooManyRequests(name, self._per_second, wait_seconds, self._message)
        if name not in self._buckets and len(self._buckets) >= self._most:
            self._drop_full(now)
        self._buckets[name] = left - count, now

    def _drop_full(self, now: float) -> None:
        # Those that are not full are few, or have asked within the last seconds: they stay.
        self._buckets = {
            name: (left, at)
            for name, (left, at) in self._buckets.items()
            if left + (now - at) * self._per_second < self._size
        }
