"""Which look-ups are reported: few, and as little of them as warnings need.

A look-up of a name that no entry blocks is forgotten at once. Of the others, a subscriber's
look-ups of a name count once in a window; subscribers are sampled whole, by a hash of their
address, so that a sample has whole histories. Addresses leave this process only as the number of
the subscriber, where a file says it.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from hashlib import blake2b

from fanzha.client import Link
from fanzha.edge.entry import EdgeAction
from fanzha.edge.lookup import Lists, find_host
from integrations.dnstap.codec import LookUp

MOST_REMEMBERED = 100_000
"""Pairs of subscriber and name in a window."""
_SALT_BYTES = 16


class ExposureFilter:
    """Takes look-ups, and gives those to report."""

    def __init__(
        self,
        *,
        sample: float,
        window_seconds: float,
        max_per_second: float,
        max_waiting: int,
        salt: bytes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sample = sample
        self._window_seconds = window_seconds
        self._rate = max_per_second
        self._max_waiting = max_waiting
        self._salt = salt[:_SALT_BYTES]
        self._clock = clock
        self._allowance = max_per_second
        self._counted_at = clock()
        self._reported: OrderedDict[bytes, float] = OrderedDict()
        self._waiting: deque[Link] = deque()

    def add(self, one: LookUp, lists: Lists, subscribers: Mapping[str, str], now_s: float) -> str:
        """Take a look-up; return what became of it, for the metrics."""
        if not one.name:
            return "no_name"
        entry = find_host(lists, one.name, now_s)
        if entry is None or entry.action is not EdgeAction.BLOCK:
            return "unlisted"
        if not self._is_sampled(one.address):
            return "not_sampled"
        if self._is_repeated(one):
            return "repeated"
        if len(self._waiting) >= self._max_waiting or not self._is_within_rate():
            return "dropped"
        number = subscribers.get(one.address, "")
        self._waiting.append(
            Link(url=one.name, subscriber=number, requested_at_ms=max(0, one.at_s) * 1000)
        )
        return "reported" if number else "reported_unknown"

    def take(self, most: int) -> list[Link]:
        """Return the look-ups that wait, the oldest first."""
        return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    def _is_sampled(self, address: str) -> bool:
        digest = blake2b(address.encode(), key=self._salt, digest_size=4).digest()
        return int.from_bytes(digest) < self._sample * 2**32

    def _is_repeated(self, one: LookUp) -> bool:
        now = self._clock()
        pair = f"{one.address} {one.name}".encode()
        key = blake2b(pair, key=self._salt, digest_size=12).digest()
        while self._reported:
            oldest = next(iter(self._reported))
            if now - self._reported[oldest] < self._window_seconds and (
                len(self._reported) < MOST_REMEMBERED
            ):
                break
            del self._reported[oldest]
        if key in self._reported:
            return True
        self._reported[key] = now
        return False

    def _is_within_rate(self) -> bool:
        now = self._clock()
        earned = (now - self._counted_at) * self._rate
        self._allowance = min(self._rate, self._allowance + earned)
        self._counted_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True


def read_subscribers(content: bytes) -> dict[str, str]:
    """Read lines of address and number; raise ValueError for a line that is neither."""
    found: dict[str, str] = {}
    for number, line in enumerate(content.decode().splitlines(), 1):
        parts = line.replace(",", " ").split()
        if not parts or parts[0].startswith("#"):
            continue
        if len(parts) != 2:  # noqa: PLR2004 - address and number
            raise ValueError(f"line {number}: an address and a number")
        found[parts[0]] = parts[1]
    return found
