"""Chooses the uncertain band and the threshold of the link cascade on validation rows."""

from dataclasses import dataclass, replace

import numpy as np

from classifiers.cascade import ScoreCombiner, in_uncertain_band
from classifiers.cascade_card import CascadeCard
from classifiers.evaluation.metrics import threshold_for
from classifiers.link import url_columns
from classifiers.link.url_trees import ENCODER
from classifiers.training.bundle_writer import budget_threshold
from classifiers.training.link import calibration
from classifiers.training.link.data import LabelledLinks
from fanzha.tables import Float32s, Int64s

MOST_UNCERTAIN = 0.1
"""Of legitimate validation links: a second stage takes ten times as long as the fast model."""
MOST_BLOCKED = 0.0001
"""Of all legitimate validation rows, besides the budget of each source."""
TO_SCORE = 0.9999
"""Links from here on are blocked by the fast model alone: its mistakes are among the lower ones."""
FAST_WEIGHT = 0.2
"""Of four weights from 0 to 0.5, the one with the highest recall at 0.1 % of validation links."""
_PLACES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStages:
    """The second stage's table of the card, and the threshold of the whole."""

    about: CascadeCard
    threshold: float
    threshold_set_by: str

    def scores(self, fast: Float32s, fast_odds: Float32s, odds: Float32s) -> Float32s:
        """Return final scores, from both stages of all rows."""
        return final_scores(self.about, self.threshold, (fast, fast_odds, odds))


def choose(
    links: LabelledLinks, rows: Int64s, stages: tuple[Float32s, Float32s, Float32s]
) -> LinkStages:
    """Choose on validation *rows*; *stages* are fast scores and log-odds of both stages of each."""
    fast, fast_odds, odds = stages
    malicious = links.malicious[rows]
    legitimate = fast[~malicious & ~links.host_only[rows]]
    from_score = round(float(np.quantile(legitimate, 1 - MOST_UNCERTAIN)), _PLACES)
    band = (fast >= np.float32(from_score)) & (fast < np.float32(TO_SCORE))
    mean = FAST_WEIGHT * fast_odds[band] + (1 - FAST_WEIGHT) * odds[band]
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
    threshold, set_by = budget_threshold(scores, malicious, links.sources[rows])
    of_all = threshold_for(scores[~malicious], MOST_BLOCKED)
    if of_all > threshold:
        threshold, set_by = of_all, "all sources as one"
    return LinkStages(
        about=replace(about, threshold=threshold), threshold=threshold, threshold_set_by=set_by
    )


def final_scores(
    about: CascadeCard, threshold: float, stages: tuple[Float32s, Float32s, Float32s]
) -> Float32s:
    """Return the scores of the cascade; its arguments are as for `choose`."""
    fast, fast_odds, odds = stages
    band = in_uncertain_band(about, threshold, fast)
    scores = fast.copy()
    combiner = ScoreCombiner(about=about, threshold=threshold)
    scores[band] = combiner.scores(fast_odds[band], odds[band])
    return scores
