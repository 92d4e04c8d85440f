"""Fits the second stage of the text model: its uncertain band, and its threshold.

Texts whose fast score is within a band around the threshold, or below it, are read by the sentence
encoder; the mean of the log odds of network and head, calibrated on validation rows of the band,
decides. What is above the band stays blocked, so both stages share one budget.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from classifiers.text.facts import NO_WEIGHTS, FactWeights, TextFacts
from classifiers.training.link import calibration
from classifiers.training.text import logit_adjustment
from classifiers.training.text.data import OWN, LabelledText
from classifiers.training.text.embeddings import ENCODED
from classifiers.training.text.second_stage.encoder_head import EncoderHead
from classifiers.training.text.second_stage.link_facts import (
    HISTORY_WEIGHT,
    LinkOdds,
    fitted_weight,
)
from fanzha.tables import Bools, Float32s, Int64s

MOST_UNCERTAIN = 0.01
"""Of legitimate validation rows, our own apart: a second stage takes milliseconds."""
LOWEST = 0.5
"""Of the calibrated probability: below it, more would be blocked wrongly than rightly."""
_SHARES = (0.0, 0.25, 0.5, 0.75)
"""Of the budget, for the fast network; the rest is for the second stage."""
_TOPS = (0.95, 0.99, 0.999)
"""Ends of a band that reaches above the threshold, which has the whole budget then."""
_FEW_FRAUDS = 40
_LINKS = LinkOdds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """A second stage and its uncertain band."""

    head: EncoderHead
    from_score: float
    to_score: float
    slope: float
    offset: float
    threshold: float
    """Of its own probability."""
    facts: FactWeights = NO_WEIGHTS

    def probabilities(self, fast: Float32s, odds: Float32s, facts: TextFacts) -> Float32s:
        """Join the fast scores of texts with the log odds of the head, and with facts."""
        mean = (log_odds(fast) + odds) / 2
        added = self.facts.added(facts, np.zeros(len(fast), np.int64))
        joined = 1 / (1 + np.exp(-(self.slope * mean + self.offset + added)))
        found: Float32s = joined.astype(np.float32)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeResult:
    """What became of texts."""

    scores: Float32s
    blocked: Bools
    alone: Bools
    """Blocked by the fast network with the whole budget for itself."""
    escalated: Bools
    """Was escalated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """The thresholds of both stages."""

    threshold: float
    alone: float
    """What the threshold would be without a second stage."""
    second: Second | None

    def judge(
        self,
        texts: Sequence[str],
        fast: Float32s,
        review_only: Bools | None = None,
        *,
        reads_links: bool = True,
        blocked_shares: Float32s | None = None,
    ) -> CascadeResult:
        """Escalate uncertain texts; those *review_only* stay below the threshold.

        *blocked_shares* are of the senders' recent texts; without them no sender is known.
        """
        scores, escalated = fast.copy(), np.zeros(len(fast), np.bool_)
        if self.second is not None:
            escalated = uncertain(fast, self.second.from_score, self.second.to_score)
            rows = np.flatnonzero(escalated)
            uncertain_texts = [texts[row] for row in rows.tolist()]
            odds = self.second.head.log_odds(ENCODED.of(uncertain_texts))
            facts = unknown_facts(len(rows))
            if reads_links:
                facts = facts._replace(link_odds=_LINKS.of(uncertain_texts))
            if blocked_shares is not None:
                facts = facts._replace(blocked_share=blocked_shares[rows])
            found = self.second.probabilities(fast[rows], odds, facts)
            scores[rows] = mapped(found, self.second.threshold, self.threshold)
        alone = fast >= np.float32(self.alone)
        if review_only is not None:
            below = np.nextafter(np.float32(self.threshold), np.float32(0))
            scores[review_only] = np.minimum(scores[review_only], below)
            alone &= ~review_only
        return CascadeResult(
            scores=scores,
            blocked=scores >= np.float32(self.threshold),
            alone=alone,
            escalated=escalated,
        )


