"""Finds the highest rate that holds, by trying."""

from collections.abc import Callable

MOST_TRIES = 14


def highest(holds: Callable[[float], bool], first: float, precision: float = 0.05) -> float:
    """Return the highest rate found that holds; 0 when none did.

    Goes up from *first* in steps of a half while it holds, or down by halves while it does not,
    and then halves the gap until it is narrower than *precision* of the rate.
    """
    low, high, rate = 0.0, 0.0, first
    for _ in range(MOST_TRIES):
        if holds(rate):
            low = rate
        else:
            high = rate
        if not high:
            rate = low * 1.5
        elif not low:
            rate = high / 2
        elif high - low <= precision * low:
            break
        else:
            rate = (low + high) / 2
    return low
