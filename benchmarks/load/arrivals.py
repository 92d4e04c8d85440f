"""Arrival times of the requests of an open loop, independent of the server.

Several generators share one plan: each takes every n-th request of it, so together they offer the
whole. ``even`` is one request after the other at equal distances, ``poisson`` is how independent
subscribers come: in clusters and gaps, which queues feel.
"""

from typing import Literal

import numpy as np

from benchmarks.load.histogram import Float64s

Arrivals = Literal["even", "poisson"]
ARRIVALS: tuple[Arrivals, ...] = ("even", "poisson")


def due_times(
    *, rate: float, seconds: float, arrivals: Arrivals, seed: int, part: int = 0, parts: int = 1
) -> Float64s:
    """Return the arrival times, in seconds from the start, of generator *part* of *parts*."""
    count = round(rate * seconds)
    if arrivals == "even":
        times = np.arange(count) / rate
    else:
        # Of a Poisson process whose count is known, the times are evenly distributed: so the
        # whole rate is offered, and nothing of it after the end.
        times = np.sort(np.random.default_rng(seed).uniform(0, seconds, count))
    return times[part::parts]
