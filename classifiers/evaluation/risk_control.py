"""A threshold with a promise: at most so much legitimate traffic is blocked, and how sure that is.

Learn then Test (Angelopoulos et al. 2021, arXiv:2110.01052) with the exact binomial test: from the
strictest threshold downwards, each is accepted while the test rejects "more than *rate* of the
legitimate rows reach it". The number blocked only grows on the way, so the tests form a fixed
sequence and need no correction. One threshold for all groups is the highest of theirs, and keeps
the rate in all of them at once with the same confidence: it fails only where the threshold of the
worst group by itself fails.

A group too small for that, but not for conformal risk control (Angelopoulos et al. 2022,
arXiv:2208.02814), keeps the rate on average over samples like this one. Smaller groups are taken
together: what is promised then holds for their mixture, not for each.

Rows that are near-duplicates are one observation: a cluster, blocked as soon as one of its rows is.
The promise is about clusters, as different messages, callers or hosts; blocked rows are counted
beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, floor, log
from typing import Self

import numpy as np
import numpy.typing as npt

from classifiers.evaluation import binomial
from classifiers.evaluation.budget import ALL, TOGETHER
from classifiers.evaluation.metrics import threshold_for
from fanzha.tables import Bools, Float32s, Int64s


class Promise(StrEnum):
    """What is known about the rate of a group."""

    CONFIDENT = "confident"
    """At most the rate, with the confidence that was asked for."""
    EXPECTED = "expected"
    """At most the rate on average over samples as large as this one."""
    POOLED = "pooled"
    """Nothing by itself: the mixture of all such groups keeps the rate, as their own line says."""
    NONE = "none"
    """Nothing: even the mixture is too small. None of its rows is blocked; see the upper bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRisk:
    """What the chosen threshold blocks of the legitimate rows of one group."""

    group: str
    promise: Promise
    own_threshold: float | None
    """The lowest threshold that keeps the promise in this group; None if pooled, or above 1."""
    rows: int
    clusters: int
    blocked_rows: int
    blocked_clusters: int
    upper: float
    """Clopper-Pearson bound of the share of clusters blocked, at the confidence of the whole."""
    contradicted: bool
    """Whether so many are blocked that the rate is exceeded, at the same confidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskControl:
    """A threshold, and what it promises."""

    threshold: float | None
    """None where no threshold up to 1 keeps the rate."""
    decided_by: str
    """The group that needs it as high."""
    rate: float
    confidence: float
    needed: int
    """How many clusters a group needs for a confident promise."""
    groups: tuple[GroupRisk, ...]
    """By name; last, where groups are small, a line for all of those together."""

    @property
    def statement(self) -> str:
        """What is promised, in a sentence or two for a card."""
        held = [one.group for one in self.groups if one.promise is Promise.CONFIDENT]
        said = (
            f"With {100 * self.confidence:g} % confidence at most {100 * self.rate:g} % of "
            f"legitimate clusters are blocked in each of: {', '.join(held) or 'no group'}."
        )
        for promise, words in _OTHERS.items():
            if names := [one.group for one in self.groups if one.promise is promise]:
                said += f" {words}: {', '.join(names)}."
        return said

    def figures(self) -> dict[str, object]:
        """Return everything as plain values for a card; a missing threshold is left out."""
        return {
            **_known("threshold", self.threshold),
            "decided_by": self.decided_by,
            "rate": self.rate,
            "confidence": self.confidence,
            "needed": self.needed,
            "statement": self.statement,
            "groups": [
                {
                    "group": one.group,
                    "promise": str(one.promise),
                    **_known("own_threshold", one.own_threshold),
                    "rows": one.rows,
                    "clusters": one.clusters,
                    "blocked_rows": one.blocked_rows,
                    "blocked_clusters": one.blocked_clusters,
                    "upper": one.upper,
                    "contradicted": one.contradicted,
                }
                for one in self.groups
            ],
        }


_OTHERS: Mapping[Promise, str] = {
    Promise.EXPECTED: "On average over such samples, not with that confidence, in",
    Promise.POOLED: "Too few for a promise of their own, held as one mixture",
    Promise.NONE: "Too few for any promise, see the upper bound",
}


def control_risk(
    scores: Float32s,
    groups: npt.NDArray[np.str_],
    clusters: Int64s | None = None,
    *,
    rate: float = 0.0001,
    confidence: float = 0.95,
    heeds_small: bool = False,
) -> RiskControl:
    """Choose the lowest threshold that blocks at most *rate* of each of *groups*.

    All arrays have one element for each LEGITIMATE row, of rows that no model was fitted to:
    its score (not NaN), its group such as ``zh service notice``, and the number of its cluster of
    near-duplicates, without which each row is its own. A row is blocked if its score, as 32 bits,
    is at least the threshold. With *heeds_small* the threshold rises until no small group has so
    many rows blocked that they contradict the rate; a single wrong label can then decide.
    `ValueError` without rows.
    """
    if not len(scores):
        raise ValueError("no legitimate rows")
    clusters = np.arange(len(scores)) if clusters is None else clusters
    names = np.unique(groups).tolist()
    found = _promised(
        [_Part(name, scores, clusters, groups == name) for name in names], rate, confidence
    )
    decisive, threshold = _highest(found, rate, confidence if heeds_small else None)
    return RiskControl(
        threshold=_possible(threshold),
        decided_by=decisive,
        rate=rate,
        confidence=confidence,
        needed=clusters_needed(rate, confidence),
        groups=tuple(
            part.risk(threshold, rate, confidence, promise, own) for part, promise, own in found
        ),
    )


def clusters_needed(rate: float, confidence: float = 0.95) -> int:
    """Return how few clusters can show *rate* with *confidence*, none of them being blocked."""
    return ceil(log(1 - confidence) / log(1 - rate))


class _Part:
    """The rows of a group, and the highest score of each of its clusters."""

    def __init__(self, name: str, scores: Float32s, clusters: Int64s, chosen: Bools) -> None:
        self.name = name
        self._whole = scores, clusters
        self.chosen = chosen
        self._rows = scores[chosen]
        _, places = np.unique(clusters[chosen], return_inverse=True)
        self._highest = np.zeros(int(places.max()) + 1, scores.dtype)
        np.maximum.at(self._highest, places, self._rows)

    def with_all(self, others: Sequence[Self], name: str) -> Self:
        """Return all rows of *others*, which include this one, as one part."""
        every = np.logical_or.reduce([other.chosen for other in others])
        return type(self)(name, *self._whole, every)

    @property
    def above_all(self) -> float:
        """The lowest threshold that none of the rows reaches."""
        return threshold_for(self._highest, 0.0)

    def own(self, rate: float, confidence: float) -> tuple[Promise, float | None]:
        """Return what this part can be promised by itself, and the threshold for that."""
        total = len(self._highest)
        allowed = binomial.most_below(total, rate, 1 - confidence)
        if allowed is not None:
            return Promise.CONFIDENT, threshold_for(self._highest, 0.0, at_least=allowed)
        # Conformal risk control of a loss of 0 or 1: (blocked + 1) / (total + 1) ≤ rate.
        allowed = floor(rate * (total + 1) + 1e-9) - 1
        if allowed >= 0:
            return Promise.EXPECTED, threshold_for(self._highest, 0.0, at_least=allowed)
        return Promise.POOLED, None

    def not_contradicted(self, rate: float, confidence: float) -> float:
        """Return the lowest threshold at which the rows do not contradict *rate*."""
        allowed = binomial.most_plausible(len(self._highest), rate, 1 - confidence)
        return threshold_for(self._highest, 0.0, at_least=allowed)

    def risk(
        self,
        threshold: float,
        rate: float,
        confidence: float,
        promise: Promise,
        own: float | None,
    ) -> GroupRisk:
        """Count what *threshold* blocks here."""
        limit = np.float32(threshold)
        blocked, total = int((self._highest >= limit).sum()), len(self._highest)
        return GroupRisk(
            group=self.name,
            promise=promise,
            own_threshold=None if own is None else _possible(own),
            rows=len(self._rows),
            clusters=total,
            blocked_rows=int((self._rows >= limit).sum()),
            blocked_clusters=blocked,
            upper=binomial.upper_bound(blocked, total, 1 - confidence),
            contradicted=blocked > binomial.most_plausible(total, rate, 1 - confidence),
        )


def _promised(
    parts: Sequence[_Part], rate: float, confidence: float
) -> list[tuple[_Part, Promise, float | None]]:
    """Return what each part can be promised, and the threshold for it; last, all small ones."""
    found = [(part, *part.own(rate, confidence)) for part in parts]
    small = [part for part, promise, _ in found if promise is not Promise.CONFIDENT]
    if not small:
        return found
    pool = small[0].with_all(small, TOGETHER if len(small) < len(parts) else ALL)
    promise, threshold = pool.own(rate, confidence)
    if promise is not Promise.POOLED:
        return [*found, (pool, promise, threshold)]
    # Without a promise, nothing that is known to be legitimate is blocked.
    for place, (part, own, _) in enumerate(found):
        if own is Promise.POOLED:
            found[place] = (part, Promise.NONE, None)
    return [*found, (pool, Promise.NONE, pool.above_all)]


def _highest(
    found: Sequence[tuple[_Part, Promise, float | None]], rate: float, heeded_at: float | None
) -> tuple[str, float]:
    """Return the part that needs the highest threshold, and this.

    Small parts need one that they do not contradict at the confidence *heeded_at*, if given.
    """
    thresholds: dict[str, float] = {}
    for part, promise, own in found:
        least = 0.0 if own is None else own
        if heeded_at is not None and promise is not Promise.CONFIDENT:
            least = max(least, part.not_contradicted(rate, heeded_at))
        thresholds[part.name] = least
    decisive = max(thresholds, key=lambda name: thresholds[name])
    return decisive, thresholds[decisive]


def _possible(threshold: float) -> float | None:
    return threshold if threshold <= 1 else None


def _known(name: str, value: float | None) -> dict[str, object]:
    return {} if value is None else {name: value}
