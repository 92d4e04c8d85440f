"""The fits of one training of the link cascade, all by one procedure.

What ships learns from all rows that may be trained on, the newest months among them. Each of these
rows is scored by models of other folds, which saw neither it nor its domain. Those scores are its
figures, and those of training and validation rows choose the thresholds. Sources that are never
trained on are scored as in service. Rounds, whose models are thrown away, leave out each source,
learn from fewer domains, and leave out the newest months. The result of each fit can be kept.
"""

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.evaluation.metrics import auc, recall_at
from classifiers.training.checkpoints import NO_CHECKPOINTS, Checkpoints
from classifiers.training.link import report, stages
from classifiers.training.link.cascade_fit import CascadeTraining, FittedCascade
from classifiers.training.link.data import LabelledLinks, Splits
from classifiers.training.link.stages import LinkStages, StageScores
from fanzha.tables import Bools, Float32s, Int64s

ROUNDS = ("sources", "shares", "newest")
"""Without each source, of a share of the domains, and without the newest months."""
LEFT_OUT_ROUNDS = 2
"""Each source is left out of both stages in one of them, half of all at a time."""
LEARNING_SHARES = (0.25, 0.5, 1.0)
"""Of the registered domains of the training rows, for the learning curve."""
_NOTHING: Int64s = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFits:
    """What all fits of a training gave."""

    shipped: FittedCascade
    stages: LinkStages
    chosen_on: Int64s
    """The rows that chose band and thresholds."""
    fast: Float32s
    """Scores of the fast model alone, of each row as a new one."""
    scores: Float32s
    """Of both stages, likewise."""
    newest: Sequence[dict[str, object]]
    left_out: Sequence[dict[str, object]]
    learning: Sequence[dict[str, float]]


def run(
    training: CascadeTraining,
    sources: Sequence[str] = (),
    *,
    rounds: Collection[str] = ROUNDS,
    checkpoints: Checkpoints = NO_CHECKPOINTS,
) -> LinkFits:
    """Fit everything; each of *sources*, a site's own, is left out by itself.

    *rounds* are those of `ROUNDS` to make; there are figures of these only.
    """
    shipped = checkpoints.objects(
        "shipped", lambda: training.fit("shipped", all_rows(training.setup.splits), _NOTHING)
    )
    chosen_on = choosing_rows(training.setup.links, training.setup.splits)
    crossed = shipped.crossed_scores().of(np.searchsorted(shipped.rows, chosen_on))
    chosen = stages.choose(training.setup.links, chosen_on, crossed)
    fast, scores = _as_new(training, shipped, chosen)
    measured = _Rounds(training, chosen, checkpoints)
    return LinkFits(
        shipped=shipped,
        stages=chosen,
        chosen_on=chosen_on,
        fast=fast,
        scores=scores,
        left_out=measured.without_sources(sources, public="sources" in rounds),
        learning=measured.with_shares() if "shares" in rounds else [],
        newest=measured.without_newest() if "newest" in rounds else [],
    )


def choosing_rows(links: LabelledLinks, splits: Splits) -> Int64s:
    """Return the rows, in order, that choose band and thresholds: none that anything is tested on.

    A site's examples are no sample, so they are not among them.
    """
    rows = np.sort(np.concatenate([splits.train, splits.validation]))
    return rows[~np.isin(rows, np.fromiter(links.examples, np.int64, len(links.examples)))]


def left_out_rounds(
    links: LabelledLinks, splits: Splits, sources: Sequence[str] = ()
) -> list[tuple[str, ...]]:
    """Deal the sources of training rows, but *sources*, to rounds.

    Of each label the largest come first; one with both labels goes with its malicious rows.
    """
    hands: list[list[str]] = [[] for _ in range(LEFT_OUT_ROUNDS)]
    for is_malicious in (True, False):
        rows = splits.train[links.malicious[splits.train] == is_malicious]
        names, counts = np.unique(links.sources[rows], return_counts=True)
        dealt = {*sources, *(name for hand in hands for name in hand)}
        order = [names[at] for at in np.argsort(-counts, kind="stable").tolist()]
        for place, name in enumerate(one for one in order if one not in dealt):
            hands[place % LEFT_OUT_ROUNDS].append(str(name))
    return [tuple(hand) for hand in hands if hand]


def all_rows(splits: Splits) -> Int64s:
    """Return the rows that the shipped cascade learns from."""
    parts = (splits.train, splits.validation, splits.test, splits.later)
    return np.sort(np.concatenate(parts))


def rows_apart(splits: Splits) -> Int64s:
    """Return the rows that are never learnt from."""
    return np.concatenate([splits.unseen, splits.gambling, splits.examples])


