"""Calibrates scores: log-odds o become ``bend * o**3 + slope * o + offset``.

Platt scaling with a cubic term, because label smoothing flattens the network's odds at both
ends. Slope and bend are never negative, so no order of scores changes.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fanzha.tables import Bools, Float32s

_STEPS = 50
_HALVINGS = 40
_RIDGE = 1e-9
"""Keeps the equations solvable where all scores are alike."""


class Calibration(NamedTuple):
    """How log odds are changed; by default not at all."""

    bend: float = 0.0
    slope: float = 1.0
    offset: float = 0.0

    def scores(self, odds: Float32s) -> Float32s:
        """Return the probabilities of log-odds."""
        wide = self.bend * odds**3 + self.slope * odds + self.offset
        found: Float32s = ((1 + np.tanh(wide / 2)) / 2).astype(np.float32)
        return found


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
    """Return the weights of *columns* in a logistic regression, by Newton's method.

    A step that makes the loss larger is halved: far from the solution whole ones may run away.
    """
    found = np.zeros(columns.shape[1])
    ridge = _RIDGE * len(columns) * np.eye(len(found))
    loss = _loss(columns, found, malicious)
    for _ in range(_STEPS):
        predicted = (1 + np.tanh(columns @ found / 2)) / 2
        curvature = (columns * (predicted * (1 - predicted))[:, np.newaxis]).T @ columns
        step = np.linalg.solve(curvature + ridge, columns.T @ (predicted - malicious))
        for _ in range(_HALVINGS):
            if (after := _loss(columns, found - step, malicious)) <= loss:
                found, loss = found - step, after
                break
            step = step / 2
        else:
            break
    return [float(weight) for weight in found]


def _loss(
    columns: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], malicious: Bools
) -> float:
    odds = columns @ weights
    return float(np.logaddexp(0, odds).sum() - odds[malicious].sum())
