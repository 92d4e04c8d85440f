"""How fast something grows, by the estimator of Theil and Sen, with its interval of confidence.

The slope is the median of the slopes between all pairs of points; the interval comes from the
distribution of Kendall's score where nothing grows (Sen, Journal of the American Statistical
Association 63, 1968). Outliers, such as a process that was just restarted, hardly move it. Points
that follow each other are alike, so the true interval is somewhat wider.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_Z = 1.96
"""For 95 %."""
_FEWEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """Growth an hour."""

    per_hour: float
    low: float
    high: float
    level: float
    """The median of the points."""

    @property
    def grows(self) -> bool:
        """Whether growth is all but certain."""
        return self.low > 0

    @property
    def hours_to_double(self) -> float:
        """Hours after which it would be twice the level; infinite where it does not grow."""
        return self.level / self.per_hour if self.per_hour > 0 else math.inf


def slope_of(seconds: Sequence[float], values: Sequence[float]) -> Slope:
    """Return the slope of *values* over *seconds*; raise `ValueError` for fewer than eight."""
    if len(seconds) != len(values) or len(values) < _FEWEST:
        raise ValueError(f"{_FEWEST} points are needed, there are {len(values)}")
    at, found = np.asarray(seconds, float), np.asarray(values, float)
    first, second = np.triu_indices(len(found), 1)
    slopes = np.sort((found[second] - found[first]) / (at[second] - at[first]))
    count = len(found)
    spread = _Z * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    low = max(0, math.floor((len(slopes) - spread) / 2))
    high = min(len(slopes) - 1, math.ceil((len(slopes) + spread) / 2))
    hourly = slopes * 3600
    return Slope(
        per_hour=float(np.median(hourly)),
        low=float(hourly[low]),
        high=float(hourly[high]),
        level=float(np.median(found)),
    )