def _as_new(
    training: CascadeTraining, shipped: FittedCascade, chosen: LinkStages
) -> tuple[Float32s, Float32s]:
    """Return scores of the fast model and of both stages, each row's by models it is new to."""
    apart = rows_apart(training.setup.splits)
    known = np.unique(training.setup.links.domains[shipped.rows])
    apart = apart[~np.isin(training.setup.links.domains[apart], known)]
    found = np.full((2, len(training.setup.links)), np.nan, np.float32)
    served = training.scores_as_served(shipped, apart)
    for rows, stage in ((shipped.rows, shipped.crossed_scores()), (apart, served)):
        found[:, rows] = stage.fast, chosen.scores(stage)
    return found[0], found[1]


@dataclass(frozen=True, slots=True)
class _Rounds:
    """Fits whose models are thrown away, measured by the bundle's band and thresholds.

    What is kept of a round are scores of both stages, so another threshold needs no other fit.
    """

    training: CascadeTraining
    chosen: LinkStages
    checkpoints: Checkpoints

    def without_sources(self, sources: Sequence[str], *, public: bool) -> list[dict[str, object]]:
        """Leave out each of *sources* by itself, and the *public* ones in `left_out_rounds`."""
        setup = self.training.setup
        dealt = left_out_rounds(setup.links, setup.splits, sources) if public else []
        return [
            row for names in [*dealt, *((one,) for one in sources)] for row in self._without(names)
        ]

    def with_shares(self) -> list[dict[str, float]]:
        """Return the learning curve: figures of the links of the validation rows."""
        links, splits = self.training.setup.links, self.training.setup.splits
        measured = splits.validation[~links.host_only[splits.validation]]
        chance = np.random.default_rng(self.training.setup.seed)
        drawn = chance.random(int(links.domains.max()) + 1)[links.domains[splits.train]]
        points = []
        for share in LEARNING_SHARES:
            rows = splits.train[drawn < share]
            found = self._scores(f"{share:.0%} of the domains", rows, measured)
            points.append(learning_point(found, links.malicious[measured], len(rows)))
        return points

    def without_newest(self) -> list[dict[str, object]]:
        """Fit without test rows and the newest months; return figures of these months."""
        links, splits = self.training.setup.links, self.training.setup.splits
        before = np.sort(np.concatenate([splits.train, splits.validation]))
        benign = splits.test[~links.malicious[splits.test]]
        later = np.concatenate([benign, splits.later])
        later = later[~np.isin(links.domains[later], np.unique(links.domains[before]))]
        scores = self._scores("without the newest months", before, later)
        tables = {"links": ~links.host_only[later], "bare hosts": links.host_only[later]}
        return [
            {
                "table": name,
                "threshold": self.chosen.threshold,
                **report.compare(scores[of], links.malicious[later[of]], self.chosen.threshold),
            }
            for name, of in tables.items()
            if 0 < links.malicious[later[of]].sum() < of.sum()
        ]

    def _without(self, names: Sequence[str]) -> list[dict[str, object]]:
        """Fit without some sources; return what of their rows reaches the thresholds."""
        links, splits = self.training.setup.links, self.training.setup.splits
        known = ~np.isin(links.sources, names)
        apart = np.concatenate([splits.test, splits.later, splits.examples])
        apart = apart[~known[apart]]
        train = splits.train[known[splits.train]]
        scores = np.full(len(links), np.nan, np.float32)
        scores[apart] = self._scores(f"without {', '.join(names)}", train, apart)
        blocked = report.by_source(links, apart, scores, self.chosen.threshold)
        reviewed = report.by_source(links, apart, scores, self.chosen.review_threshold)
        return [
            {**row, "blocked_or_reviewed": wider["blocked"]}
            for row, wider in zip(blocked, reviewed, strict=True)
        ]

    def _scores(self, title: str, rows: Int64s, others: Int64s) -> Float32s:
        """Fit both stages on *rows*, and return what they say of *others*."""

        def fitted() -> StageScores:
            sys.stderr.write(f"round: {title}\n")
            found = self.training.fit(title, rows, others, crosses=False)
            return self.training.scores(found, others)

        return self.chosen.scores(self.checkpoints.objects(title, fitted))


def learning_point(scores: Float32s, malicious: Bools, rows: int) -> dict[str, float]:
    """Return a point of the learning curve."""
    return {
        "rows": rows,
        "AUC": round(auc(scores, malicious), 4),
        **{
            f"recall at {name} %": round(recall_at(scores, malicious, rate), 4)
            for name, rate in report.RATES.items()
        },
    }
