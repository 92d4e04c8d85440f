"""How a model did on labelled rows: what `fanzha eval` shows, as plain values.

Blocking is counted at the model's own threshold. A row that cannot be scored is allowed,
as it is in service, and ranks lowest.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

from classifiers.evaluation import intervals, metrics
from classifiers.evaluation.budget import keeping
from classifiers.evaluation.labels import LabelKind, fraud_type_of, kind_of
from classifiers.evaluation.operating_points import PREVALENCE, at_threshold, operating_points
from fanzha.fraud import FraudType
from fanzha.tables import Bools, Float32s, Int64s, Uint8s

Strings: TypeAlias = npt.NDArray[np.str_]
Figures: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredRows:
    """Labelled rows, one array per field."""

    groups: Mapping[str, Strings]
    """What each row is told apart by, such as its source, month or language; one at least."""
    labels: Strings
    categories: Strings
    """Empty where the table has none."""
    scores: Float32s
    """NaN where a row could not be scored."""
    fraud_types: Uint8s
    """What the model takes a blocked row for; 0 elsewhere."""
    clusters: Int64s | None = None
    """The number of the near-duplicates each row belongs to; None where that is not known."""

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
    part = _Ranked.of(rows, scores, kinds, ranked)
    if part.has_both:
        points = operating_points(part.scores, part.frauds, part.clusters)
        figures |= part.figures(threshold, points) | {"operating_points": points}
        first = next(iter(rows.groups.values()))
        thresholds = keeping(budget, part.scores, part.frauds, first[ranked])
        figures["budget"] = {"rate": budget, "thresholds": thresholds}
        figures["prevalence"] = PREVALENCE
        figures["clusters"] = len(np.unique(part.clusters))
        figures["reliability"] = [
            one._asdict() for one in metrics.reliability(part.scores, part.frauds)
        ]
        figures["slices"] = [
            {"by": by, "group": group}
            | part.only(groups[ranked] == group).figures(threshold, points)
            for by, groups in rows.groups.items()
            for group in np.unique(groups[ranked]).tolist()
        ]
    figures |= _fraud_types(rows, kinds == LabelKind.FRAUD, blocked)
    return figures


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ranked:
    """Rows that are legitimate or fraud."""

    scores: Float32s
    frauds: Bools
    clusters: Int64s

    @classmethod
    def of(cls, rows: ScoredRows, scores: Float32s, kinds: Uint8s, ranked: Bools) -> Self:
        """Choose the rows that are *ranked*."""
        clusters = np.arange(len(scores)) if rows.clusters is None else rows.clusters
        return cls(
            scores=scores[ranked],
            frauds=kinds[ranked] == LabelKind.FRAUD,
            clusters=clusters[ranked],
        )

    @property
    def has_both(self) -> bool:
        """Whether there are rows of either kind."""
        return bool(self.frauds.any() and not self.frauds.all())

    def only(self, chosen: Bools) -> Self:
        """Return the rows that are *chosen*."""
        return replace(
            self,
            scores=self.scores[chosen],
            frauds=self.frauds[chosen],
            clusters=self.clusters[chosen],
        )

    def figures(self, threshold: float, points: Sequence[Figures]) -> Figures:
        """Return the figures at *threshold*, and at those of *points*, which all rows chose."""
        found: Figures = {
            "legitimate": int((~self.frauds).sum()),
            "fraud": int(self.frauds.sum()),
            "at_threshold": self._at(threshold),
            "at_percent": {
                str(point["percent"]): self._at(float(str(point["threshold"])))
                for point in points
                if point.get("threshold") is not None
            },
        }
        if self.has_both:
            found["auc"] = metrics.auc(self.scores, self.frauds)
            found["calibration_error"] = metrics.calibration_error(self.scores, self.frauds)
        return found

    def _at(self, threshold: float) -> Figures:
        return at_threshold(self.scores, self.frauds, self.clusters, threshold)


def _by_group(rows: ScoredRows, kinds: Uint8s, blocked: Bools) -> list[Figures]:
    clusters = np.arange(len(kinds)) if rows.clusters is None else rows.clusters
    found: list[Figures] = []
    for by, groups in rows.groups.items():
        for group, label in sorted(set(zip(groups.tolist(), rows.labels.tolist(), strict=True))):
            chosen = (groups == group) & (rows.labels == label)
            if (kind := LabelKind(int(kinds[chosen][0]))) is LabelKind.UNKNOWN:
                continue
            low, high = intervals.share(blocked[chosen], clusters[chosen])
            found.append(
                {
                    "by": by,
                    "group": group,
                    "label": label,
                    "counts_as": kind.name.lower(),
                    "rows": int(chosen.sum()),
                    "blocked": int(blocked[chosen].sum()),
                    "rate": float(blocked[chosen].mean()),
                    "low": low,
                    "high": high,
                }
            )
    return found


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
