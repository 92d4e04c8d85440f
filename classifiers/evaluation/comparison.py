"""Two models on the same labelled rows, side by side: figures of each, and rows they disagree on.

Both are taken at the threshold each blocks from, and at the same false-positive rates. Rows on
which one blocks and the other does not are told as counts, with McNemar's exact test of whether
such a difference could be chance (of clusters: near-duplicates are one observation).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from classifiers.evaluation import binomial
from classifiers.evaluation.labels import LabelKind
from classifiers.evaluation.report import Figures, ScoredRows
from fanzha.tables import Bools, Int64s

SAME_KEYS = ("auc", "calibration_error", "fraud", "legitimate")


def compared(mine: tuple[ScoredRows, Figures], other: tuple[ScoredRows, Figures]) -> dict[str, Any]:
    """Return the figures of both, and how many rows of each kind changed sides from *other*."""
    (rows, figures), (before, old) = mine, other
    kinds = rows.kinds
    blocked, was = _blocked(rows, figures), _blocked(before, old)
    clusters = np.arange(len(kinds)) if rows.clusters is None else rows.clusters
    return {
        "against": _summary(old),
        "this": _summary(figures),
        "changed": {
            word: _changed(blocked[chosen], was[chosen], clusters[chosen])
            for word, kind in (("fraud", LabelKind.FRAUD), ("legitimate", LabelKind.LEGITIMATE))
            if (chosen := kinds == kind).any()
        },
    }


def _blocked(rows: ScoredRows, figures: Mapping[str, Any]) -> Bools:
    found: Bools = np.nan_to_num(rows.scores) >= np.float32(figures["threshold"])
    return found


def _summary(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is compared: identity, ranking, and each point with its interval."""
    return {
        "model_version": figures.get("model_version", ""),
        "threshold": figures["threshold"],
        **{name: figures[name] for name in SAME_KEYS if name in figures},
        "at_threshold": figures.get("at_threshold", {}),
        "operating_points": figures.get("operating_points", []),
    }


def _changed(blocked: Bools, was: Bools, clusters: Int64s) -> dict[str, Any]:
    newly, no_longer = blocked & ~was, was & ~blocked
    # A cluster that changed both ways says nothing.
    first, second = set(clusters[newly].tolist()), set(clusters[no_longer].tolist())
    return {
        "newly_blocked": int(newly.sum()),
        "no_longer_blocked": int(no_longer.sum()),
        "chance": _chance(len(first - second), len(second - first)),
    }


def _chance(one: int, other: int) -> float:
    """Return the probability of a difference at least so large, were either way as likely."""
    total = one + other
    return min(1.0, 2 * binomial.at_most(min(one, other), total, 0.5)) if total else 1.0
