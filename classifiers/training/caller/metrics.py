"""How good a caller model is: on whole observations, and on shorter ones drawn from them."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np

from classifiers.caller.classifier import MINIMUM_CALLS
from classifiers.evaluation.metrics import auc
from classifiers.training.caller.data import Generator, Subscribers, after_calls, without
from fanzha.tables import Bools, CallerActivity, Float32s

Score: TypeAlias = Callable[[CallerActivity], Float32s]

BUDGET = 0.001
"""Share of ordinary subscribers who may ever be blocked, in development."""
RATES = (0.001, 0.005, 0.01)
MOMENTS = tuple(float(MINIMUM_CALLS * 2**step) for step in range(8))
"""Numbers of outgoing calls at which subscribers are observed."""


def lives(activity: CallerActivity, chance: Generator) -> Iterator[CallerActivity]:
    """Inspect subscribers from their first scored call to the end, with and without reports."""
    for outgoing in (*MOMENTS, np.inf):
        seen = after_calls(activity, outgoing, chance)
        yield seen
        yield without(seen, ends=True, texts=True)


def highest_scores(score: Score, activity: CallerActivity, chance: Generator) -> Float32s:
    """Return the highest score of each subscriber over a simulated history."""
    highest: Float32s = np.max([score(seen) for seen in lives(activity, chance)], axis=0)
    return highest


def choose_threshold(highest: Float32s, frauds: Bools) -> float:
    """Return the lowest threshold that keeps the false-positive budget."""
    ordinary = np.sort(highest[~frauds])[::-1]
    return float(np.nextafter(ordinary[int(len(ordinary) * BUDGET)], np.float32(1)))


def measure(scores: Float32s, frauds: Bools, threshold: float) -> dict[str, object]:
    """Return the metrics of one score per subscriber."""
    ordinary = np.sort(scores[~frauds])[::-1]
    blocked = scores >= threshold
    figures: dict[str, object] = {
        "frauds": int(frauds.sum()),
        "ordinary": len(ordinary),
        "auc": _rounded(auc(scores, frauds)),
        "brier": _rounded(np.mean((scores - frauds) ** 2)),
        "blocked_frauds": int(blocked[frauds].sum()),
        "blocked_ordinary": int(blocked[~frauds].sum()),
        "recall_at_threshold": _rounded(blocked[frauds].mean()),
    }
    for rate in RATES:
        # Above the highest score that may be wrong: no ordinary subscriber more than that.
        limit = ordinary[int(len(ordinary) * rate)]
        name = f"recall_at_{rate * 100:g}_percent".replace(".", "_")
        figures[name] = _rounded(np.mean(scores[frauds] > limit))
    return figures


def calibration(scores: Float32s, frauds: Bools) -> list[dict[str, object]]:
    """Return a reliability diagram in fifths of the range of scores."""
    fifth = np.minimum((scores * 5).astype(np.int64), 4)
    return [
        {
            "believed": _rounded(scores[fifth == number].mean()),
            "true": _rounded(frauds[fifth == number].mean()),
            "subscribers": int((fifth == number).sum()),
        }
        for number in np.unique(fifth).tolist()
    ]


def report(
    raw: Score, score: Score, subscribers: Subscribers, threshold: float, seed: int
) -> dict[str, object]:
    """Measure one model on *subscribers* it has not seen.

    *raw* are scores of the graph, *score* the same with those on too few calls capped.
    """
    activity, frauds = subscribers.activity, subscribers.frauds
    figures = measure(score(activity), frauds, threshold)
    alone, called = raw(activity), activity.outgoing_calls > 0
    figures["graph_alone"] = measure(alone, frauds, threshold)
    figures["graph_alone_callers"] = measure(alone[called], frauds[called], threshold)
    for name, ends, texts in (
        ("without_ends", True, False),
        ("without_texts", False, True),
        ("calls_only", True, True),
    ):
        figures[name] = measure(score(without(activity, ends=ends, texts=texts)), frauds, threshold)
    enough = activity.outgoing_calls >= MINIMUM_CALLS
    figures["enough_calls"] = measure(score(activity)[enough], frauds[enough], threshold)
    chance = np.random.default_rng(seed)
    for outgoing in MOMENTS[:5]:
        seen = after_calls(activity, outgoing, chance)
        figures[f"imagined_after_{outgoing:g}_calls"] = measure(score(seen), frauds, threshold)
    highest = highest_scores(score, activity, chance)
    figures["imagined_ever"] = measure(highest, frauds, threshold)
    figures["calibration"] = calibration(score(activity), frauds)
    return figures


def _rounded(value: float | np.floating[Any]) -> float:
    return round(float(value), 4)
