"""Trains the velocity model: ``python -m classifiers.training.velocity --out BUNDLE``.

There is no labelled public data of single calls, so calls are simulated. Three worlds are
imagined: one to learn from, one like it to choose the threshold in, and a different one to test
in, with kinds of callers that nothing was trained on. Besides, each kind of fraud is left out
once, and the model trained without it is measured on it. Takes some minutes on one core; all
figures are of a simulation.
"""

import argparse
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnx
import torch
from rich.progress import Progress

from classifiers.training.bundle_writer import write_bundle
from classifiers.training.call_simulator import worlds
from classifiers.training.velocity import data, network, page
from classifiers.training.velocity import examples as golden_examples
from classifiers.training.velocity.data import Figures, Observed
from classifiers.velocity.classifier import cap_scores, velocity_features
from fanzha.tables import Float32s

SEED = 20261125
SCALE = 1.0
"""Scale of the worlds over the sizes of their behaviours."""

logger = logging.getLogger(__name__)


def main() -> None:
    """Imagine, train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the bundle to write")
    parser.add_argument("--page", type=Path, help="page about it to write")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--scale", type=float, default=SCALE, help="how many callers, times")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    with Progress() as progress:
        run(arguments.out, arguments.seed, arguments.scale, progress)
    if arguments.page is not None:
        arguments.page.write_text(page.page(arguments.out), encoding="utf-8")


def run(bundle: Path, seed: int, scale: float, progress: Progress) -> None:
    """Train, measure, write *bundle*."""
    learning, choosing, testing = _worlds(seed, scale, progress)
    graph, threshold, decisive = _train(learning, choosing, "", seed, progress)
    metrics = {
        "threshold_set_by": decisive,
        "validation": _measure(graph, threshold, choosing),
        "test": _measure(graph, threshold, testing),
        "left_out": _left_out(learning, choosing, testing, seed, progress),
    }
    logger.info("threshold %.4f, set by %s", threshold, decisive)
    rows = sum(int(observed.enough.sum()) for observed in (learning, choosing))
    source = "simulation by classifiers/training/call_simulator, worlds of training and validation"
    card = {
        "version": bundle.name,
        "channel": "moment",
        "threshold": threshold,
        "date": datetime.now(UTC).date().isoformat(),
        "seed": seed,
        "scale": scale,
        "inputs": {"features": list(learning.names)},
        "data": [{"source": source, "licence": "own", "rows": rows}],
        "metrics": metrics,
        "golden": golden_examples.golden(_example_scores(graph, threshold)),
    }
    write_bundle(bundle, graph.SerializeToString(deterministic=True), card)
    logger.info("wrote %s", bundle)


def _worlds(seed: int, scale: float, progress: Progress) -> list[Observed]:
    observed = []
    for place, world in enumerate((worlds.TRAINING, worlds.TRAINING, worlds.TEST)):
        task = progress.add_task(f"world {place + 1} of 3: {world.name}", total=1.0)

        def advance_to(share: float, task: int = task) -> None:
            progress.update(task, completed=share)  # type: ignore[arg-type]

        observed.append(data.observe(world, scale, seed + place, advance_to))
    return observed


def _train(
    learning: Observed, choosing: Observed, left_out: str, seed: int, progress: Progress
) -> tuple[onnx.ModelProto, float, str]:
    task = progress.add_task(f"network without {left_out}" if left_out else "network", total=1.0)
    chance = np.random.default_rng(seed)
    graph = network.fit(
        *data.learnable(learning, left_out, chance),
        seed,
        lambda share: progress.update(task, completed=share),
    )
    scores = network.scorer(graph)(choosing.rows)
    threshold, _ = data.choose_threshold(choosing, scores)
    graph = network.shifted(graph, threshold)
    scores = network.scorer(graph)(choosing.rows)
    return graph, *data.choose_threshold(choosing, scores)


def _measure(graph: onnx.ModelProto, threshold: float, observed: Observed) -> Mapping[str, object]:
    scores = network.scorer(graph)(observed.rows)
    return {
        "auc": round(data.ranking(observed, scores), 4),
        "kinds": data.by_kind(observed, scores, threshold),
    }


def _left_out(
    learning: Observed, choosing: Observed, testing: Observed, seed: int, progress: Progress
) -> Figures:
    """Train without one kind of fraud at a time, and count what is marked of it."""
    figures: Figures = []
    for kind in (behaviour.name for behaviour in worlds.TRAINING.behaviours if behaviour.fraud):
        graph, threshold, _ = _train(learning, choosing, kind, seed, progress)
        row: dict[str, object] = {"kind": kind}
        for name, observed in (("validation", choosing), ("test", testing)):
            scores = network.scorer(graph)(observed.rows)
            found = data.by_kind(observed, scores, threshold)
            (of_kind,) = (figure for figure in found if figure["kind"] == kind)
            row |= {f"{name}_callers": of_kind["callers"], f"{name}_marked": of_kind["marked"]}
        figures.append(row)
    return figures


def _example_scores(graph: onnx.ModelProto, threshold: float) -> Float32s:
    examples = golden_examples.inputs()
    rows = np.column_stack(list(velocity_features(examples).values()))
    scores = network.scorer(graph)(rows)
    return cap_scores(scores, examples.velocity.attempts_hour, threshold)


if __name__ == "__main__":
    main()
