"""Metrics of scores on labelled rows; plain numpy, O(n log n) for sorting.

A positive is a fraud. Scores are probabilities in [0, 1], never NaN: callers decide
what a row that cannot be scored counts as.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fanzha.tables import Bools, Float32s, Uint8s

NORMAL_95 = 1.959964
"""Standard deviations that hold 95 % of a normal distribution."""


class Interval(NamedTuple):
    """The 95 % confidence interval of a share."""

    low: float
    high: float


class Bin(NamedTuple):
    """A bin of a reliability diagram: its mean score, and its share of positives."""

    rows: int
    believed: float
    true: float


def auc(scores: Float32s, positive: Bools) -> float:
    """Return the area under the ROC curve; ties count half."""
    values, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    middle_ranks = np.cumsum(counts) - (counts - 1) / 2
    positives = int(positive.sum())
    negatives = len(positive) - positives
    above = middle_ranks[places][positive].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives)) if len(values) else float("nan")


def recall_at(scores: Float32s, positive: Bools, rate: float) -> float:
    """Return the recall at the lowest threshold that at most *rate* of the negatives reach."""
    return float((scores[positive] >= threshold_for(scores[~positive], rate)).mean())


def threshold_for(negatives: Float32s, rate: float, at_least: int = 0) -> float:
    """Return the lowest threshold that *rate* of the negatives, or *at_least* rows, may reach."""
    allowed = max(int(len(negatives) * rate), at_least)
    if len(negatives) <= allowed:
        return 0.0
    return _just_above(np.sort(negatives)[-1 - allowed])


def reliability(scores: Float32s, positive: Bools, bins: int = 10) -> list[Bin]:
    """Return the reliability diagram in *bins* of equal width, without empty ones."""
    placed = np.minimum((scores * bins).astype(np.int64), bins - 1)
    return [
        Bin(
            rows=int((placed == one).sum()),
            believed=float(scores[placed == one].mean()),
            true=float(positive[placed == one].mean()),
        )
        for one in np.unique(placed)
    ]


def calibration_error(scores: Float32s, positive: Bools, bins: int = 15) -> float:
    """Return the expected calibration error over *bins* of equal width."""
    found = reliability(scores, positive, bins)
    return sum(abs(one.believed - one.true) * one.rows / len(scores) for one in found)


def share_interval(count: float, total: float, deviations: float = NORMAL_95) -> Interval:
    """Return the Wilson interval of *count* in *total*, 95 %; it holds at 0 and at all, too."""
    if not total:
        return Interval(0.0, 1.0)
    share, square = count / total, deviations**2
    middle = share + square / (2 * total)
    reach = deviations * np.sqrt(share * (1 - share) / total + square / (4 * total**2))
    scale = 1 + square / total
    low = 0.0 if count == 0 else float((middle - reach) / scale)
    high = 1.0 if count == total else float((middle + reach) / scale)
    return Interval(low, high)


def f1_by_kind(true: Uint8s, found: Uint8s) -> dict[int, float]:
    """Return the F1 of each kind that occurs in *true*; 0 is no kind, and never right."""
    scores: dict[int, float] = {}
    for kind in np.unique(true[true > 0]).tolist():
        hits = int(((true == kind) & (found == kind)).sum())
        claims = int((true == kind).sum() + (found == kind).sum())
        scores[kind] = 2 * hits / claims
    return scores


def roc_near_zero(
    scores: Float32s, positive: Bools, most: float = 0.02
) -> tuple[list[float], list[float]]:
    """Return false-positive rates up to *most*, and the recall at each."""
    rates = np.linspace(0, most, 101)
    return rates.tolist(), recalls_at(scores, positive, rates.tolist())


def recalls_at(scores: Float32s, positive: Bools, rates: Sequence[float]) -> list[float]:
    """Return the recall at each false-positive rate below 1: what scores above all it allows."""
    negatives, positives = np.sort(scores[~positive]), np.sort(scores[positive])
    highest_allowed = negatives[-1 - (len(negatives) * np.array(rates)).astype(np.int64)]
    caught = 1 - np.searchsorted(positives, highest_allowed, side="right") / len(positives)
    found: list[float] = caught.tolist()
    return found


def rates_at(scores: Float32s, positive: Bools, threshold: float) -> tuple[float, float]:
    """Return the false-positive rate and the recall at *threshold*."""
    blocked = scores >= np.float32(threshold)
    return float(blocked[~positive].mean()), float(blocked[positive].mean())


def _just_above(score: np.float32) -> float:
    # Six places are what a card shows; rounding must not let the score in, neither here nor to the
    # 32 bits with which scores are compared: there, 0.99999 is also a score below it.
    millionths = np.floor(float(score) * 1e6) + 1
    if np.float32(millionths / 1e6) <= score:
        millionths += 1
    return float(millionths) / 1e6
