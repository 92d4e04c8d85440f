"""Fits the second stage of the link cascade, and scores its training rows as new ones.

The trees read the fast model's log-odds, which are too good on rows that it was trained on; rates
of words and letters are, too. So the training rows are cut into folds by registrable domain, and
each gets the log-odds and the rates of models that saw neither it nor its domain (stacked
generalization, Wolpert 1992). All other rows are new to the fast model anyway. The trees are
fitted in folds once more, so that each of their rows has scores of both stages as a new row would
get them: the threshold is chosen on those, and no row is kept back for that.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from classifiers.link import url_columns
from classifiers.link.classifier import log_odds
from classifiers.link.url_statistics import UrlStatistics
from classifiers.training.link import forked, trees, url_rates
from classifiers.training.link import network as link_network
from classifiers.training.link.calibration import Calibration
from classifiers.training.link.fast_model import FastModel
from classifiers.training.link.rounds import LinkTrainingSetup, row_weights
from classifiers.training.link.stages import StageScores
from classifiers.training.link.trees import TreeSettings
from classifiers.training.link.url_rates import UrlWords
from fanzha.tables import Float32s, Int64s

FOLDS = 3
FOLD_SEED = 5
"""Apart from the training's seed, so that folds stay when that changes."""


class DescribedRows(NamedTuple):
    """All rows as new ones: by models of other folds, or of all training rows for the others."""

    fast: Float32s
    """Calibrated scores."""
    columns: Float32s
    """`url_columns.NAMES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedCascade:
    """A second stage, and what it says of its training rows when those are new."""

    trees: Any
    """scikit-learn's."""
    statistics: UrlStatistics
    rows: Int64s
    crossed: StageScores
    """Of `rows`, each by trees of the other folds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeTraining:
    """Shared by all fits of one training."""

    setup: LinkTrainingSetup
    words: UrlWords
    settings: TreeSettings
    jobs: int = 1
    """Parts of one fit at a time, each in a process of its own."""

    def describe(self, model: FastModel, train: Int64s, others: Int64s) -> DescribedRows:
        """Describe *train*, which the fast *model* was trained on, and *others*."""
        links, fold_of = self.setup.links, self._fold_of(train)
        work = [
            partial(
                self._describe_fold,
                model.calibration,
                train[fold_of != fold],
                train[fold_of == fold],
            )
            for fold in range(FOLDS)
        ]
        by_fold = forked.run_all(work, self.jobs)
        fast = np.full(len(links), np.nan, np.float32)
        columns = np.full((len(links), len(url_columns.NAMES)), np.nan, np.float32)
        for fold, found in enumerate(by_fold):
            fast[train[fold_of == fold]], columns[train[fold_of == fold]] = found
        fast[others] = model.scores(others)
        columns[others] = self._columns(others, url_rates.compute(self.words, links, train))
        return DescribedRows(fast, columns)

    def fit(self, described: DescribedRows, title: str, rows: Int64s) -> FittedCascade:
        """Fit trees on *rows*."""
        fast_odds = log_odds(described.fast[rows])
        columns = np.column_stack([fast_odds, described.columns[rows]])
        grown, odds = self._trees(title, rows, columns)
        return FittedCascade(
            trees=grown,
            statistics=url_rates.compute(self.words, self.setup.links, rows),
            rows=rows,
            crossed=StageScores(described.fast[rows], fast_odds, odds),
        )

    def scores(self, fitted: FittedCascade, described: DescribedRows, rows: Int64s) -> StageScores:
        """Return what both stages say of *rows*, by the statistics they are described with."""
        return _stages(fitted, described.fast[rows], described.columns[rows])

    def scores_as_served(
        self, fitted: FittedCascade, described: DescribedRows, rows: Int64s
    ) -> StageScores:
        """Return what both stages say of *rows*, by the statistics of *fitted*."""
        return _stages(fitted, described.fast[rows], self._columns(rows, fitted.statistics))

    def _fold_of(self, rows: Int64s) -> Int64s:
        domains = self.setup.links.domains
        chance = np.random.default_rng(FOLD_SEED)
        return chance.integers(0, FOLDS, int(domains.max()) + 1)[domains[rows]]

    def _describe_fold(
        self, calibration: Calibration, others: Int64s, within: Int64s
    ) -> tuple[Float32s, Float32s]:
        of_others = self.setup.fit("one fold apart", others)
        of_others.calibration = calibration
        fast = link_network.scores(of_others, self.setup.described, within)
        statistics = url_rates.compute(self.words, self.setup.links, others)
        return fast, self._columns(within, statistics)

    def _columns(self, rows: Int64s, statistics: UrlStatistics) -> Float32s:
        urls = [self.setup.links.urls[row] for row in rows.tolist()]
        return url_columns.of_urls(urls, statistics)

    def _trees(self, title: str, rows: Int64s, columns: Float32s) -> tuple[Any, Float32s]:
        """Return the trees of all rows, and log-odds of each row by trees of other folds."""
        fold_of = self._fold_of(rows)

        def one_fold(fold: int) -> Float32s:
            within = fold_of == fold
            grown = self._grow(f"{title}, fold {fold + 1}", rows[~within], columns[~within])
            found: Float32s = grown.decision_function(columns[within]).astype(np.float32)
            return found

        work: list[Callable[[], Any]] = [
            *(partial(one_fold, fold) for fold in range(FOLDS)),
            partial(self._grow, title, rows, columns),
        ]
        *by_fold, grown = forked.run_all(work, self.jobs)
        odds = np.empty(len(rows), np.float32)
        for fold, found in enumerate(by_fold):
            odds[fold_of == fold] = found
        return grown, odds

    def _grow(self, title: str, rows: Int64s, columns: Float32s) -> Any:
        sys.stderr.write(f"trees: {title}\n")
        links = self.setup.links
        weights = row_weights(links, rows)[rows]
        return trees.fit(columns, links.malicious[rows], weights, self.settings)


def _stages(fitted: FittedCascade, fast: Float32s, columns: Float32s) -> StageScores:
    fast_odds = log_odds(fast)
    if not len(fast):
        return StageScores(fast, fast_odds, fast)
    odds = fitted.trees.decision_function(np.column_stack([fast_odds, columns]))
    return StageScores(fast, fast_odds, odds.astype(np.float32))
