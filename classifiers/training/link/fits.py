"""The fits of one training of the link cascade.

There is one fast model, trained on the training rows. The *measured* second stage is fitted on the
same rows, so that all other rows are new to both. The *shipped* one is fitted in the same way on
all rows that may be trained on, the newest months among them: what it does on new rows is measured
by folds, and on sources that are never trained on.
"""

from dataclasses import dataclass

import numpy as np

from classifiers.training.link import stages
from classifiers.training.link.cascade_fit import CascadeTraining, DescribedRows, FittedCascade
from classifiers.training.link.data import Splits
from classifiers.training.link.fast_model import FastModel
from classifiers.training.link.stages import LinkStages
from fanzha.tables import Float32s, Int64s


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFits:
    """What all fits of a training gave."""

    fast: FastModel
    described: DescribedRows
    measured: FittedCascade
    shipped: FittedCascade


def run(training: CascadeTraining, fast: FastModel) -> LinkFits:
    """Fit the second stages of *fast*."""
    splits = training.setup.splits
    described = training.describe(fast, splits.train, rows_apart(splits))
    return LinkFits(
        fast=fast,
        described=described,
        measured=training.fit(described, "measured", splits.train),
        shipped=training.fit(described, "shipped", all_rows(splits)),
    )


def all_rows(splits: Splits) -> Int64s:
    """Return the rows that the shipped second stage is fitted on."""
    parts = (splits.train, splits.validation, splits.test, splits.later)
    return np.sort(np.concatenate(parts))


def rows_apart(splits: Splits) -> Int64s:
    """Return the rows that the fast model and the measured second stage are not fitted on."""
    parts = (splits.validation, splits.test, splits.later, splits.unseen, splits.gambling)
    return np.concatenate([*parts, splits.examples])


def choose_shipped(training: CascadeTraining, found: LinkFits) -> LinkStages:
    """Choose band and threshold of the shipped cascade, on its rows scored as new ones."""
    rows = found.shipped.rows
    new = ~np.isin(rows, training.setup.splits.train)
    return stages.choose(training.setup.links, rows, found.shipped.crossed, new)


def choose_measured(training: CascadeTraining, found: LinkFits) -> LinkStages:
    """Choose those of the measured one, on the validation rows."""
    rows = training.setup.splits.validation
    of_rows = training.scores(found.measured, found.described, rows)
    return stages.choose(training.setup.links, rows, of_rows, np.ones(len(rows), np.bool_))


def measured_scores(training: CascadeTraining, found: LinkFits, chosen: LinkStages) -> Float32s:
    """Return the measured cascade's score of each row it was not fitted on, NaN for others."""
    scores = np.full(len(training.setup.links), np.nan, np.float32)
    rows = rows_apart(training.setup.splits)
    scores[rows] = chosen.scores(training.scores(found.measured, found.described, rows))
    return scores
