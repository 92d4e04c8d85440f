"""Rounds of training of the fast link model, over sets of rows of one table."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.evaluation.metrics import auc, calibration_error, recall_at
from classifiers.training.bundle_writer import budget_threshold
from classifiers.training.link import calibration, report, vocabulary
from classifiers.training.link import network as link_network
from classifiers.training.link.data import LabelledLinks, Splits
from classifiers.training.link.feature_matrix import LinkFeatureMatrix
from classifiers.training.link.network import LinkNetwork
from fanzha.tables import Float32s, Int64s

BENIGN_WEIGHT = 2.0
"""A benign row counts so much more: the threshold is set where they end."""
SMALL_BENIGN_SOURCE = 5000
"""Rows of smaller benign sources weigh more, by the square root, up to `MOST_WEIGHT` times."""
MOST_WEIGHT = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTrainingSetup:
    """Shared by all rounds of one training."""

    links: LabelledLinks
    described: LinkFeatureMatrix
    splits: Splits
    seed: int

    def fit(self, title: str, rows: Int64s) -> LinkNetwork:
        """Train on *rows*; *title* is what a person is told."""
        sys.stderr.write(f"network: {title}\n")
        return link_network.fit(
            self.described,
            vocabulary.choose(self.described, self.links.domains, rows),
            self.links.malicious,
            rows,
            row_weights(self.links, rows),
            seed=self.seed,
        )

    def calibrate(self, network: LinkNetwork, rows: Int64s) -> dict[str, float]:
        """Calibrate *network* on *rows*; return how, and how far off its scores were before."""
        odds = link_network.log_odds(network, self.described, rows)
        malicious = self.links.malicious[rows]
        network.calibration = calibration.fit(odds, malicious)
        before = calibration_error((1 / (1 + np.exp(-odds))).astype(np.float32), malicious)
        return {
            **{f"calibration_{k}": round(v, 5) for k, v in network.calibration._asdict().items()},
            "validation_calibration_error_before": round(before, 4),
        }

    def choose_threshold(self, network: LinkNetwork, rows: Int64s) -> tuple[float, str]:
        """Return the threshold that keeps the budget on *rows*, and the source that set it."""
        found = link_network.scores(network, self.described, rows)
        return budget_threshold(found, self.links.malicious[rows], self.links.sources[rows])

    def without(self, names: Sequence[str]) -> list[dict[str, object]]:
        """Train without some sources; return what of their test rows is blocked."""
        known = ~np.isin(self.links.sources, names)
        train, validation = self.splits.train, self.splits.validation
        network = self.fit(f"without {', '.join(names)}", train[known[train]])
        threshold, _set_by = self.choose_threshold(network, validation[known[validation]])
        test = np.concatenate([self.splits.test, self.splits.later, self.splits.examples])
        test = test[~known[test]]
        return report.by_source(self.links, test, self.scores(network, [test]), threshold)

    def with_share(self, share: float) -> dict[str, float]:
        """Train on a *share* of the registered domains; return a point of the learning curve."""
        chance = np.random.default_rng(self.seed)
        chosen = chance.random(int(self.links.domains.max()) + 1) < share
        train = self.splits.train[chosen[self.links.domains[self.splits.train]]]
        return self.learned(self.fit(f"{share:.0%} of the domains", train), len(train))

    def learned(self, network: LinkNetwork, rows: int) -> dict[str, float]:
        """Return a point of the learning curve: figures of the links of the validation rows."""
        validation = self.splits.validation
        links = validation[~self.links.host_only[validation]]
        found = link_network.scores(network, self.described, links)
        malicious = self.links.malicious[links]
        return {
            "rows": rows,
            "AUC": round(auc(found, malicious), 4),
            "recall at 0.5 %": round(recall_at(found, malicious, 0.005), 4),
            "recall at 1 %": round(recall_at(found, malicious, 0.01), 4),
        }

    def scores(self, network: LinkNetwork, parts: Sequence[Int64s]) -> Float32s:
        """Return a score for each row of *parts*, NaN for all others."""
        found = np.full(len(self.links), np.nan, np.float32)
        for rows in parts:
            found[rows] = link_network.scores(network, self.described, rows)
        return found


def row_weights(links: LabelledLinks, rows: Int64s) -> Float32s:
    """Return how much each row counts in training."""
    weights = np.ones(len(links), np.float32)
    benign = rows[~links.malicious[rows]]
    _names, places, counts = np.unique(
        links.sources[benign], return_inverse=True, return_counts=True
    )
    by_source = np.clip(np.sqrt(SMALL_BENIGN_SOURCE / counts), 1, MOST_WEIGHT)
    weights[benign] = BENIGN_WEIGHT * by_source[places]
    return weights
