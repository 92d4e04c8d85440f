"""Exponential backoff with a cap and jitter; whatever retries waits by it.

The n-th failure in a row waits at most ``first_seconds * 2**(n - 1)``, capped at ``max_seconds``,
less a random part of up to ``jitter`` of that: clients that failed together do not retry together.
"""

import math
import random
from collections.abc import Callable


class Backoff:
    """The wait before each retry; `reset` after a success."""

    def __init__(
        self,
        *,
        first_seconds: float = 0.2,
        max_seconds: float = 5.0,
        jitter: float = 0.5,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Take *jitter* and what *chance* returns from [0, 1].

        Raises ValueError unless ``0 < first_seconds <= max_seconds``.
        """
        if not 0 < first_seconds <= max_seconds < math.inf or not 0 <= jitter <= 1:
            raise ValueError(f"backoff from {first_seconds} to {max_seconds} s, jitter {jitter}")
        self.failures = 0
        """Failures since the last success."""
        self._first_seconds = first_seconds
        self._max_seconds = max_seconds
        self._jitter = jitter
        self._chance = chance
        # Beyond these the cap holds; a power of the bare count would overflow after 1,024 failures.
        self._doublings = _doublings(first_seconds, max_seconds)

    @property
    def longest_seconds(self) -> float:
        """The upper bound of the next wait, before jitter."""
        doublings = min(self.failures, self._doublings)
        return min(self._max_seconds, math.ldexp(self._first_seconds, doublings))

    def next_seconds(self) -> float:
        """Count a failure and return how long to wait before the retry."""
        longest = self.longest_seconds
        self.failures += 1
        return longest * (1 - self._jitter * self._chance())

    def reset(self) -> None:
        """Count from zero again."""
        self.failures = 0


def _doublings(first: float, last: float) -> int:
    """Return how often *first* must be doubled to reach *last*; exactly, as logarithms are not."""
    (part, exponent), (last_part, last_exponent) = math.frexp(first), math.frexp(last)
    return last_exponent - exponent + (last_part > part)