class HeadOdds:
    """Log odds of a head, each text encoded once."""

    def __init__(self, head: EncoderHead) -> None:
        self.head = head
        self._known: dict[str, float] = {}

    def of(self, texts: Sequence[str]) -> Float32s:
        """Return the log odds of *texts*."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            found = self.head.log_odds(ENCODED.of(new))
            self._known |= dict(zip(new, found.tolist(), strict=True))
        return np.array([self._known[text] for text in texts], np.float32)


def choose(rows: Sequence[LabelledText], fast: Float32s, heads: HeadOdds) -> tuple[Stages, float]:
    """Choose bands and thresholds on validation *rows*: of all that keep the budget, the best.

    The best is the one with the highest mean recall over the sources, which is returned besides;
    without a gain in recall there is no second stage.
    """
    budget = _Budget(rows)
    alone = budget.threshold(fast, budget.rows_for(1.0))
    strict = sorted({budget.threshold(fast, budget.rows_for(share)) for share in _SHARES})
    choices = [(threshold, threshold) for threshold in strict]
    choices += [(alone, top) for top in _TOPS if top > alone]
    links = np.full(len(rows), np.nan, np.float32)
    bands = [_from_score(fast[budget.public], threshold) for threshold, _ in choices]
    seen = np.flatnonzero(uncertain(fast, min(bands), max(top for _, top in choices)))
    odds = np.zeros(len(rows), np.float32)
    odds[seen] = heads.of([rows[n].text for n in seen.tolist()])
    links[seen] = _LINKS.of([rows[n].text for n in seen.tolist()])
    best, highest = Stages(threshold=alone, alone=alone, second=None), budget.recall(fast >= alone)
    for (threshold, top), from_score in zip(choices, bands, strict=True):
        band = np.flatnonzero(uncertain(fast, from_score, top))
        second = _fitted(budget, heads.head, band, (fast, odds, links), (from_score, top))
        if second is None:
            continue
        blocked = fast >= np.float32(top)
        facts = unknown_facts(len(band))._replace(link_odds=links[band])
        found = second.probabilities(fast[band], odds[band], facts)
        blocked[band] = found >= np.float32(second.threshold)
        if (recall := budget.recall(blocked)) > highest:
            best, highest = Stages(threshold=threshold, alone=alone, second=second), recall
    return best, highest


def unknown_facts(rows: int) -> TextFacts:
    """Return the facts of rows of which nothing is known."""
    return TextFacts(np.full(rows, np.nan, np.float32), np.full(rows, np.nan, np.float32))


def uncertain(fast: Float32s, from_score: float, threshold: float) -> Bools:
    """Return a mask of scores in the band."""
    within: Bools = (fast >= np.float32(from_score)) & (fast < np.float32(threshold))
    return within


def log_odds(scores: Float32s) -> Float32s:
    """Return the log odds of probabilities, kept finite."""
    clipped = np.clip(scores.astype(np.float64), 1e-9, 1 - 1e-7)
    found: Float32s = np.log(clipped / (1 - clipped)).astype(np.float32)
    return found


def mapped(found: Float32s, second: float, threshold: float) -> Float32s:
    """Return scores that reach *threshold* where *found* reaches that of the second stage."""
    edge = np.float32(threshold)
    reaches = found >= np.float32(second)
    below = np.minimum(threshold * found / second, np.nextafter(edge, np.float32(0)))
    above = threshold + (1 - threshold) * (found - second) / (1 - second)
    scores: Float32s = np.where(reaches, np.maximum(above, edge), below).astype(np.float32)
    return scores


class _Budget:
    """How many legitimate rows of each part may be blocked, and what is caught meanwhile."""

    def __init__(self, rows: Sequence[LabelledText]) -> None:
        sources = np.array([row.source for row in rows])
        ham = np.array([row.label == "ham" for row in rows])
        self.fraud = np.array([row.label == "fraud" for row in rows])
        self.clear = np.array([sum(row.allowed) == 1 for row in rows])
        self.public = ham & (sources != OWN)
        self._parts = logit_adjustment.budgets(rows)
        self._clusters = logit_adjustment.clusters_of(rows)
        cells = np.array([f"{row.source} {row.language}" for row in rows])
        of_source = [self.fraud & (cells == one) for one in np.unique(cells).tolist()]
        self._frauds = [part for part in of_source if part.sum() >= _FEW_FRAUDS]

    def rows_for(self, share: float) -> list[int]:
        """Return how many clusters of each part *share* of the budget is."""
        return [int(share * allowed + 0.5) for _, allowed in self._parts]

    def left(self, blocked: Bools) -> list[int]:
        """Return how many more clusters of each part may be blocked."""
        gone = [len(np.unique(self._clusters[blocked & part])) for part, _ in self._parts]
        pairs = zip(self._parts, gone, strict=True)
        return [max(allowed - spent, 0) for (_, allowed), spent in pairs]

    def threshold(
        self, scores: Float32s, allowed: Sequence[int], among: Bools | None = None
    ) -> float:
        """Return the lowest threshold that *allowed* clusters of each part may reach."""
        within = np.ones(len(scores), np.bool_) if among is None else among
        return max(
            _above(
                logit_adjustment.highest_of_clusters(scores, self._clusters, part & within), most
            )
            for (part, _), most in zip(self._parts, allowed, strict=True)
        )

    def recall(self, blocked: Bools) -> float:
        """Return the mean recall over the sources of fraud, each language apart."""
        return float(np.mean([blocked[part].mean() for part in self._frauds]))


def _fitted(
    budget: _Budget,
    head: EncoderHead,
    band: Int64s,
    known: tuple[Float32s, Float32s, Float32s],
    edges: tuple[float, float],
) -> Second | None:
    fast, odds, links = known
    clear = band[budget.clear[band]]
    if not 0 < budget.fraud[clear].sum() < len(clear):
        return None
    mean = (log_odds(fast[clear]) + odds[clear]) / 2
    slope, offset = calibration.fit_line(mean, budget.fraud[clear])
    if slope <= 0:
        return None
    slope, offset = round(slope, 6), round(offset, 6)
    weight = fitted_weight(slope * mean + offset, links[clear], budget.fraud[clear])
    second = Second(
        head=head,
        from_score=edges[0],
        to_score=edges[1],
        slope=slope,
        offset=offset,
        threshold=LOWEST,
        facts=FactWeights(link=weight, history=HISTORY_WEIGHT),
    )
    scores, among = np.zeros(len(fast), np.float32), np.zeros(len(fast), np.bool_)
    facts = unknown_facts(len(band))._replace(link_odds=links[band])
    scores[band], among[band] = second.probabilities(fast[band], odds[band], facts), True
    left = budget.left(fast >= np.float32(edges[1]))
    threshold = max(LOWEST, budget.threshold(scores, left, among))
    if threshold >= 1:
        return None
    return replace(second, threshold=threshold)


def _from_score(public: Float32s, threshold: float) -> float:
    below = public[public < np.float32(threshold)]
    return max(_above(below, int(len(public) * MOST_UNCERTAIN)), 1e-6)


def _above(scores: Float32s, allowed: int) -> float:
    if len(scores) <= allowed:
        return 0.0
    # Six places are what a card shows; rounding must not let the score in.
    return float(np.floor(float(np.sort(scores)[-1 - allowed]) * 1e6) + 2) / 1e6
