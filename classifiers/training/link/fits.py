"""The fits of one training of the link cascade, some at a time in processes of their own.

The *measured* cascade is fitted on the training rows alone, and all other rows are new to it. The
*shipped* one is fitted in the same way on all rows that may be trained on: what it does on new rows
is measured by folds, and on sources that are never trained on.
"""

import multiprocessing
import pickle
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from classifiers.training.link import report, stages
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
    _shared[:] = [training]
    # Forked, so that the rows are read and described once.
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
        shipped = pool.submit(_run, _cascade, "shipped", all_rows(splits))
        measured = pool.submit(_run, _cascade, "measured", splits.train)
        without = [*LEFT_OUT, *((source,) for source in sources)]
        left_out = [pool.submit(_run, _left_out, names) for names in without]
        learning = [pool.submit(_run, _learned, share) for share in LEARNING_SHARES]
        return LinkFits(
            measured=pickle.loads(measured.result()),  # noqa: S301 - our own process wrote it
            shipped=pickle.loads(shipped.result()),  # noqa: S301
            left_out=[row for one in left_out for row in pickle.loads(one.result())],  # noqa: S301
            learning=[pickle.loads(one.result()) for one in learning],  # noqa: S301
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


_shared: list[CascadeTraining] = []
"""What forked processes need, set before they start."""


def _run(work: Callable[..., Any], *arguments: Any) -> bytes:
    # Pickled here: torch would pass tensors by descriptors of a process that may have ended.
    return pickle.dumps(work(_shared[0], *arguments))


def _cascade(training: CascadeTraining, title: str, rows: Int64s) -> FittedCascade:
    fitted = training.fit(title, rows)
    sys.stderr.write(f"{title}: fitted\n")
    return fitted


def _left_out(training: CascadeTraining, names: tuple[str, ...]) -> list[dict[str, object]]:
    """Fit without some sources; return what of their test rows is blocked."""
    links, splits = training.setup.links, training.setup.splits
    known = ~np.isin(links.sources, names)
    fitted = training.fit(f"without {', '.join(names)}", splits.train[known[splits.train]])
    chosen = choose(training, fitted)
    test = np.concatenate([splits.test, splits.later, splits.examples])
    test = test[~known[test]]
    found = scores(training, fitted, chosen, test)
    sys.stderr.write(f"without {', '.join(names)}: measured\n")
    return report.by_source(links, test, found, chosen.threshold)


def _learned(training: CascadeTraining, share: float) -> dict[str, float]:
    return training.setup.with_share(share)
