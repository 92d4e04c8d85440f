"""Writes the bundle of a caller model: the graph and its card."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from time import perf_counter

import numpy as np
import onnx

from classifiers import card
from classifiers.caller.classifier import FEATURES, FEW_CALLS, SCALED, CallerClassifier
from classifiers.onnx_model import OnnxModel
from classifiers.training import feature_histograms
from classifiers.training.bundle_writer import write_bundle
from classifiers.training.caller.data import Subscribers
from classifiers.training.caller.metrics import Score
from fanzha.tables import CallerActivity, Float32s

EXAMPLES = (
    # A dialler: hundreds of numbers in two days, no calls back.
    {"outgoing_calls": 400, "counterparts": 390, "active_days": 2, "active_hours": 8,
     "connected_calls": 150, "connected_seconds": 9000, "incoming_calls": 3,
     "texts_received": 12, "text_counterparts": 6, "handsets": 6, "location_areas": 1},
    # A subscriber with regular contacts.
    {"outgoing_calls": 60, "counterparts": 25, "active_days": 8, "active_hours": 15,
     "connected_calls": 95, "connected_seconds": 7000, "incoming_calls": 55,
     "texts_received": 40, "texts_sent": 2, "text_counterparts": 14, "handsets": 1,
     "location_areas": 3},
    # A courier: many numbers, but some call back, and every day.
    {"outgoing_calls": 300, "counterparts": 230, "active_days": 9, "active_hours": 14,
     "incoming_calls": 120},
    # Just begun.
    {"outgoing_calls": 5, "counterparts": 5, "active_days": 1, "active_hours": 2},
)  # fmt: skip
"""Activity of our own making."""

BATCH = 256


def examples() -> CallerActivity:
    """Return the activity of `EXAMPLES`."""
    return CallerActivity(
        **{
            field.name: np.array([example.get(field.name, 0) for example in EXAMPLES], np.float32)
            for field in fields(CallerActivity)
        }
    )


def write(
    bundle: Path, *, graph: onnx.ModelProto, table: Mapping[str, object], golden: Float32s
) -> None:
    """Write the bundle, and load it; *golden* are the scores of `examples`."""
    rows = [
        {**{name: float(value) for name, value in example.items()}, "score": round(score, 5)}
        for example, score in zip(EXAMPLES, golden.tolist(), strict=True)
    ]
    content = graph.SerializeToString(deterministic=True)
    inputs = {"features": list(FEATURES), FEW_CALLS: SCALED}
    about = {**table, "inputs": inputs, "golden": rows}
    write_bundle(bundle, content, about)
    CallerClassifier(OnnxModel(bundle))


def spread(looks: CallerActivity, scores: Float32s) -> dict[str, object]:
    """Return how *scores* and features of ordinary callers are spread, the reference for drift."""
    counts, _edges = np.histogram(scores, bins=card.BINS, range=(0, 1))
    return {
        "score_histogram": counts.tolist(),
        "feature_histograms": feature_histograms.of_callers(looks),
    }


def microseconds_per_row(score: Score, subscribers: Subscribers) -> float:
    """Measure scoring in batches of `BATCH`, features included; the fastest of many."""
    batch = subscribers[np.arange(BATCH) % len(subscribers)].activity
    best = np.inf
    for _ in range(200):
        begin = perf_counter()
        score(batch)
        best = min(best, perf_counter() - begin)
    return round(best / BATCH * 1e6, 2)
