"""How a model did on labelled rows: what `fanzha eval` shows, as plain values.

Blocking is counted at the model's own threshold. A row that cannot be scored is allowed,
as it is in service, and ranks lowest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from classifiers.evaluation import metrics
from classifiers.evaluation.budget import keeping
from classifiers.evaluation.labels import LabelKind, fraud_type_of, kind_of
from fanzha.fraud import FraudType
from fanzha.tables import Bools, Float32s, Uint8s

Strings: TypeAlias = npt.NDArray[np.str_]
Figures: TypeAlias = dict[str, object]

RATES = {"0.1": 0.001, "0.5": 0.005, "1": 0.01}
"""False-positive rates in percent, and as shares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredRows:
    """Labelled rows, one array per field."""

    groups: Strings
    """The group of each row, by default its source."""
    labels: Strings
    categories: Strings
    """Empty where the table has none."""
    scores: Float32s
    """NaN where a row could not be scored."""
    fraud_types: Uint8s
    """What the model takes a blocked row for; 0 elsewhere."""

    @property
    def kinds(self) -> Uint8s:
        """What each row is, as `LabelKind`."""
        return _mapped(self.labels, kind_of)


def report(rows: ScoredRows, threshold: float, budget: float = 0.001) -> Figures:
    """Return all figures of *rows*.

    *budget* is the share of legitimate rows that may be blocked, for which thresholds are reported.
    What needs both legitimate rows and fraud, or kinds of fraud, is left out without them.
    """
    kinds = rows.kinds
    scores = np.nan_to_num(rows.scores)
    blocked = scores >= np.float32(threshold)
    figures: Figures = {
        "rows": len(scores),
        "unscored": int(np.isnan(rows.scores).sum()),
        "unknown_labels": _counts(rows.labels[kinds == LabelKind.UNKNOWN]),
        "threshold": threshold,
        "groups": _by_group(rows, kinds, blocked),
    }
    ranked = (kinds == LabelKind.LEGITIMATE) | (kinds == LabelKind.FRAUD)
    frauds = kinds[ranked] == LabelKind.FRAUD
    if frauds.any() and not frauds.all():
        figures |= _ranking(scores[ranked], frauds)
        thresholds = keeping(budget, scores[ranked], frauds, rows.groups[ranked])
        figures["budget"] = {"rate": budget, "thresholds": thresholds}
    figures |= _fraud_types(rows, kinds == LabelKind.FRAUD, blocked)
    return figures


def _by_group(rows: ScoredRows, kinds: Uint8s, blocked: Bools) -> list[Figures]:
    found: list[Figures] = []
    pairs = sorted(set(zip(rows.groups.tolist(), rows.labels.tolist(), strict=True)))
    for group, label in pairs:
        chosen = (rows.groups == group) & (rows.labels == label)
        if (kind := LabelKind(int(kinds[chosen][0]))) is LabelKind.UNKNOWN:
            continue
        count, total = int(blocked[chosen].sum()), int(chosen.sum())
        low, high = metrics.share_interval(count, total)
        found.append(
            {
                "group": group,
                "label": label,
                "counts_as": kind.name.lower(),
                "rows": total,
                "blocked": count,
                "rate": count / total,
                "low": low,
                "high": high,
            }
        )
    return found


def _ranking(scores: Float32s, frauds: Bools) -> Figures:
    return {
        "legitimate": int((~frauds).sum()),
        "fraud": int(frauds.sum()),
        "auc": metrics.auc(scores, frauds),
        "recall_at_percent": {
            name: metrics.recall_at(scores, frauds, rate) for name, rate in RATES.items()
        },
        "calibration_error": metrics.calibration_error(scores, frauds),
        "reliability": [one._asdict() for one in metrics.reliability(scores, frauds)],
    }


def _fraud_types(rows: ScoredRows, frauds: Bools, blocked: Bools) -> Figures:
    true = _mapped(rows.categories, fraud_type_of)
    typed = frauds & (true > 0)
    if not typed.any():
        return {}
    figures: Figures = {"rows": int(typed.sum()), "blocked": int((typed & blocked).sum())}
    for name, chosen in (("of_blocked", typed & blocked), ("of_all", typed)):
        f1 = metrics.f1_by_kind(true[chosen], rows.fraud_types[chosen])
        if f1:
            figures[f"macro_f1_{name}"] = sum(f1.values()) / len(f1)
            figures[f"f1_{name}"] = {
                FraudType(kind).name.lower(): value for kind, value in f1.items()
            }
    return {"fraud_types": figures}


def _mapped(words: Strings, meaning: Callable[[str], int]) -> Uint8s:
    # Few different words: one look-up each.
    values, places = np.unique(words, return_inverse=True)
    meanings = np.fromiter(map(meaning, values.tolist()), np.uint8, len(values))
    found: Uint8s = meanings[places]
    return found


def _counts(words: Strings) -> dict[str, int]:
    values, counts = np.unique(words, return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))
