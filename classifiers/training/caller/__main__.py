"""Trains the caller model: ``python -m classifiers.training.caller --data FOLDER --out BUNDLE``.

The subscribers are split before anything else. Development (train and validation)
chooses everything, the threshold by cross-fitting: five networks, each scoring the
fifth it has not seen. The network that ships learns from all of development; the test
part is scored once, at the end. Takes about two minutes on one core.
"""

import argparse
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnx
import onnxruntime as ort
import torch
from rich.progress import Progress

from classifiers.caller.classifier import CallerClassifier, known_scores, scale_scores
from classifiers.evaluation.risk_control import RiskControl
from classifiers.onnx_model import OnnxModel
from classifiers.training import (
    bundle_cost,
    card_plots,
    carrier_rates,
    doubted_labels,
    examples_card,
)
from classifiers.training.caller import (
    card,
    data,
    error_kinds,
    examples,
    metrics,
    network,
    page,
)
from classifiers.training.caller.data import Subscribers
from classifiers.training.caller.examples import CallerExamples
from classifiers.training.caller.metrics import Score
from classifiers.training.examples import ExampleError
from fanzha.tables import Bools, CallerActivity, Float32s

SEED = 20261124
FOLDS = 5
SHARES = (0.25, 0.5, 1.0)
"""Of the rows to train on, for the learning curve."""
SOURCE = {
    "source": "github.com/xxhu94/GAT-COBO @ abd3f235, data/Sichuan.zip, all_feat_with_label.csv",
    "licence": "Apache-2.0 (repository); the contest of 2020 the data is from states no terms",
}

Fit: TypeAlias = Callable[[Subscribers], onnx.ModelProto]
Points: TypeAlias = list[dict[str, object]]

logger = logging.getLogger(__name__)


