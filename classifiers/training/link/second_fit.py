"""Fits the second stage of links on one set of training rows.

The trees read the fast model's log-odds, which are too good on rows that model was trained on. So
training rows get those of models that were trained without their fold of registrable domains, and
rates of words without it, too.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from classifiers.link import url_columns
from classifiers.link.classifier import log_odds
from classifiers.link.url_statistics import UrlStatistics
from classifiers.training.link import network as link_network
from classifiers.training.link import trees, url_rates
from classifiers.training.link.calibration import Calibration
from classifiers.training.link.network import LinkNetwork
from classifiers.training.link.rounds import LinkTrainingSetup, row_weights
from classifiers.training.link.trees import TreeSettings
from classifiers.training.link.url_rates import UrlWords
from fanzha.tables import Float32s, Int64s

FOLDS = 3
FOLD_SEED = 5
"""Apart from the training's seed, so that folds stay when that changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedSecond:
    """Trees, and what their columns are made with."""

    trees: Any
    statistics: UrlStatistics

    def log_odds(self, columns: Float32s) -> Float32s:
        """Return the log-odds of rows of columns, the fast log-odds first."""
        found: Float32s = self.trees.decision_function(columns).astype(np.float32)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStageSetup:
    """Shared by all rounds of one training."""

    setup: LinkTrainingSetup
    words: UrlWords
    calibration: Calibration
    """Of the fast model: its log-odds are read after it."""
    settings: TreeSettings

    def fit(self, rows: Int64s, folds: int = FOLDS) -> FittedSecond:
        """Fit on *rows*."""
        links = self.setup.links
        columns = self._training_columns(rows, folds)
        fitted = trees.fit(
            columns,
            links.malicious[rows],
            row_weights(links, rows)[rows],
            self.settings,
        )
        return FittedSecond(trees=fitted, statistics=url_rates.compute(self.words, links, rows))

    def columns(self, second: FittedSecond, rows: Int64s, fast_log_odds: Float32s) -> Float32s:
        """Return what the trees read of *rows*."""
        return self._columns(rows, second.statistics, fast_log_odds)

    def fast_log_odds(self, network: LinkNetwork, rows: Int64s) -> Float32s:
        """Return the calibrated log-odds of *rows*, clipped as in service."""
        network.calibration = self.calibration
        return log_odds(link_network.scores(network, self.setup.described, rows))

    def _training_columns(self, rows: Int64s, folds: int) -> Float32s:
        links = self.setup.links
        chance = np.random.default_rng(FOLD_SEED)
        fold_of = chance.integers(0, folds, int(links.domains.max()) + 1)[links.domains[rows]]
        columns = np.empty((len(rows), 1 + len(url_columns.NAMES)), np.float32)
        for fold in range(folds):
            within, others = rows[fold_of == fold], rows[fold_of != fold]
            network = self.setup.fit(f"fold {fold + 1} of {folds}", others)
            statistics = url_rates.compute(self.words, links, others)
            fast = self.fast_log_odds(network, within)
            columns[fold_of == fold] = self._columns(within, statistics, fast)
        return columns

    def _columns(self, rows: Int64s, statistics: UrlStatistics, fast: Float32s) -> Float32s:
        urls = [self.setup.links.urls[row] for row in rows.tolist()]
        return np.column_stack([fast, url_columns.of_urls(urls, statistics)])
