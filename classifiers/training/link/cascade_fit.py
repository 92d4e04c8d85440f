"""Fits both stages of the link cascade on some rows, and scores these rows as new ones.

The trees read the fast model's log-odds, which are too good on rows that it was trained on; rates
of words and letters are, too. So the rows are cut into folds by registrable domain, and each gets
the log-odds and the rates of models that saw neither it nor its domain (stacked generalization,
Wolpert 1992). The trees are fitted in folds once more, so that all rows have scores of both stages
as new rows would get them: threshold and calibration are chosen on those, and no row is kept back.
"""

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from classifiers.evaluation.metrics import calibration_error
from classifiers.link import url_columns
from classifiers.link.classifier import log_odds
from classifiers.link.url_statistics import UrlStatistics
from classifiers.training.link import calibration, trees, url_rates
from classifiers.training.link import network as link_network
from classifiers.training.link.network import LinkNetwork
from classifiers.training.link.rounds import LinkTrainingSetup, row_weights
from classifiers.training.link.stages import StageScores
from classifiers.training.link.trees import TreeSettings
from classifiers.training.link.url_rates import UrlWords
from fanzha.tables import Float32s, Int64s

FOLDS = 2
FOLD_SEED = 5
"""Apart from the training's seed, so that folds stay when that changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedCascade:
    """Both stages, and what they say of their training rows when those are new."""

    network: LinkNetwork
    trees: Any
    """scikit-learn's."""
    statistics: UrlStatistics
    rows: Int64s
    crossed: StageScores
    """Of `rows`, each by models of the other folds."""
    error_before: float
    """Expected calibration error of the fast scores before they were calibrated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeTraining:
    """Shared by all fits of one training."""

    setup: LinkTrainingSetup
    words: UrlWords
    settings: TreeSettings
    folds: int = FOLDS

    def fit(self, title: str, rows: Int64s) -> FittedCascade:
        """Fit both stages on *rows*."""
        links, fold_of = self.setup.links, self._fold_of(rows)
        raw, columns = self._crossed_columns(title, rows, fold_of)
        malicious = links.malicious[rows]
        fitted = calibration.fit(raw, malicious)
        fast = _probabilities(calibration.apply(fitted, raw))
        columns[:, 0] = log_odds(fast)
        odds = np.empty(len(rows), np.float32)
        for fold in range(self.folds):
            within = fold_of == fold
            grown = self._grow(rows[~within], columns[~within])
            odds[within] = grown.decision_function(columns[within])
        sys.stderr.write(f"{title}: all rows\n")
        network = self.setup.fit(title, rows)
        network.calibration = fitted
        return FittedCascade(
            network=network,
            trees=self._grow(rows, columns),
            statistics=url_rates.compute(self.words, links, rows),
            rows=rows,
            crossed=StageScores(fast, columns[:, 0].copy(), odds),
            error_before=round(calibration_error(_probabilities(raw), malicious), 4),
        )

    def scores(self, fitted: FittedCascade, rows: Int64s) -> StageScores:
        """Return what both stages of *fitted* say of *rows*."""
        fast = link_network.scores(fitted.network, self.setup.described, rows)
        fast_odds = log_odds(fast)
        columns = np.column_stack([fast_odds, self._described(rows, fitted.statistics)])
        odds = fitted.trees.decision_function(columns).astype(np.float32)
        return StageScores(fast, fast_odds, odds)

    def _fold_of(self, rows: Int64s) -> Int64s:
        domains = self.setup.links.domains
        chance = np.random.default_rng(FOLD_SEED)
        return chance.integers(0, self.folds, int(domains.max()) + 1)[domains[rows]]

    def _crossed_columns(
        self, title: str, rows: Int64s, fold_of: Int64s
    ) -> tuple[Float32s, Float32s]:
        """Return raw fast log-odds, and columns of which the first is still empty."""
        raw = np.empty(len(rows), np.float32)
        columns = np.empty((len(rows), 1 + len(url_columns.NAMES)), np.float32)
        for fold in range(self.folds):
            sys.stderr.write(f"{title}: fold {fold + 1} of {self.folds}\n")
            within, others = rows[fold_of == fold], rows[fold_of != fold]
            network = self.setup.fit(f"{title}, fold {fold + 1} of {self.folds}", others)
            raw[fold_of == fold] = link_network.log_odds(network, self.setup.described, within)
            statistics = url_rates.compute(self.words, self.setup.links, others)
            columns[fold_of == fold, 1:] = self._described(within, statistics)
        return raw, columns

    def _described(self, rows: Int64s, statistics: UrlStatistics) -> Float32s:
        urls = [self.setup.links.urls[row] for row in rows.tolist()]
        return url_columns.of_urls(urls, statistics)

    def _grow(self, rows: Int64s, columns: Float32s) -> Any:
        links = self.setup.links
        weights = row_weights(links, rows)[rows]
        return trees.fit(columns, links.malicious[rows], weights, self.settings)


def _probabilities(odds: Float32s) -> Float32s:
    found: Float32s = (1 / (1 + np.exp(-odds.astype(np.float64)))).astype(np.float32)
    return found
