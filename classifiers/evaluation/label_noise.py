"""How many labels look wrong: rows whose score contradicts their label, and copies that disagree.

Confident learning (Northcutt, Jiang and Chuang 2021, arXiv:1911.00068): a row is counted where its
score is at least as sure of the other class as rows of that class are on average. Scores must come
from a model that did not learn from these rows (held out, or out of fold), else it has learnt the
wrong labels. Rows are only counted, by group; none is shown.
"""

from typing import Any

import numpy as np

from classifiers.evaluation.labels import LabelKind
from classifiers.evaluation.metrics import share_interval
from classifiers.evaluation.report import ScoredRows
from fanzha.tables import Bools, Int64s


def audit(rows: ScoredRows) -> dict[str, Any]:
    """Return the counts of all rows, then by each value of the first group, the worst first.

    `ValueError` without scored rows of both kinds, from which sureness is learnt.
    """
    kinds = rows.kinds
    heard = ~np.isnan(rows.scores)
    frauds, legitimate = (kinds == LabelKind.FRAUD) & heard, (kinds == LabelKind.LEGITIMATE) & heard
    if not frauds.any() or not legitimate.any():
        raise ValueError("label noise: scored rows of both kinds are needed")
    sure_of_fraud = float(rows.scores[frauds].mean())
    sure_of_legitimate = float((1 - rows.scores[legitimate]).mean())
    suspects = (legitimate & (rows.scores >= np.float32(sure_of_fraud))) | (
        frauds & ((1 - rows.scores) >= np.float32(sure_of_legitimate))
    )
    counted = frauds | legitimate
    clusters = np.arange(len(kinds)) if rows.clusters is None else rows.clusters
    disputed = _disputed(clusters, frauds, legitimate)
    by, groups = next(iter(rows.groups.items()))
    found = [
        {"group": group} | _counts(counted & (groups == group), frauds, suspects, disputed)
        for group in np.unique(groups[counted]).tolist()
    ]
    return {
        "by": by,
        "sure_of_fraud": sure_of_fraud,
        "sure_of_legitimate": sure_of_legitimate,
        "all": _counts(counted, frauds, suspects, disputed),
        "groups": sorted(found, key=lambda one: -one["share"]),
    }


def _counts(chosen: Bools, frauds: Bools, suspects: Bools, disputed: Bools) -> dict[str, Any]:
    rows, wrong = int(chosen.sum()), int((chosen & suspects).sum())
    low, high = share_interval(wrong, rows)
    return {
        "rows": rows,
        "fraud_like_legitimate": int((chosen & suspects & frauds).sum()),
        "legitimate_like_fraud": int((chosen & suspects & ~frauds).sum()),
        "disputed": int((chosen & disputed).sum()),
        "share": wrong / rows,
        "low": low,
        "high": high,
    }


def _disputed(clusters: Int64s, frauds: Bools, legitimate: Bools) -> Bools:
    """Return the rows whose near-duplicates have both labels."""
    _, places = np.unique(clusters, return_inverse=True)
    both = _any(places, frauds) & _any(places, legitimate)
    found: Bools = both[places] & (frauds | legitimate)
    return found


def _any(places: Int64s, chosen: Bools) -> Bools:
    """Return for each place whether one of its rows is chosen."""
    found: Bools = np.bincount(places[chosen], minlength=int(places.max()) + 1) > 0
    return found
