"""What a model achieves at the false-positive rates a carrier can afford.

Smishing is about `PREVALENCE` of traffic, so even at one false positive in a thousand most blocks
would be wrong. Recall and precision are therefore reported at rates down to 0.01 %, with intervals;
a rate that the rows are too few to show is reported as such, never as a number.
"""

from math import ceil, log

import numpy as np

from classifiers.evaluation import intervals
from classifiers.evaluation.metrics import threshold_for
from fanzha.tables import Bools, Float32s, Int64s

RATES = {"0.01": 0.0001, "0.1": 0.001, "1": 0.01}
"""False-positive rates in percent, and as shares."""
PREVALENCE = 0.0005
"""Share of fraud in traffic at which precision is stated."""

_EACH_OF_TWO = 2.241403
"""Standard deviations that hold 97.5 %: two such intervals hold together with 95 %."""


def legitimate_rows_needed(rate: float) -> int:
    """Return how few independent legitimate rows can show *rate* with 95 % confidence.

    So many that, were the true rate higher, at least one of them would be blocked with 95 %.
    """
    return ceil(log(0.05) / log(1 - rate))


def operating_points(scores: Float32s, frauds: Bools, clusters: Int64s) -> list[dict[str, object]]:
    """Return the figures at each of `RATES`: of rows of both kinds.

    A rate that the legitimate rows cannot show has only how many clusters of them there are, and
    how many are needed.
    """
    legitimate = len(np.unique(clusters[~frauds]))
    measurable = {
        percent: rate
        for percent, rate in RATES.items()
        if legitimate >= legitimate_rows_needed(rate)
    }
    drawn = intervals.recalls(scores, frauds, clusters, list(measurable.values()))
    of_percent = dict(zip(measurable, drawn, strict=True))
    points: list[dict[str, object]] = []
    for percent, rate in RATES.items():
        point: dict[str, object] = {"percent": percent}
        if percent in measurable:
            threshold = threshold_for(scores[~frauds], rate)
            point["threshold"] = threshold if threshold <= 1 else None
            point |= at_threshold(scores, frauds, clusters, threshold)
            # A bootstrap alone is sure of itself where all frauds are caught, or none is.
            of_draws = of_percent[percent]
            point["low"] = min(float(str(point["low"])), of_draws.low)
            point["high"] = max(float(str(point["high"])), of_draws.high)
        else:
            point |= {"legitimate": legitimate, "needed": legitimate_rows_needed(rate)}
        points.append(point)
    return points


def at_threshold(
    scores: Float32s, frauds: Bools, clusters: Int64s, threshold: float
) -> dict[str, object]:
    """Return recall, false-positive rate and precision at *threshold*, with 95 % intervals.

    What needs frauds is left out without any, and what needs legitimate rows.
    """
    blocked = scores >= np.float32(threshold)
    found: dict[str, object] = {}
    if frauds.any():
        low, high = intervals.share(blocked[frauds], clusters[frauds])
        found |= {"recall": float(blocked[frauds].mean()), "low": low, "high": high}
    if not frauds.all():
        low, high = intervals.share(blocked[~frauds], clusters[~frauds])
        found |= {
            "legitimate_blocked": int(blocked[~frauds].sum()),
            "false_positive_rate": float(blocked[~frauds].mean()),
            "false_positive_low": low,
            "false_positive_high": high,
        }
    if frauds.any() and not frauds.all():
        found |= _precision(blocked, frauds, clusters)
    return found


def _precision(blocked: Bools, frauds: Bools, clusters: Int64s) -> dict[str, object]:
    recall = intervals.share(blocked[frauds], clusters[frauds], _EACH_OF_TWO)
    rate = intervals.share(blocked[~frauds], clusters[~frauds], _EACH_OF_TWO)
    return {
        "precision": precision(float(blocked[frauds].mean()), float(blocked[~frauds].mean())),
        "precision_low": precision(recall.low, rate.high) or 0.0,
        "precision_high": precision(recall.high, rate.low) or 0.0,
    }


def precision(recall: float, false_positive_rate: float) -> float | None:
    """Return the share of fraud among what is blocked at `PREVALENCE`; None without any."""
    right = recall * PREVALENCE
    blocked = right + false_positive_rate * (1 - PREVALENCE)
    return right / blocked if blocked else None
