"""The fits of one training of the link cascade, all by one procedure.

What ships learns from all rows that may be trained on, the newest months among them. Each of these
rows is scored by models of other folds, which saw neither it nor its domain: those scores choose
the thresholds, and are its figures. Sources that are never trained on are scored as in service.
Rounds, whose models are thrown away, leave out the newest months, and each source.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.training.link import report, stages
from classifiers.training.link.cascade_fit import CascadeTraining, FittedCascade
from classifiers.training.link.data import LabelledLinks, Splits
from classifiers.training.link.stages import LinkStages
from fanzha.tables import Float32s, Int64s

LEFT_OUT_ROUNDS = 2
"""Each source is left out of both stages in one of them, half of all at a time."""
LEARNING_SHARES = (0.5, 1.0)
"""Of the registered domains of the training rows, for the learning curve."""
_NOTHING: Int64s = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFits:
    """What all fits of a training gave."""

    shipped: FittedCascade
    stages: LinkStages
    fast: Float32s
    """Scores of the fast model alone, of each row as a new one."""
    scores: Float32s
    """Of both stages, likewise."""
    newest: Sequence[dict[str, object]]
    left_out: Sequence[dict[str, object]]
    learning: Sequence[dict[str, float]]


def run(training: CascadeTraining, sources: Sequence[str] = (), *, rounds: bool = True) -> LinkFits:
    """Fit everything; each of *sources*, a site's own, is left out by itself.

    Without *rounds* neither months nor sources are left out, and there is no learning curve.
    """
    shipped = training.fit("shipped", all_rows(training.setup.splits), _NOTHING)
    return with_rounds(training, shipped, sources, rounds=rounds)


def with_rounds(
    training: CascadeTraining, shipped: FittedCascade, sources: Sequence[str], *, rounds: bool
) -> LinkFits:
    """Choose thresholds of *shipped*, score what is new to it, and fit the rounds."""
    setup, splits = training.setup, training.setup.splits
    chosen = stages.choose(setup.links, shipped.rows, shipped.crossed_scores())
    fast, scores = _as_new(training, shipped, chosen)
    dealt = left_out_rounds(setup.links, splits, sources) if rounds else []
    shares = LEARNING_SHARES if rounds else ()
    return LinkFits(
        shipped=shipped,
        stages=chosen,
        fast=fast,
        scores=scores,
        newest=_without_newest(training, chosen) if rounds else [],
        left_out=[
            row
            for names in [*dealt, *((one,) for one in sources)]
            for row in _without(training, chosen, names)
        ],
        learning=[setup.with_share(share) for share in shares],
    )


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


def _without_newest(training: CascadeTraining, chosen: LinkStages) -> list[dict[str, object]]:
    """Fit without test rows and the newest months; return figures of these months."""
    links, splits = training.setup.links, training.setup.splits
    before = np.sort(np.concatenate([splits.train, splits.validation]))
    benign = splits.test[~links.malicious[splits.test]]
    later = np.concatenate([benign, splits.later])
    later = later[~np.isin(links.domains[later], np.unique(links.domains[before]))]
    fitted = training.fit("without the newest months", before, later, crosses=False)
    scores = chosen.scores(training.scores(fitted, later))
    tables = {"links": ~links.host_only[later], "bare hosts": links.host_only[later]}
    return [
        {"table": name, **report.compare(scores[of], links.malicious[later[of]], chosen.threshold)}
        for name, of in tables.items()
        if 0 < links.malicious[later[of]].sum() < of.sum()
    ]


def _without(
    training: CascadeTraining, chosen: LinkStages, names: Sequence[str]
) -> list[dict[str, object]]:
    """Fit without some sources; return what of their rows reaches the thresholds of *chosen*."""
    sys.stderr.write(f"without {', '.join(names)}\n")
    links, splits = training.setup.links, training.setup.splits
    known = ~np.isin(links.sources, names)
    apart = np.concatenate([splits.test, splits.later, splits.examples])
    apart = apart[~known[apart]]
    train = splits.train[known[splits.train]]
    fitted = training.fit("left out", train, apart, crosses=False)
    scores = np.full(len(links), np.nan, np.float32)
    scores[apart] = chosen.scores(training.scores(fitted, apart))
    blocked = report.by_source(links, apart, scores, chosen.threshold)
    reviewed = report.by_source(links, apart, scores, chosen.review_threshold)
    return [
        {**row, "blocked_or_reviewed": wider["blocked"]}
        for row, wider in zip(blocked, reviewed, strict=True)
    ]
