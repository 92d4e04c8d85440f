"""Fits both stages of the link cascade alike, and scores the rows they learn from as new ones.

The trees read the fast model's log-odds, which are too good on rows that it was trained on; rates
of words and letters are, too. So the rows are cut into folds by registrable domain, and each gets
the log-odds and the rates of models that saw neither it nor its domain (stacked generalization,
Wolpert 1992). The fast model itself learns from all rows, and is calibrated by the log-odds of the
folds. The trees are fitted in folds once more, so that each row has scores of both stages as a new
row would get them: band, threshold and calibration are chosen on those, and no row is kept back.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from classifiers.link import url_columns
from classifiers.link.classifier import log_odds
from classifiers.link.url_statistics import UrlStatistics
from classifiers.training.link import forked, trees, url_rates
from classifiers.training.link import network as link_network
from classifiers.training.link.network import LinkNetwork
from classifiers.training.link.rounds import LinkTrainingSetup, recency, row_weights
from classifiers.training.link.stages import StageScores
from classifiers.training.link.trees import TreeSettings
from classifiers.training.link.url_rates import UrlWords
from fanzha.tables import Float32s, Int64s

FOLDS = 3
FOLD_SEED = 5
"""Apart from the training's seed, so that folds stay when that changes."""


class DescribedRows(NamedTuple):
    """Rows as new ones: by models of other folds, or of all rows learnt from for the others."""

    fast: Float32s
    """Calibrated scores, NaN for rows that are not described."""
    columns: Float32s
    """`url_columns.NAMES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedCascade:
    """Both stages, and what they say of the rows they learnt from when those are new."""

    fast: LinkNetwork
    calibrated: Mapping[str, float]
    """How its log-odds were calibrated, for the card."""
    described: DescribedRows
    trees: Any
    """scikit-learn's."""
    statistics: UrlStatistics
    rows: Int64s
    crossed: StageScores | None
    """Of `rows`, each by trees of the other folds; None where that was not asked for."""

    def crossed_scores(self) -> StageScores:
        """Return `crossed`; `ValueError` where it was not asked for."""
        if self.crossed is None:
            raise ValueError("the trees were not fitted in folds")
        return self.crossed


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeTraining:
    """Shared by all fits of one training."""

    setup: LinkTrainingSetup
    words: UrlWords
    settings: TreeSettings
    jobs: int = 1
    """Parts of one fit at a time, each in a process of its own."""

    def fit(
        self, title: str, rows: Int64s, others: Int64s, *, crosses: bool = True
    ) -> FittedCascade:
        """Fit both stages on *rows*; describe *others*, too, which are new to them.

        Only where it *crosses*, the rows get scores of trees that did not see them.
        """
        network = self.setup.fit(title, rows)
        statistics = url_rates.compute(self.words, self.setup.links, rows)
        described, calibrated = self._describe(network, statistics, rows, others)
        columns = np.column_stack([log_odds(described.fast[rows]), described.columns[rows]])
        grown, odds = self._trees(title, rows, columns, crosses=crosses)
        crossed = None if odds is None else StageScores(described.fast[rows], columns[:, 0], odds)
        return FittedCascade(
            fast=network,
            calibrated=calibrated,
            described=described,
            trees=grown,
            statistics=statistics,
            rows=rows,
            crossed=crossed,
        )

    def scores(self, fitted: FittedCascade, rows: Int64s) -> StageScores:
        """Return what both stages say of *rows*, which *fitted* describes as others."""
        return _stages(fitted, fitted.described.fast[rows], fitted.described.columns[rows])

    def scores_as_served(self, fitted: FittedCascade, rows: Int64s) -> StageScores:
        """Return what both stages say of *rows* in service, learnt from or not."""
        fast = link_network.scores(fitted.fast, self.setup.described, rows)
        return _stages(fitted, fast, self._columns(rows, fitted.statistics))

    def _describe(
        self, network: LinkNetwork, statistics: UrlStatistics, rows: Int64s, others: Int64s
    ) -> tuple[DescribedRows, dict[str, float]]:
        """Describe *rows*, which *network* and *statistics* learnt from, and *others*.

        Calibrates the network.
        """
        links, fold_of = self.setup.links, self._fold_of(rows)
        work = [
            partial(self._describe_fold, rows[fold_of != fold], rows[fold_of == fold])
            for fold in range(FOLDS)
        ]
        odds = np.empty(len(rows), np.float32)
        columns = np.full((len(links), len(url_columns.NAMES)), np.nan, np.float32)
        for fold, found in enumerate(forked.run_all(work, self.jobs)):
            odds[fold_of == fold], columns[rows[fold_of == fold]] = found
        calibrated = self.setup.calibrate(network, odds, links.malicious[rows])
        fast = np.full(len(links), np.nan, np.float32)
        fast[rows] = network.calibration.scores(odds)
        fast[others] = link_network.scores(network, self.setup.described, others)
        columns[others] = self._columns(others, statistics)
        return DescribedRows(fast, columns), calibrated

    def _fold_of(self, rows: Int64s) -> Int64s:
        domains = self.setup.links.domains
        chance = np.random.default_rng(FOLD_SEED)
        return chance.integers(0, FOLDS, int(domains.max()) + 1)[domains[rows]]

    def _describe_fold(self, others: Int64s, within: Int64s) -> tuple[Float32s, Float32s]:
        of_others = self.setup.fit("one fold apart", others)
        odds = link_network.log_odds(of_others, self.setup.described, within)
        statistics = url_rates.compute(self.words, self.setup.links, others)
        return odds, self._columns(within, statistics)

    def _columns(self, rows: Int64s, statistics: UrlStatistics) -> Float32s:
        urls = [self.setup.links.urls[row] for row in rows.tolist()]
        return url_columns.of_urls(urls, statistics)

    def _trees(
        self, title: str, rows: Int64s, columns: Float32s, *, crosses: bool
    ) -> tuple[Any, Float32s | None]:
        """Return the trees of all rows, and log-odds of each row by trees of other folds."""
        fold_of = self._fold_of(rows)

        def one_fold(fold: int) -> Float32s:
            within = fold_of == fold
            grown = self._grow(f"{title}, fold {fold + 1}", rows[~within], columns[~within])
            found: Float32s = grown.decision_function(columns[within]).astype(np.float32)
            return found

        folds = range(FOLDS if crosses else 0)
        work: list[Callable[[], Any]] = [
            *(partial(one_fold, fold) for fold in folds),
            partial(self._grow, title, rows, columns),
        ]
        *by_fold, grown = forked.run_all(work, self.jobs)
        if not crosses:
            return grown, None
        odds = np.empty(len(rows), np.float32)
        for fold, found in enumerate(by_fold):
            odds[fold_of == fold] = found
        return grown, odds

    def _grow(self, title: str, rows: Int64s, columns: Float32s) -> Any:
        sys.stderr.write(f"trees: {title}\n")
        links = self.setup.links
        weights = row_weights(links, rows)[rows] * recency(links, rows)
        return trees.fit(columns, links.malicious[rows], weights, self.settings)


def _stages(fitted: FittedCascade, fast: Float32s, columns: Float32s) -> StageScores:
    fast_odds = log_odds(fast)
    if not len(fast):
        return StageScores(fast, fast_odds, fast)
    odds = fitted.trees.decision_function(np.column_stack([fast_odds, columns]))
    return StageScores(fast, fast_odds, odds.astype(np.float32))
