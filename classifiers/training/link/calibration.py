"""Calibrates scores: log-odds o become ``bend * o**3 + slope * o + offset``.

Platt scaling with a cubic term, because label smoothing flattens the network's odds at both
ends. Slope and bend are never negative, so no order of scores changes.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fanzha.tables import Bools, Float32s

_STEPS = 50
_RIDGE = 1e-9
"""Keeps the equations solvable where all scores are alike."""


class Calibration(NamedTuple):
    """How log odds are changed; by default not at all."""

    bend: float = 0.0
    slope: float = 1.0
    offset: float = 0.0


def fit(odds: Float32s, malicious: Bools) -> Calibration:
    """Return the calibration that makes *malicious* most likely."""
    wide = odds.astype(np.float64)
    level = np.ones(len(wide))
    bend, slope, offset = _most_likely(np.stack([wide**3, wide, level], axis=1), malicious)
    if bend < 0 or slope < 0:
        bend, (slope, offset) = 0.0, _most_likely(np.stack([wide, level], axis=1), malicious)
    if slope <= 0:
        raise ValueError("the scores do not tell malicious rows from benign ones")
    return Calibration(bend, slope, offset)


def fit_line(odds: Float32s, malicious: Bools) -> tuple[float, float]:
    """Return the slope and offset that make *malicious* most likely, without a bend."""
    wide = odds.astype(np.float64)
    slope, offset = _most_likely(np.stack([wide, np.ones(len(wide))], axis=1), malicious)
    return slope, offset


def _most_likely(columns: npt.NDArray[np.float64], malicious: Bools) -> list[float]:
    """Return the weights of *columns* in a logistic regression, by Newton's method."""
    found = np.zeros(columns.shape[1])
    ridge = _RIDGE * len(columns) * np.eye(len(found))
    for _ in range(_STEPS):
        predicted = (1 + np.tanh(columns @ found / 2)) / 2
        curvature = (columns * (predicted * (1 - predicted))[:, np.newaxis]).T @ columns
        found = found - np.linalg.solve(curvature + ridge, columns.T @ (predicted - malicious))
    return [float(weight) for weight in found]
