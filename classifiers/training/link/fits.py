"""The fits of one training of the link cascade.

There is one fast model, trained on the training rows. The *measured* second stage is fitted on the
same rows, so that all other rows are new to both. The *shipped* one is fitted in the same way on
all rows that may be trained on, the newest months among them: what it does on new rows is measured
by folds, and on sources that are never trained on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from classifiers.training.link import forked, stages
from classifiers.training.link.cascade_fit import CascadeTraining, DescribedRows, FittedCascade
from classifiers.training.link.data import Splits
from classifiers.training.link.network import LinkNetwork
from classifiers.training.link.stages import LinkStages
from fanzha.tables import Float32s, Int64s

LEFT_OUT = (
    ("jpcert", "wener_zh", "phishtank2020", "ebbu2017"),
    ("tweetfeed", "goldminer_zh", "polkadot", "tranco2026"),
    ("urlhaus2026", "openaddresses", "jarelllama", "chinalist"),
)
"""Sources left out of training and threshold, four at a time to save rounds."""
LEARNING_SHARES = (0.25, 0.5)
"""Of the registered domains, for the learning curve; all of them is the model itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFits:
    """What all fits of a training gave."""

    network: LinkNetwork
    calibration: dict[str, float]
    """How the network's scores were calibrated, and how far off they were before."""
    described: DescribedRows
    measured: FittedCascade
    shipped: FittedCascade
    left_out: Sequence[dict[str, object]]
    """Of the fast model."""
    learning: Sequence[dict[str, float]]
    """Points of its learning curve."""


def run(training: CascadeTraining, sources: Sequence[str]) -> LinkFits:
    """Fit all; each of *sources* is left out of the fast model once, besides `LEFT_OUT`."""
    setup, splits = training.setup, training.setup.splits
    network = setup.fit("training rows", splits.train)
    calibration = setup.calibrate(network, splits.validation)
    described = training.describe(network, splits.train, rows_apart(splits))
    without = [*LEFT_OUT, *((source,) for source in sources)]
    work: list[Callable[[], Any]] = [
        *(partial(setup.without, names) for names in without),
        *(partial(setup.with_share, share) for share in LEARNING_SHARES),
    ]
    found = forked.run_all(work, training.jobs)
    return LinkFits(
        network=network,
        calibration=calibration,
        described=described,
        measured=training.fit(described, "measured", splits.train),
        shipped=training.fit(described, "shipped", all_rows(splits)),
        left_out=[row for rows in found[: len(without)] for row in rows],
        learning=[*found[len(without) :], setup.learned(network, len(splits.train))],
    )


def all_rows(splits: Splits) -> Int64s:
    """Return the rows that the shipped second stage is fitted on."""
    parts = (splits.train, splits.validation, splits.test, splits.later)
    return np.sort(np.concatenate(parts))


def rows_apart(splits: Splits) -> Int64s:
    """Return the rows that the fast model and the measured second stage are not fitted on."""
    parts = (splits.validation, splits.test, splits.later, splits.unseen, splits.gambling)
    return np.concatenate([*parts, splits.examples])


def choose(training: CascadeTraining, fitted: FittedCascade) -> LinkStages:
    """Choose band and threshold on the rows of *fitted*, scored as new ones."""
    return stages.choose(training.setup.links, fitted.rows, fitted.crossed)


def measured_scores(training: CascadeTraining, found: LinkFits, chosen: LinkStages) -> Float32s:
    """Return the measured cascade's score of each row it was not fitted on, NaN for others."""
    scores = np.full(len(training.setup.links), np.nan, np.float32)
    rows = rows_apart(training.setup.splits)
    scores[rows] = chosen.scores(training.scores(found.measured, found.described, rows))
    return scores
