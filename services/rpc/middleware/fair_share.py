"""Who may add requests to a queue that is long: whoever has less of it than the others.

Above capacity a client that sends most would also be served most, and the others refused with it.
So once the queue is full, a client that has its share of it is refused, and one that has less is
not. A client is a login; where nobody is authenticated, all callers are one client.
"""

from collections import Counter
from collections.abc import Callable

REMEMBERED_SECONDS = 1.0
"""A client counts as one of several until it has been silent for this long, or twice that."""


class FairShare:
    """Counts the requests that wait, by client. One event loop only."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._waiting = Counter[str]()
        self._recent, self._before = set[str](), set[str]()
        self._turns_at = clock() + REMEMBERED_SECONDS
        self.waiting = 0
        """Requests of all clients."""

    def join(self, client: str) -> None:
        """Count a request of *client* in."""
        self.waiting += 1
        self._waiting[client] += 1
        self._recent.add(client)

    def leave(self, client: str) -> None:
        """Count a request of *client* out."""
        self.waiting -= 1
        left = self._waiting[client] - 1
        if left:
            self._waiting[client] = left
        else:
            del self._waiting[client]

    @property
    def has_several(self) -> bool:
        """Whether more than one client sent requests lately."""
        return self._clients() > 1

    def is_used_up(self, client: str) -> bool:
        """Tell whether *client* has its share of what waits, or more."""
        return self._waiting[client] * self._clients() >= self.waiting

    def _clients(self) -> int:
        if (now := self._clock()) >= self._turns_at:
            self._turns_at = now + REMEMBERED_SECONDS
            self._recent, self._before = set(self._waiting), self._recent
        return len(self._recent | self._before)
