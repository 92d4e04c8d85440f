"""Confidence intervals of shares and recalls of rows that are not independent.

Near-duplicates say the same thing again, so rows come in clusters: a share is as sure as its
clusters are many and unlike. Without known clusters every row is one.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from classifiers.evaluation.metrics import NORMAL_95, Interval, share_interval
from fanzha.tables import Bools, Float32s, Int64s

DRAWS = 500
_SEED = 20261127


def share(hits: Bools, clusters: Int64s, deviations: float = NORMAL_95) -> Interval:
    """Return the Wilson interval of the share of *hits*, of as many rows as their clusters equal.

    *clusters* numbers the cluster of each row. The interval holds 95 %, or what *deviations* of a
    normal distribution do.
    """
    if not len(hits):
        return Interval(0.0, 1.0)
    rows = effective_rows(hits, clusters)
    count = rows if hits.all() else rows * float(hits.mean())
    return share_interval(count, rows, deviations)


def effective_rows(hits: Bools, clusters: Int64s) -> float:
    """Return how many independent rows would make the share of *hits* as sure, at least 1.

    By the design effect; where all rows are hits or none is, as if clusters were all alike.
    """
    _, places = np.unique(clusters, return_inverse=True)
    sizes = np.bincount(places).astype(np.float64)
    total, mean = len(hits), float(hits.mean())
    if mean in {0.0, 1.0} or len(sizes) == 1:
        return total**2 / float(np.square(sizes).sum())
    surplus = np.bincount(places, weights=hits - mean)
    between = float(np.square(surplus).sum()) / total**2
    return max(1.0, total / max(1.0, between * total / (mean * (1 - mean))))


def recalls(
    scores: Float32s, frauds: Bools, clusters: Int64s, rates: Sequence[float]
) -> list[Interval]:
    """Return the interval of the recall at each false-positive rate, by a bootstrap of clusters.

    The threshold is chosen anew in each of `DRAWS` draws, so its own uncertainty is part of it.
    The same rows give the same intervals.
    """
    if not rates:
        return []
    _, places = np.unique(clusters, return_inverse=True)
    count = int(places.max(initial=-1)) + 1
    falling = np.argsort(-scores, kind="stable")
    legitimate, positive = falling[~frauds[falling]], falling[frauds[falling]]
    chance = np.random.default_rng(_SEED)
    drawn = np.full((DRAWS, len(rates)), np.nan)
    for draw in range(DRAWS):
        weights = np.bincount(chance.integers(0, count, count), minlength=count)[places]
        drawn[draw] = _recalls(scores, (legitimate, positive), weights, rates)
    low, high = np.nanpercentile(drawn, (2.5, 97.5), axis=0)
    return [Interval(*pair) for pair in zip(low.tolist(), high.tolist(), strict=True)]


def _recalls(
    scores: Float32s, falling: tuple[Int64s, Int64s], weights: Int64s, rates: Sequence[float]
) -> npt.NDArray[np.float64]:
    """Return the recall at each rate of weighted rows; NaN where either kind has no weight.

    *falling* are the rows of legitimate texts and those of frauds, by falling score.
    """
    legitimate, positive = falling
    reached, caught = np.cumsum(weights[legitimate]), np.cumsum(weights[positive])
    if not reached[-1] or not caught[-1]:
        return np.full(len(rates), np.nan)
    allowed = (reached[-1] * np.array(rates)).astype(np.int64)
    highest_passed = scores[legitimate[np.searchsorted(reached, allowed, side="right")]]
    above = np.searchsorted(-scores[positive], -highest_passed, side="left")
    found: npt.NDArray[np.float64] = np.concatenate([[0], caught])[above] / caught[-1]
    return found
