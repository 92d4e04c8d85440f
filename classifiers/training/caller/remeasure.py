"""Puts onto the card of a released caller model what its training did not count yet.

    python -m classifiers.training.caller.remeasure BUNDLE --data FOLDER

Kinds of error and doubted labels are of scores by networks that had not seen the subscriber, never
of the graph that ships. So they can be counted later, by the same recipe on the same folds: the
bundle's graph and threshold stay as they are, and the card says with what packages it was done.
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from classifiers import card
from classifiers.training import bundle_cost, bundle_writer, reproducibility
from classifiers.training.caller import data, error_kinds, network
from classifiers.training.caller.__main__ import cross_fit, doubted
from classifiers.training.caller.data import Subscribers


def figures(development: Subscribers, about: card.Card, seed: int) -> dict[str, Any]:
    """Return the tables of the card; *about* has the thresholds."""
    fitted = cross_fit(lambda rows: network.train(rows, seed), development, seed)
    limits = about.threshold, about.review_threshold
    return {
        "errors": error_kinds.count(fitted.complete, development),
        "error_kinds": error_kinds.at_threshold(fitted.complete, development, *limits),
        "label_noise": doubted(fitted.complete, development),
        "recounted": {
            "date": datetime.now(UTC).date().isoformat(),
            "packages": reproducibility.packages(),
        },
    }


def main() -> None:
    """Fit the networks of the folds, and write the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled table")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    table = bundle_writer.read_table(arguments.bundle)
    seed = table["seed"]
    everyone = data.read(arguments.data)
    parts = data.split(everyone.frauds, np.random.default_rng(seed))
    development = everyone[np.concatenate(parts[:2])]
    found = figures(development, card.read(arguments.bundle), seed)
    bundle_writer.add_metrics(arguments.bundle, found)
    bundle_cost.keep(arguments.bundle)


if __name__ == "__main__":
    main()
