"""Which threshold keeps a false-positive budget on labelled rows, and what it catches then."""

import numpy as np
import numpy.typing as npt

from classifiers.evaluation.metrics import threshold_for
from fanzha.tables import Bools, Float32s
from fanzha.translation.catalogue import gettext_noop

TOGETHER = gettext_noop("small groups together")
ALL = gettext_noop("all rows as one")


def keeping(
    rate: float, scores: Float32s, frauds: Bools, groups: npt.NDArray[np.str_]
) -> list[dict[str, object]]:
    """Return the threshold for every group, then that for all rows as one.

    At most *rate* of the legitimate rows of each group may reach the first; groups too small to
    have one such row are taken together. A threshold is None where even a score of 1 is
    too common among legitimate rows.
    """
    legitimate = ~frauds
    small = np.zeros(len(scores), np.bool_)
    thresholds: dict[str, float] = {}
    for group in np.unique(groups[legitimate]).tolist():
        rows = legitimate & (groups == group)
        if rows.sum() * rate < 1:
            small |= rows
        else:
            thresholds[group] = threshold_for(scores[rows], rate)
    if small.any():
        thresholds[TOGETHER] = threshold_for(scores[small], rate)
    decisive = max(thresholds, key=lambda group: thresholds[group])
    return [
        _figures(decisive, thresholds[decisive], scores, frauds),
        _figures(ALL, threshold_for(scores[legitimate], rate), scores, frauds),
    ]


def _figures(
    decided_by: str, threshold: float, scores: Float32s, frauds: Bools
) -> dict[str, object]:
    blocked = scores >= np.float32(threshold)
    return {
        "decided_by": decided_by,
        "threshold": threshold if threshold <= 1 else None,
        "recall": float(blocked[frauds].mean()),
        "legitimate_blocked": int(blocked[~frauds].sum()),
    }
