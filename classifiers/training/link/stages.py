"""Chooses the uncertain band and the threshold of the link cascade."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from classifiers.cascade import ScoreCombiner, in_uncertain_band
from classifiers.cascade_card import CascadeCard
from classifiers.evaluation.metrics import threshold_for
from classifiers.evaluation.risk_control import control_risk
from classifiers.link import url_columns
from classifiers.link.url_trees import ENCODER
from classifiers.training.link import calibration
from classifiers.training.link.data import UNVETTED, LabelledLinks
from fanzha.tables import Bools, Float32s, Int64s

MOST_UNCERTAIN = 0.1
"""Of legitimate links: a second stage takes ten times as long as the fast model."""
MOST_BLOCKED = 0.0001
"""Of legitimate links."""
TO_SCORE = 1.0
"""All links from the band on: of legitimate rows some score above 0.9999, and trees know better."""
FAST_WEIGHT = 0.2
"""Of four weights from 0 to 0.5, the one with the highest recall at 0.1 % of validation links."""
RULE = "links of all sources"
_PLACES = 6


class StageScores(NamedTuple):
    """What both stages say of some rows."""

    fast: Float32s
    fast_odds: Float32s
    """Log-odds of `fast`, finite ones."""
    odds: Float32s
    """Of the second stage."""

    def of(self, rows: Int64s | Bools) -> "StageScores":
        """Return those of some of the rows."""
        return StageScores(*(one[rows] for one in self))


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStages:
    """The second stage's table of the card, and the threshold of the whole."""

    about: CascadeCard
    threshold: float
    by_rule: Mapping[str, float]
    """What the threshold would be by each rule; it is that of `RULE`."""

    def scores(self, stages: StageScores) -> Float32s:
        """Return final scores, from both stages of all rows."""
        return final_scores(self.about, self.threshold, stages)


def choose(links: LabelledLinks, rows: Int64s, stages: StageScores, new: Bools) -> LinkStages:
    """Choose on *rows*; *stages* are their scores by models that were not fitted to them.

    *new* masks the rows that the fast model of the service was not trained on, which set the
    threshold.
    """
    malicious = links.malicious[rows]
    legitimate = stages.fast[~malicious & ~links.host_only[rows]]
    from_score = round(float(np.quantile(legitimate, 1 - MOST_UNCERTAIN)), _PLACES)
    band = (stages.fast >= np.float32(from_score)) & (stages.fast < np.float32(TO_SCORE))
    mean = FAST_WEIGHT * stages.fast_odds[band] + (1 - FAST_WEIGHT) * stages.odds[band]
    slope, offset = calibration.fit_line(mean, malicious[band])
    # A score of 0.5 at even odds: the map of scores is the identity, so one scale holds for all.
    about = CascadeCard(
        sha256="",
        from_score=from_score,
        to_score=TO_SCORE,
        slope=round(slope, _PLACES),
        offset=round(offset, _PLACES),
        fast_weight=FAST_WEIGHT,
        threshold=0.5,
        encoder=ENCODER,
        encoder_version=url_columns.REVISION,
    )
    scores = final_scores(about, 0.5, stages)
    by_rule = thresholds(links, rows, scores, new)
    threshold = by_rule[RULE]
    if threshold > 1:
        raise ValueError("legitimate links score 1: no threshold is above them")
    return LinkStages(
        about=replace(about, threshold=threshold), threshold=threshold, by_rule=by_rule
    )


def thresholds(
    links: LabelledLinks, rows: Int64s, scores: Float32s, new: Bools
) -> dict[str, float]:
    """Return what the threshold would be by each rule; `RULE` is the one that is shipped.

    *new* masks those of *rows* that the fast model was not trained on: their scores are as in
    service, while those of folds know less. By registered domain, all rows count, and those of one
    domain as one: that threshold holds with 95 % confidence, 1 means that none does.
    """
    legitimate = ~links.malicious[rows]
    vetted = legitimate & ~np.isin(links.sources[rows], UNVETTED)
    found = {RULE: threshold_for(scores[legitimate & new], MOST_BLOCKED)}
    if not vetted.any():  # a table of a site's own, perhaps
        return found
    surely = control_risk(
        scores[vetted],
        np.full(int(vetted.sum()), "legitimate"),
        links.domains[rows][vetted],
        rate=MOST_BLOCKED,
    )
    return found | {
        "links of vetted sources": threshold_for(scores[vetted & new], MOST_BLOCKED),
        "registered domains of vetted sources, with 95 % confidence": surely.threshold or 1.0,
    }


def final_scores(about: CascadeCard, threshold: float, stages: StageScores) -> Float32s:
    """Return the scores of the cascade."""
    band = in_uncertain_band(about, threshold, stages.fast)
    scores = stages.fast.copy()
    combiner = ScoreCombiner(about=about, threshold=threshold)
    scores[band] = combiner.scores(stages.fast_odds[band], stages.odds[band])
    return scores