def main() -> None:
    """Train, measure and write the bundle, as the command line says."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    try:
        site = examples.read(arguments.examples) if arguments.examples else None
    except ExampleError as error:
        sys.exit(f"examples: {error}")
    for line in examples_card.lines(site.site.about) if site else []:
        sys.stderr.write(f"{line}\n")
    everyone = data.read(arguments.data)
    parts = data.split(everyone.frauds, np.random.default_rng(arguments.seed))
    train, validation, test = (everyone[rows] for rows in parts)
    development = everyone[np.concatenate(parts[:2])]
    with Progress() as display:
        task = display.add_task("networks", total=len(SHARES) + FOLDS + 1 + bool(site))

        def fit(subscribers: Subscribers) -> onnx.ModelProto:
            graph = network.train(subscribers, arguments.seed)
            display.advance(task)
            return graph

        def fit_with_site(subscribers: Subscribers) -> onnx.ModelProto:
            return fit(site.beside(subscribers) if site else subscribers)

        points = learning_curve(fit_with_site, train, validation, arguments.seed)
        run(
            *(fit_with_site, development, test, arguments.out),
            seed=arguments.seed,
            learning=points,
            site=site,
            without=fit(development) if site else None,
            before=CallerClassifier(OnnxModel(arguments.before)) if arguments.before else None,
        )
    bundle_cost.keep(arguments.out)
    if arguments.page:
        page.write(arguments.out, arguments.page)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled table")
    parser.add_argument("--out", type=Path, required=True, help="folder of the bundle to write")
    parser.add_argument("--page", type=Path, help="page about the model to write")
    parser.add_argument("--before", type=Path, help="bundle to compare with, on the same rows")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(
        "--examples", type=Path, action="append", default=[], help="labelled examples of a site"
    )
    return parser.parse_args()


def run(
    fit: Fit,
    development: Subscribers,
    test: Subscribers,
    bundle: Path,
    *,
    seed: int,
    learning: Points,
    site: CallerExamples | None = None,
    without: onnx.ModelProto | None = None,
    before: CallerClassifier | None = None,
) -> None:
    """Choose on *development*, measure on *test*, write *bundle*.

    Measured too: examples of a *site*, also by the graph *without* them, and the model *before*.
    """
    fitted = cross_fit(fit, development, seed)
    promise = metrics.choose_threshold(fitted.highest, development.frauds)
    threshold = promise.threshold or 1.0
    logger.info("threshold %.4f", threshold)
    graph = fit(development)
    raw, score = scorer(graph), scaled(scorer(graph), threshold)
    table: dict[str, Any] = {
        **_about(bundle, threshold, seed, len(development) + len(test)),
        **fitted.review(development.frauds, threshold),
        **_histograms(score, development, seed),
        "metrics": {
            "microseconds_per_row": card.microseconds_per_row(score, test),
            "kilobytes": round(graph.ByteSize() / 1000),
            **_developed(fitted, promise, development, seed),
            **_tested(raw, score, test, threshold, seed),
        },
        "plots": _plots(score, test, threshold, learning),
    }
    if before is not None:
        table["before"] = _compare(before, score, test, seed)
    if site is not None and without is not None:
        _add_site(table, site, score, scaled(scorer(without), threshold))
    card.write(bundle, graph=graph, table=table, golden=score(card.examples()))
    logger.info("wrote %s", bundle)


def _about(bundle: Path, threshold: float, seed: int, rows: int) -> dict[str, Any]:
    return {
        "version": bundle.name,
        "channel": "caller",
        "threshold": threshold,
        "date": datetime.now(UTC).date().isoformat(),
        "seed": seed,
        "data": [{**SOURCE, "rows": rows}],
    }


def _developed(
    fitted: "Fitted", promise: RiskControl, development: Subscribers, seed: int
) -> dict[str, object]:
    threshold = promise.threshold or 1.0
    review = fitted.review(development.frauds, threshold).get("review_threshold")
    return {
        "promise": promise.figures(),
        "development": fitted.report(development.frauds, threshold, seed),
        "errors": error_kinds.count(fitted.complete, development),
        "error_kinds": error_kinds.at_threshold(fitted.complete, development, threshold, review),
        "label_noise": doubted(fitted.complete, development),
    }


def doubted(scores: Float32s, subscribers: Subscribers) -> doubted_labels.Lines:
    """Count labels that look wrong; *scores* are of networks that had not seen the subscriber."""
    source = np.full(len(subscribers), "sichuan")
    return doubted_labels.figures(scores, subscribers.frauds, source)


def _tested(
    raw: Score, score: Score, test: Subscribers, threshold: float, seed: int
) -> dict[str, object]:
    rates = carrier_rates.figures("test", score(test.activity), test.frauds, threshold)
    report = metrics.report(raw, score, test, threshold, seed)
    return {"test": report, "carrier_rates": rates}


def _compare(
    before: CallerClassifier, score: Score, test: Subscribers, seed: int
) -> dict[str, Any]:
    """Return the figures of the model *before* as it serves, and what has been gained since."""
    found: dict[str, Any] = {"version": before.version}
    for name, hidden in {"whole": {}, **metrics.UNREPORTED}.items():
        seen = metrics.seen_without(test.activity, hidden)
        old = before.score(seen)
        figures = metrics.measure(old, test.frauds, before.threshold)
        found[name] = figures | {"gain": metrics.gain(score(seen), old, test.frauds, seed)}
    return found


def _plots(score: Score, test: Subscribers, threshold: float, learning: Points) -> dict[str, Any]:
    figures = card_plots.figures(score(test.activity), test.frauds, threshold)
    return {**figures, "learning": learning}


def _histograms(score: Score, development: Subscribers, seed: int) -> dict[str, Any]:
    """Return the histograms of ordinary callers, for drift, over their observations."""
    ordinary = development[np.flatnonzero(~development.frauds)]
    looks = list(metrics.lives(ordinary.activity, np.random.default_rng(seed)))
    least = metrics.UNREPORTED["calls_only"]
    observed = data.joined([*looks, *(metrics.seen_without(look, least) for look in looks)])
    return card.spread(observed, score(observed))


def _add_site(table: dict[str, Any], site: CallerExamples, score: Score, without: Score) -> None:
    threshold = table["threshold"]
    table["examples"] = site.site.about
    table["data"] += site.site.data(site.used)
    table["metrics"]["examples"] = site.blocked(score, threshold)
    table["metrics"]["left_out"] = site.blocked(without, threshold)


def learning_curve(fit: Fit, train: Subscribers, validation: Subscribers, seed: int) -> Points:
    """Measure on *validation* graphs trained on a share of *train*."""
    order = np.random.default_rng(seed).permutation(len(train))
    points: Points = []
    for share in SHARES:
        rows = order[: int(len(order) * share)]
        scores = scorer(fit(train[rows]))(validation.activity)
        figures = metrics.measure(scores, validation.frauds, 1.0)
        points.append(
            {
                "rows": len(rows),
                "AUC": figures["auc"],
                "recall at 0.5 %": figures["recall_at_0_5_percent"],
            }
        )
    return points


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Scores of subscribers by networks that were not trained on them, float32 in [0, 1]."""

    called: Bools
    """Who made a call."""
    alone: Float32s
    """Of complete observations, by the graph alone."""
    complete: Float32s
    """The same, as served at a threshold of 1."""
    highest: Float32s
    """The highest of these over a simulated history, a row for each of `metrics.REPORTING`."""

    def review(self, frauds: Bools, threshold: float) -> dict[str, float]:
        """Return the threshold of reviews for the card, where it lies below that of blocks."""
        found = metrics.choose_threshold(self.highest, frauds, metrics.REVIEWED).threshold
        return {} if found is None or found >= threshold else {"review_threshold": found}

    def report(self, frauds: Bools, threshold: float, seed: int) -> dict[str, object]:
        """Measure each."""
        whole = metrics.measure(self.complete, frauds, threshold)
        return {
            "graph_alone": metrics.measure(self.alone, frauds, threshold),
            "graph_alone_callers": metrics.measure(
                self.alone[self.called], frauds[self.called], threshold
            ),
            "whole": whole | metrics.intervals(self.complete, frauds, seed),
            "imagined_ever": metrics.measure(self.highest[0], frauds, threshold),
            "ever_blocked": {
                name or metrics.EVERYTHING: int((ever[~frauds] >= threshold).sum())
                for name, ever in zip(metrics.REPORTING, self.highest, strict=True)
            },
        }


