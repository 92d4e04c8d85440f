"""Adaptive concurrency limit of one target: additive increase, multiplicative decrease.

A server that misses deadlines is overloaded, and each request in flight delays the others: the
limit shrinks with each missed deadline, and grows slowly with answers.
"""

_DECREASE = 0.8
_INCREASE = 0.05


class AdaptiveConcurrency:
    """The limit of one target, from one to *most*."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._in_flight = 0

    @property
    def full(self) -> bool:
        """Whether the limit is reached."""
        return self._in_flight >= int(self._limit)

    def begin(self) -> None:
        """Count a request as in flight."""
        self._in_flight += 1

    def end(self) -> None:
        """Count a request as done."""
        self._in_flight -= 1

    def answered(self) -> None:
        """Raise the limit after an answer."""
        self._limit = min(self._limit + _INCREASE / self._limit, self._most)

    def missed(self) -> None:
        """Lower the limit after a missed deadline."""
        self._limit = max(self._limit * _DECREASE, 1.0)
