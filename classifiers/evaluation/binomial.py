"""Exact binomial tails: bounds of a share that hold for few and rare events, too.

Clopper and Pearson 1934. The beta quantile they need is found by bisection of the tail itself, in
logarithms, so that a million rows do not underflow; O(events) memory, no library for it.
"""

from math import log, log1p

import numpy as np
import numpy.typing as npt

_STEPS = 60
"""Bisections: beyond the last bit of a double."""


def at_most(events: int, total: int, share: float) -> float:
    """Return the probability of at most *events* in *total*, each with probability *share*."""
    if events >= total or share <= 0:
        return 1.0
    if events < 0 or share >= 1:
        return 0.0
    return float(min(1.0, np.exp(_log_masses(events, total, share)).sum()))


def upper_bound(events: int, total: int, doubt: float) -> float:
    """Return the share that is not exceeded, with probability 1 - *doubt*; 1 without rows."""
    if events >= total:
        return 1.0
    low, high = events / total, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if at_most(events, total, middle) > doubt:
            low = middle
        else:
            high = middle
    return high


def most_below(total: int, share: float, doubt: float) -> int | None:
    """Return how many events still show that the true share is below *share*.

    That is the most for which `upper_bound` is at most *share*; None where even none does not.
    """
    most = int(total * share)
    sure = np.flatnonzero(np.cumsum(np.exp(_log_masses(most, total, share))) <= doubt)
    return int(sure[-1]) if len(sure) else None


def most_plausible(total: int, share: float, doubt: float) -> int:
    """Return the most events that do not show that the true share is above *share*."""
    events = int(total * share)
    while events < total and 1 - at_most(events, total, share) > doubt:
        events += 1
    return events


def _log_masses(events: int, total: int, share: float) -> npt.NDArray[np.float64]:
    """Return the logarithms of the probabilities of 0 to *events* in *total*."""
    counts = np.arange(1, events + 1, dtype=np.float64)
    steps = np.log((total - counts + 1) / counts) + (log(share) - log1p(-share))
    return np.concatenate([[0.0], np.cumsum(steps)]) + total * log1p(-share)