def cross_fit(fit: Fit, development: Subscribers, seed: int) -> Fitted:
    """Score each subscriber by a network that has not seen it."""
    chance = np.random.default_rng(seed)
    folds = chance.permutation(np.arange(len(development)) % FOLDS)
    alone, complete = np.empty((2, len(development)), np.float32)
    highest = np.empty((len(metrics.REPORTING), len(development)), np.float32)
    for fold in range(FOLDS):
        held_out = np.flatnonzero(folds == fold)
        raw = scorer(fit(development[np.flatnonzero(folds != fold)]))
        score = scaled(raw, 1.0)
        activity = development[held_out].activity
        alone[held_out] = raw(activity)
        complete[held_out] = score(activity)
        highest[:, held_out] = metrics.highest_scores(score, activity, chance)
    called = development.activity.outgoing_calls > 0
    return Fitted(called=called, alone=alone, complete=complete, highest=highest)


def scaled(score: Score, threshold: float) -> Score:
    """Keep scores that rest on too few calls below *threshold*, as the service does."""

    def served(activity: CallerActivity) -> Float32s:
        scores = scale_scores(score(activity), activity.outgoing_calls, threshold)
        return known_scores(scores, activity)

    return served


def scorer(graph: onnx.ModelProto) -> Score:
    """Return the graph's scores, before those that rest on too few calls are scaled."""
    session = ort.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])

    def score(activity: CallerActivity) -> Float32s:
        found: Float32s = session.run(None, {"features": network.rows(activity)})[0]
        return found[:, 0]

    return score


if __name__ == "__main__":
    main()
