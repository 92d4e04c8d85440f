"""What a model does with rows it abstains from: those a person is asked about instead of a block.

A row abstains where its score lies from the review threshold to below the threshold. A service puts
up so many a minute at most, so shares are what a person could see, not what one will.
"""

from typing import Any

import numpy as np

from classifiers.evaluation import intervals
from classifiers.evaluation.labels import LabelKind
from classifiers.evaluation.report import ScoredRows
from fanzha.tables import Bools, Int64s

_SIDES = {"fraud": LabelKind.FRAUD, "legitimate": LabelKind.LEGITIMATE}


def measured(rows: ScoredRows, review_threshold: float, threshold: float) -> dict[str, Any]:
    """Return what is put up for review of each side, of all rows and by each value of each group.

    A side has ``rows``, ``blocked``, ``review`` and the share of rows put up, with its interval of
    95 %; a side without rows is left out.
    """
    scores = np.nan_to_num(rows.scores)
    blocked = scores >= np.float32(threshold)
    asked = ~blocked & (scores >= np.float32(review_threshold))
    clusters = np.arange(len(scores)) if rows.clusters is None else rows.clusters

    def of(chosen: Bools) -> dict[str, Any]:
        return {
            name: _side(chosen & (rows.kinds == kind), blocked, asked, clusters)
            for name, kind in _SIDES.items()
            if (chosen & (rows.kinds == kind)).any()
        }

    return {
        "from": review_threshold,
        "to": threshold,
        **of(np.ones(len(scores), np.bool_)),
        "slices": [
            {"by": by, "group": group} | of(groups == group)
            for by, groups in rows.groups.items()
            for group in np.unique(groups).tolist()
        ],
    }


def _side(chosen: Bools, blocked: Bools, asked: Bools, clusters: Int64s) -> dict[str, Any]:
    low, high = intervals.share(asked[chosen], clusters[chosen])
    return {
        "rows": int(chosen.sum()),
        "blocked": int((chosen & blocked).sum()),
        "review": int((chosen & asked).sum()),
        "share": float(asked[chosen].mean()),
        "low": low,
        "high": high,
    }
