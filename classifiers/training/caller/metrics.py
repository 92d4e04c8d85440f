"""How good a caller model is: on whole observations, and on shorter ones drawn from them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from classifiers.caller.classifier import MINIMUM_CALLS
from classifiers.evaluation.metrics import auc
from classifiers.evaluation.risk_control import RiskControl, control_risk
from classifiers.training.caller.data import Generator, Subscribers, after_calls, without
from fanzha.tables import Bools, CallerActivity, Float32s, Int64s

Score: TypeAlias = Callable[[CallerActivity], Float32s]

BUDGET = 0.001
"""Share of ordinary subscribers who may ever be blocked, in development."""
REVIEWED = 0.005
"""Share of ordinary subscribers who may ever be put up for review, or blocked."""
RATES = (0.001, 0.005, 0.01)
MIDDLE_RATE = RATES[1]
"""At which recalls are compared: the lowest that the test part shows at all."""
DRAWS = 500
MOMENTS = tuple(float(MINIMUM_CALLS * 2**step) for step in range(8))
"""Numbers of outgoing calls at which subscribers are observed."""


_REPORTED = dict.fromkeys(("ends", "texts", "handsets", "areas"), False)
UNREPORTED: Mapping[str, Mapping[str, bool]] = {
    "without_places": {"handsets": True, "areas": True},
    "without_ends": {"ends": True},
    "without_texts": {"texts": True},
    "calls_only": dict.fromkeys(_REPORTED, True),
}
"""What a carrier may not report."""
EVERYTHING = "everything"
REPORTING = ("", "without_places", "calls_only")
"""What carriers report, for which the threshold has to hold: everything, or all but some of it."""


def seen_without(activity: CallerActivity, hidden: Mapping[str, bool]) -> CallerActivity:
    """Hide what is not reported, by the names of `UNREPORTED`."""
    return without(activity, **{**_REPORTED, **hidden})


def lives(activity: CallerActivity, chance: Generator) -> Iterator[CallerActivity]:
    """Inspect subscribers from their first scored call to the end."""
    for outgoing in (*MOMENTS, np.inf):
        yield after_calls(activity, outgoing, chance)


def highest_scores(score: Score, activity: CallerActivity, chance: Generator) -> Float32s:
    """Return the highest score of each subscriber over a simulated history.

    Shape: one row for each of `REPORTING`, for a carrier reports the same all the time.
    """
    looks = list(lives(activity, chance))
    return np.array(
        [
            np.max([score(seen_without(seen, UNREPORTED.get(name, {}))) for seen in looks], axis=0)
            for name in REPORTING
        ],
        np.float32,
    )


def choose_threshold(highest: Float32s, frauds: Bools, rate: float = BUDGET) -> RiskControl:
    """Return the lowest threshold that keeps *rate*, whatever is reported, and what it promises.

    *highest* is what `highest_scores` returns. Each kind of reporting is controlled by itself, and
    the strictest decides: the same subscribers in all three are no more evidence than in one.
    """
    found = [
        control_risk(row[~frauds], np.full(int((~frauds).sum()), name or EVERYTHING), rate=rate)
        for name, row in zip(REPORTING, highest, strict=True)
    ]
    return max(found, key=lambda one: np.inf if one.threshold is None else one.threshold)


def measure(scores: Float32s, frauds: Bools, threshold: float) -> dict[str, object]:
    """Return the metrics of one score per subscriber."""
    blocked = scores >= threshold
    figures: dict[str, object] = {
        "frauds": int(frauds.sum()),
        "ordinary": int((~frauds).sum()),
        "auc": _rounded(auc(scores, frauds)),
        "brier": _rounded(np.mean((scores - frauds) ** 2)),
        "blocked_frauds": int(blocked[frauds].sum()),
        "blocked_ordinary": int(blocked[~frauds].sum()),
        "recall_at_threshold": _rounded(blocked[frauds].mean()),
    }
    for rate in RATES:
        name = f"recall_at_{rate * 100:g}_percent".replace(".", "_")
        figures[name] = _rounded(_recall_at(scores, frauds, rate))
    return figures


def intervals(scores: Float32s, frauds: Bools, seed: int) -> dict[str, object]:
    """Return the intervals, 95 %, of AUC and of the recall at `MIDDLE_RATE`, by a bootstrap."""
    drawn = np.array([_drawn(scores, frauds, rows) for rows in _draws(frauds, seed)])
    return {
        name: _interval(column)
        for name, column in zip(("auc_interval", "recall_interval"), drawn.T, strict=True)
    }


def gain(scores: Float32s, before: Float32s, frauds: Bools, seed: int) -> dict[str, object]:
    """Return by how much *scores* are better than those *before*, with intervals, 95 %.

    Both are measured on the same draws of the same subscribers.
    """
    draws = _draws(frauds, seed)
    apart = np.array(
        [np.subtract(_drawn(scores, frauds, rows), _drawn(before, frauds, rows)) for rows in draws]
    )
    whole = np.arange(len(frauds))
    auc_gain, recall_gain = np.subtract(
        _drawn(scores, frauds, whole), _drawn(before, frauds, whole)
    ).tolist()
    return {
        "auc": [_rounded(auc_gain), *_interval(apart[:, 0])],
        "recall": [_rounded(recall_gain), *_interval(apart[:, 1])],
    }


def _draws(frauds: Bools, seed: int) -> list[Int64s]:
    """Draw subscribers with replacement, frauds and others apart."""
    chance = np.random.default_rng(seed)
    kinds = [np.flatnonzero(frauds == kind) for kind in (True, False)]
    return [
        np.concatenate([chance.choice(rows, len(rows)) for rows in kinds]) for _ in range(DRAWS)
    ]


def _drawn(scores: Float32s, frauds: Bools, rows: Int64s) -> tuple[float, float]:
    drawn, of_frauds = scores[rows], frauds[rows]
    return auc(drawn, of_frauds), _recall_at(drawn, of_frauds, MIDDLE_RATE)


def _recall_at(scores: Float32s, frauds: Bools, rate: float) -> float:
    # Above the highest score that may be wrong: no ordinary subscriber more than that.
    ordinary = np.sort(scores[~frauds])[::-1]
    return float(np.mean(scores[frauds] > ordinary[int(len(ordinary) * rate)]))


def _interval(drawn: npt.NDArray[np.float64]) -> list[float]:
    return [_rounded(one) for one in np.percentile(drawn, (2.5, 97.5))]


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

    *raw* are scores of the graph, *score* the same with those on too few calls scaled.
    """
    activity, frauds = subscribers.activity, subscribers.frauds
    figures = measure(score(activity), frauds, threshold)
    figures |= intervals(score(activity), frauds, seed)
    alone, called = raw(activity), activity.outgoing_calls > 0
    figures["graph_alone"] = measure(alone, frauds, threshold)
    figures["graph_alone_callers"] = measure(alone[called], frauds[called], threshold)
    for name, hidden in UNREPORTED.items():
        seen = seen_without(activity, hidden)
        around = intervals(score(seen), frauds, seed)
        figures[name] = measure(score(seen), frauds, threshold) | around
    enough = activity.outgoing_calls >= MINIMUM_CALLS
    figures["enough_calls"] = measure(score(activity)[enough], frauds[enough], threshold)
    chance = np.random.default_rng(seed)
    for outgoing in MOMENTS[:5]:
        seen = after_calls(activity, outgoing, chance)
        figures[f"imagined_after_{outgoing:g}_calls"] = measure(score(seen), frauds, threshold)
    highest = highest_scores(score, activity, chance)
    figures["imagined_ever"] = measure(highest[0], frauds, threshold)
    figures["calibration"] = calibration(score(activity), frauds)
    return figures


def _rounded(value: float | np.floating[Any]) -> float:
    return round(float(value), 4)
