"""The fits of one training of the link cascade.

The *measured* cascade is fitted on the training rows alone, and all other rows are new to it. The
*shipped* one is fitted in the same way on all rows that may be trained on: what it does on new rows
is measured by folds, and on sources that are never trained on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from classifiers.training.link import forked, report, stages
from classifiers.training.link.cascade_fit import CascadeTraining, FittedCascade
from classifiers.training.link.data import Splits
from classifiers.training.link.stages import LinkStages
from fanzha.tables import Float32s, Int64s

LEFT_OUT = (("tweetfeed", "globalantiscam", "hackernews2016", "universities"),)
"""Sources left out of training and threshold, four at a time to save rounds."""
LEARNING_SHARES = (0.25, 0.5)
"""Of the registered domains, for the learning curve of the fast model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFits:
    """What all fits of a training gave."""

    measured: FittedCascade
    shipped: FittedCascade
    left_out: Sequence[dict[str, object]]
    learning: Sequence[dict[str, float]]


def run(training: CascadeTraining, sources: Sequence[str], jobs: int) -> LinkFits:
    """Fit all, *jobs* at a time; each of *sources* is left out, besides `LEFT_OUT`."""
    splits = training.setup.splits
    without = [*LEFT_OUT, *((source,) for source in sources)]
    work: list[Callable[[], Any]] = [
        partial(training.fit, "shipped", all_rows(splits)),
        partial(training.fit, "measured", splits.train),
        *(partial(_left_out, training, names) for names in without),
        *(partial(training.setup.with_share, share) for share in LEARNING_SHARES),
    ]
    shipped, measured, *others = forked.run_all(work, jobs)
    left_out, learning = others[: len(without)], others[len(without) :]
    return LinkFits(
        measured=measured,
        shipped=shipped,
        left_out=[row for rows in left_out for row in rows],
        learning=learning,
    )


def all_rows(splits: Splits) -> Int64s:
    """Return the rows that the shipped cascade is fitted on."""
    return np.sort(np.concatenate([splits.train, splits.validation, splits.test, splits.later]))


def choose(training: CascadeTraining, fitted: FittedCascade) -> LinkStages:
    """Choose band and threshold on the rows of *fitted*, scored as new ones."""
    return stages.choose(training.setup.links, fitted.rows, fitted.crossed)


def scores(
    training: CascadeTraining, fitted: FittedCascade, chosen: LinkStages, rows: Int64s
) -> Float32s:
    """Return the final score of each of *rows*, NaN for all others."""
    found = np.full(len(training.setup.links), np.nan, np.float32)
    if len(rows):
        found[rows] = chosen.scores(training.scores(fitted, rows))
    return found


def _left_out(training: CascadeTraining, names: tuple[str, ...]) -> list[dict[str, object]]:
    """Fit without some sources; return what of their test rows is blocked."""
    links, splits = training.setup.links, training.setup.splits
    known = ~np.isin(links.sources, names)
    fitted = training.fit(f"without {', '.join(names)}", splits.train[known[splits.train]])
    chosen = choose(training, fitted)
    test = np.concatenate([splits.test, splits.later, splits.examples])
    test = test[~known[test]]
    found = scores(training, fitted, chosen, test)
    return report.by_source(links, test, found, chosen.threshold)
