"""Fits both stages of the link cascade on some rows, and scores these rows as new ones.

The trees read the fast model's log-odds, which are too good on rows that it was trained on; rates
of words and letters are, too. So the rows are cut into folds by registrable domain, and each gets
the log-odds and the rates of models that saw neither it nor its domain (stacked generalization,
Wolpert 1992). The trees are fitted in folds once more, so that all rows have scores of both stages
as new rows would get them: threshold and calibration are chosen on those, and no row is kept back.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from classifiers.evaluation.metrics import calibration_error
from classifiers.link import url_columns
from classifiers.link.classifier import log_odds
from classifiers.link.url_statistics import UrlStatistics
from classifiers.training.link import calibration, forked, trees, url_rates
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
    jobs: int = 1
    """Parts of one fit at a time, each in a process of its own."""

    def fit(self, title: str, rows: Int64s) -> FittedCascade:
        """Fit both stages on *rows*."""
        links, fold_of = self.setup.links, self._fold_of(rows)
        malicious = links.malicious[rows]
        network, described = self._networks(title, rows, fold_of)
        raw, columns = described
        network.calibration = calibration.fit(raw, malicious)
        fast = _probabilities(calibration.apply(network.calibration, raw))
        columns[:, 0] = log_odds(fast)
        grown, odds = self._trees(title, rows, columns, fold_of)
        return FittedCascade(
            network=network,
            trees=grown,
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

    def _networks(
        self, title: str, rows: Int64s, fold_of: Int64s
    ) -> tuple[LinkNetwork, tuple[Float32s, Float32s]]:
        """Return the network of all rows, and of each row raw log-odds and columns by its fold.

        The first column, of calibrated log-odds, is still empty.
        """

        def one_fold(fold: int) -> tuple[Float32s, Float32s]:
            within, others = rows[fold_of == fold], rows[fold_of != fold]
            network = self.setup.fit(f"{title}, fold {fold + 1}", others)
            raw = link_network.log_odds(network, self.setup.described, within)
            statistics = url_rates.compute(self.words, self.setup.links, others)
            return raw, self._described(within, statistics)

        folds = range(self.folds)
        work: list[Callable[[], Any]] = [
            *(partial(one_fold, fold) for fold in folds),
            partial(self.setup.fit, title, rows),
        ]
        *by_fold, network = forked.run_all(work, self.jobs)
        raw = np.empty(len(rows), np.float32)
        columns = np.empty((len(rows), 1 + len(url_columns.NAMES)), np.float32)
        for fold, (found, described) in zip(folds, by_fold, strict=True):
            raw[fold_of == fold], columns[fold_of == fold, 1:] = found, described
        return network, (raw, columns)

    def _trees(
        self, title: str, rows: Int64s, columns: Float32s, fold_of: Int64s
    ) -> tuple[Any, Float32s]:
        """Return the trees of all rows, and log-odds of each row by trees of other folds."""

        def one_fold(fold: int) -> Float32s:
            within = fold_of == fold
            grown = self._grow(f"{title}, fold {fold + 1}", rows[~within], columns[~within])
            found: Float32s = grown.decision_function(columns[within]).astype(np.float32)
            return found

        folds = range(self.folds)
        work: list[Callable[[], Any]] = [
            *(partial(one_fold, fold) for fold in folds),
            partial(self._grow, title, rows, columns),
        ]
        *by_fold, grown = forked.run_all(work, self.jobs)
        odds = np.empty(len(rows), np.float32)
        for fold, found in zip(folds, by_fold, strict=True):
            odds[fold_of == fold] = found
        return grown, odds

    def _described(self, rows: Int64s, statistics: UrlStatistics) -> Float32s:
        urls = [self.setup.links.urls[row] for row in rows.tolist()]
        return url_columns.of_urls(urls, statistics)

    def _grow(self, title: str, rows: Int64s, columns: Float32s) -> Any:
        sys.stderr.write(f"trees: {title}\n")
        links = self.setup.links
        weights = row_weights(links, rows)[rows]
        return trees.fit(columns, links.malicious[rows], weights, self.settings)


def _probabilities(odds: Float32s) -> Float32s:
    found: Float32s = (1 / (1 + np.exp(-odds.astype(np.float64)))).astype(np.float32)
    return found
