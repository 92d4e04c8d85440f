"""Trains the caller model: ``python -m classifiers.training.caller --data FOLDER --out BUNDLE``.

The subscribers are split before anything else. Development (train and validation)
chooses everything, the threshold by cross-fitting: five networks, each scoring the
fifth it has not seen. The network that ships learns from all of development; the test
part is scored once, at the end. Takes about two minutes on one core.
"""

import argparse
import logging
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch

from classifiers.call import held_back
from classifiers.training import caller_card, caller_data, caller_metrics, caller_network
from classifiers.training.caller_data import Subscribers
from classifiers.training.caller_metrics import Score
from fanzha.tables import CallerActivity, Float32s

SEED = 20261124
FOLDS = 5
SOURCE = {
    "source": "github.com/xxhu94/GAT-COBO @ abd3f235, data/Sichuan.zip, all_feat_with_label.csv",
    "licence": "Apache-2.0 (repository); the contest of 2020 the data is from states no terms",
}

logger = logging.getLogger(__name__)


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled table")
    parser.add_argument("--out", type=Path, required=True, help="folder of the bundle to write")
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    everyone = caller_data.read(arguments.data)
    train, validation, test = caller_data.split(
        everyone.frauds, np.random.default_rng(arguments.seed)
    )
    development = everyone[np.concatenate((train, validation))]
    run(development, everyone[test], arguments.out, arguments.seed)


def run(development: Subscribers, test: Subscribers, bundle: Path, seed: int) -> None:
    """Choose on *development*, measure on *test*, write *bundle*."""
    whole, highest = cross_fit(development, seed)
    threshold = caller_metrics.choose_threshold(highest, development.frauds)
    logger.info("threshold %.4f", threshold)
    graph = caller_network.train(development, seed)
    raw = scorer(graph)
    score = careful(raw, threshold)
    metrics: dict[str, object] = {
        "development": {
            "whole": caller_metrics.measure(whole, development.frauds, threshold),
            "imagined_ever": caller_metrics.measure(highest, development.frauds, threshold),
        },
        "test": {
            **caller_metrics.report(score, test, threshold, seed),
            "graph_alone": caller_metrics.measure(raw(test.activity), test.frauds, threshold),
        },
    }
    about = {
        "version": bundle.name,
        "channel": "caller",
        "threshold": threshold,
        "date": datetime.now(UTC).date().isoformat(),
        "seed": seed,
        "data": [{**SOURCE, "rows": len(development) + len(test)}],
    }
    golden = score(caller_card.examples())
    caller_card.write(bundle, graph=graph, about=about, metrics=metrics, golden=golden)
    logger.info("wrote %s", bundle)


def cross_fit(development: Subscribers, seed: int) -> tuple[Float32s, Float32s]:
    """Score each subscriber by a network that has not seen it: whole, and the highest ever."""
    chance = np.random.default_rng(seed)
    folds = chance.permutation(np.arange(len(development)) % FOLDS)
    whole = np.empty(len(development), np.float32)
    highest = np.empty(len(development), np.float32)
    for fold in range(FOLDS):
        held_out = np.flatnonzero(folds == fold)
        graph = caller_network.train(development[np.flatnonzero(folds != fold)], seed)
        score = careful(scorer(graph), 1.0)
        activity = development[held_out].activity
        whole[held_out] = score(activity)
        highest[held_out] = caller_metrics.highest_scores(score, activity, chance)
        logger.info("fold %d of %d", fold + 1, FOLDS)
    return whole, highest


def careful(score: Score, threshold: float) -> Score:
    """Hold back what *score* says on little evidence, as the service does."""
    return lambda activity: held_back(score(activity), activity.outgoing_calls, threshold)


def scorer(graph: onnx.ModelProto) -> Score:
    """Return what the graph says of activity, before little evidence is held back."""
    session = ort.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])

    def score(activity: CallerActivity) -> Float32s:
        found: Float32s = session.run(None, {"features": caller_network.rows(activity)})[0]
        return found[:, 0]

    return score


if __name__ == "__main__":
    main()
