"""Rounds of training of the fast link model, over sets of rows of one table."""

import sys
from dataclasses import dataclass

import numpy as np

from classifiers.evaluation.metrics import calibration_error
from classifiers.training.link import calibration, vocabulary
from classifiers.training.link import network as link_network
from classifiers.training.link.data import LabelledLinks, Splits
from classifiers.training.link.feature_matrix import LinkFeatureMatrix
from classifiers.training.link.network import LinkNetwork
from fanzha.tables import Bools, Float32s, Int64s

BENIGN_WEIGHT = 2.0
"""A benign row counts so much more: the threshold is set where they end."""
SMALL_BENIGN_SOURCE = 5000
"""Rows of smaller benign sources weigh more, by the square root, up to `MOST_WEIGHT` times."""
MOST_WEIGHT = 8.0
HALF_LIFE_MONTHS = 24.0
"""Of the weight of a malicious row for the trees; see `recency`."""
LEAST_RECENCY = 0.1


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

    def calibrate(self, network: LinkNetwork, odds: Float32s, malicious: Bools) -> dict[str, float]:
        """Calibrate *network* by log-odds of rows that are new to what gave them; return how."""
        network.calibration = calibration.fit(odds, malicious)
        before = calibration_error((1 / (1 + np.exp(-odds))).astype(np.float32), malicious)
        return {
            **{f"calibration_{k}": round(v, 5) for k, v in network.calibration._asdict().items()},
            "calibration_error_before": round(before, 4),
        }


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


def recency(links: LabelledLinks, rows: Int64s) -> Float32s:
    """Return what to multiply the weights of *rows* by so that newer malicious ones count more.

    Half as much every `HALF_LIFE_MONTHS`, never less than `LEAST_RECENCY`, as campaigns return;
    rows without a month count as the median one. Malicious rows keep their weight on average.
    """
    malicious = links.malicious[rows]
    months = np.array(list(map(_month_number, links.months[rows].tolist())), np.float64)
    dated = malicious & ~np.isnan(months)
    factors = np.ones(len(rows), np.float32)
    if not dated.any():
        return factors
    ages = months[dated].max() - months
    ages = np.where(np.isnan(ages), np.median(ages[dated]), ages)
    decayed = np.clip(0.5 ** (ages / HALF_LIFE_MONTHS), LEAST_RECENCY, 1)
    factors[malicious] = decayed[malicious] / decayed[malicious].mean()
    return factors


def _month_number(month: str) -> float:
    """Return the number of a month such as ``2026-05``; NaN of anything else."""
    year, _, number = month.partition("-")
    if not (year.isdecimal() and number.isdecimal()):
        return float("nan")
    return 12.0 * int(year) + int(number)
