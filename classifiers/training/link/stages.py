"""Chooses the uncertain band and the threshold of the link cascade."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from classifiers.cascade import ScoreCombiner, in_uncertain_band
from classifiers.cascade_card import CascadeCard
from classifiers.evaluation.metrics import threshold_for
from classifiers.evaluation.risk_control import RiskControl, control_risk
from classifiers.link import url_columns
from classifiers.link.url_trees import ENCODER
from classifiers.training.link import calibration
from classifiers.training.link.data import UNVETTED, LabelledLinks
from fanzha.tables import Bools, Float32s, Int64s

MOST_UNCERTAIN = 0.1
"""Of legitimate links: a second stage takes ten times as long as the fast model."""
MOST_BLOCKED, MOST_REVIEWED = 0.0001, 0.001
"""Of legitimate links, and of legitimate bare hosts."""
TO_SCORE = 1.0
"""All links from the band on: of legitimate rows some score above 0.9999, and trees know better."""
FAST_WEIGHT = 0.2
"""Of four weights from 0 to 0.5, the one with the highest recall at 0.1 % of validation links."""
RULE = "links and bare hosts, those of a host and folder once"
_PLACES = 6
_LEAST_OF_A_KIND = 5


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
    """The second stage's table of the card, and the thresholds of the whole."""

    about: CascadeCard
    threshold: float
    review_threshold: float
    """From here to `threshold` a person is to judge; on few rows both may be the same."""
    promise: RiskControl
    """What `threshold` promises."""
    by_rule: Mapping[str, float]
    """What the threshold would be by each rule; it is that of `RULE`."""

    def scores(self, stages: StageScores) -> Float32s:
        """Return final scores, from both stages of all rows."""
        return final_scores(self.about, self.threshold, stages)


def _fitted_line(odds: Float32s, malicious: Bools) -> tuple[float, float]:
    """Return slope and offset of the band's probabilities; those that change nothing for too few.

    In tables of a few hundred rows a band may hold no row, or only one kind of them.
    """
    if min(np.count_nonzero(malicious), np.count_nonzero(~malicious)) < _LEAST_OF_A_KIND:
        return 1.0, 0.0
    return calibration.fit_line(odds, malicious)


def choose(links: LabelledLinks, rows: Int64s, stages: StageScores) -> LinkStages:
    """Choose on *rows*; *stages* are their scores by models that were not fitted to them."""
    malicious = links.malicious[rows]
    legitimate = stages.fast[~malicious & ~links.host_only[rows]]
    # On few rows the quantile may round to 0, which no band begins at.
    from_score = max(
        round(float(np.quantile(legitimate, 1 - MOST_UNCERTAIN)), _PLACES), 10.0**-_PLACES
    )
    band = (stages.fast >= np.float32(from_score)) & (stages.fast < np.float32(TO_SCORE))
    mean = FAST_WEIGHT * stages.fast_odds[band] + (1 - FAST_WEIGHT) * stages.odds[band]
    slope, offset = _fitted_line(mean, malicious[band])
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
    promise = control(links, rows, scores)
    if promise.threshold is None:
        raise ValueError("legitimate links score 1: no threshold is above them")
    return LinkStages(
        about=replace(about, threshold=promise.threshold),
        threshold=promise.threshold,
        review_threshold=min(review_threshold(links, rows, scores), promise.threshold),
        promise=promise,
        by_rule={
            RULE: promise.threshold,
            "the same of vetted sources": _vetted(links, rows, scores),
            "links and bare hosts, those of a domain once": _by_domain(links, rows, scores),
        },
    )


def control(links: LabelledLinks, rows: Int64s, scores: Float32s) -> RiskControl:
    """Return the threshold that keeps the rate of links and of bare hosts, and what it promises.

    Links to one host that agree in the first folder of their paths are near-duplicates.
    """
    legitimate = ~links.malicious[rows]
    return _controlled(
        links, rows[legitimate], scores[legitimate], _folders(links, rows[legitimate])
    )


def review_threshold(links: LabelledLinks, rows: Int64s, scores: Float32s) -> float:
    """Return the score that `MOST_REVIEWED` of legitimate links, and of bare hosts, reach."""
    legitimate, host_only = ~links.malicious[rows], links.host_only[rows]
    tables = [legitimate & host_only, legitimate & ~host_only]
    return max(threshold_for(scores[one], MOST_REVIEWED) for one in tables if one.any())


def _vetted(links: LabelledLinks, rows: Int64s, scores: Float32s) -> float:
    vetted = ~links.malicious[rows] & ~np.isin(links.sources[rows], UNVETTED)
    return (
        _controlled(links, rows[vetted], scores[vetted], _folders(links, rows[vetted])).threshold
        or 1.0
    )


def _by_domain(links: LabelledLinks, rows: Int64s, scores: Float32s) -> float:
    legitimate = ~links.malicious[rows]
    domains = links.domains[rows[legitimate]]
    return _controlled(links, rows[legitimate], scores[legitimate], domains).threshold or 1.0


def _controlled(
    links: LabelledLinks, rows: Int64s, scores: Float32s, clusters: Int64s
) -> RiskControl:
    tables = np.where(links.host_only[rows], "bare hosts", "links")
    return control_risk(scores, tables, clusters, rate=MOST_BLOCKED)


def _folders(links: LabelledLinks, rows: Int64s) -> Int64s:
    """Return a number for each host with the first folder of a path."""
    numbers: dict[str, int] = {}
    places = (host_and_folder(links.urls[row]) for row in rows.tolist())
    return np.fromiter((numbers.setdefault(one, len(numbers)) for one in places), np.int64)


def host_and_folder(url: str) -> str:
    """Return the host of a canonical URL, without ``www.``, and the first folder of its path."""
    host, _, path = url.partition("://")[2].partition("/")
    folder, slash, _ = path.partition("?")[0].partition("/")
    return f"{host.removeprefix('www.')}/{folder if slash else ''}"


def final_scores(about: CascadeCard, threshold: float, stages: StageScores) -> Float32s:
    """Return the scores of the cascade."""
    band = in_uncertain_band(about, threshold, stages.fast)
    scores = stages.fast.copy()
    combiner = ScoreCombiner(about=about, threshold=threshold)
    scores[band] = combiner.scores(stages.fast_odds[band], stages.odds[band])
    return scores
