"""How soon frauds are noticed, and how many ordinary callers are: on worlds of other seeds.

Figures of a simulation. Time runs from a caller's first call, pauses included. Alarms are ordinary
callers who were ever marked, for each 100,000 of them that made calls in the world's days.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from classifiers.evaluation.metrics import share_interval
from classifiers.training.bundle_writer import markdown_table
from classifiers.training.call_simulator import worlds
from classifiers.training.call_simulator.worlds import World
from classifiers.training.velocity.data import Observed
from fanzha.tables import Bools, Float32s, Int64s

Figures: TypeAlias = list[dict[str, object]]

SEEDS = 2
"""Of each world."""
FIRST_SEED = 1000
"""Above the training's seed, far from those of its own worlds."""
SOON_MINUTES, LATER_MINUTES = 10, 60
_MINUTE_MS = 60_000
_EACH = 100_000
_TITLES = (
    *("kind", "callers", "marked", f"within {SOON_MINUTES} minutes", f"within {LATER_MINUTES}"),
    *("minutes, median", "nine in ten", "calls, median"),
)
_ALARM_TITLES = ("world", "ordinary callers", "ever marked", "for each 100,000", "95 %")


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstMarks:
    """When callers are first marked."""

    marked: Bools
    """Of callers: ever."""
    minutes: Float32s
    """From the first call to the first mark; of callers never marked infinite."""
    calls: Int64s
    """The place of the marked call among the caller's, from 1; 0 of callers never marked."""


def first_marks(observed: Observed, scores: Float32s, threshold: float) -> FirstMarks:
    """Find the first mark of each caller."""
    callers = len(observed.kinds)
    marked = observed.enough & (scores >= np.float32(threshold))
    began = np.full(callers, np.iinfo(np.int64).max)
    np.minimum.at(began, observed.who, observed.times)
    at = np.full(callers, np.iinfo(np.int64).max)
    np.minimum.at(at, observed.who[marked], observed.times[marked])
    ever = np.bincount(observed.who[marked], minlength=callers) > 0
    until = observed.times <= at[observed.who]
    calls = np.bincount(observed.who[until], minlength=callers)
    waited = (at - np.where(ever, began, 0)) / _MINUTE_MS
    return FirstMarks(
        marked=ever,
        minutes=np.where(ever, waited, np.inf).astype(np.float32),
        calls=np.where(ever, calls, 0),
    )


def fresh(
    observe: Callable[[World, int], Observed], score: Callable[[Float32s], Float32s], seed: int
) -> Iterator[tuple[World, Observed, Float32s]]:
    """Let worlds of seeds that nothing was learnt from or chosen on live, one at a time."""
    for world in (worlds.TRAINING, worlds.TEST):
        for place in range(SEEDS):
            observed = observe(world, seed + FIRST_SEED + place)
            yield world, observed, score(observed.rows)


def measure(
    lives: Iterator[tuple[World, Observed, Float32s]], threshold: float
) -> dict[str, Figures]:
    """Return figures of each kind of fraud, and the alarms, by world."""
    of_world: dict[str, list[tuple[Observed, FirstMarks]]] = {}
    for world, observed, scores in lives:
        found = first_marks(observed, scores, threshold)
        # The rows are hundreds of megabytes, and no longer needed.
        of_world.setdefault(world.name, []).append((observed.without_rows(), found))
    return {
        "alarms": [_alarms(world, pairs) for world, pairs in of_world.items()],
        "frauds": [row for world, pairs in of_world.items() for row in _frauds(world, pairs)],
    }


def alarms(found: Sequence[Mapping[str, Any]]) -> str:
    """Render the alarms that `measure` found."""
    rows = [
        (
            *(row["world"], f"{row['callers']:,}", row["marked"], f"{row['rate']:.0f}"),
            f"{row['low']:.0f} to {row['high']:.0f}",
        )
        for row in found
    ]
    return markdown_table(_ALARM_TITLES, rows)


def frauds(found: Sequence[Mapping[str, Any]]) -> str:
    """Render the frauds that `measure` found, a table for each world."""
    parts = []
    for world in dict.fromkeys(row["world"] for row in found):
        rows = [_cells(row) for row in found if row["world"] == world]
        parts.append(f"World of {world}:\n\n{markdown_table(_TITLES, rows)}")
    return "\n\n".join(parts)


def _alarms(world: str, pairs: Sequence[tuple[Observed, FirstMarks]]) -> dict[str, object]:
    ordinary = [~observed.frauds[observed.kinds] for observed, _ in pairs]
    callers = sum(int(one.sum()) for one in ordinary)
    marked = sum(
        int(found.marked[one].sum()) for one, (_, found) in zip(ordinary, pairs, strict=True)
    )
    low, high = share_interval(marked, callers)
    return {
        "world": world,
        "callers": callers,
        "marked": marked,
        "rate": round(marked / max(callers, 1) * _EACH, 1),
        "low": round(low * _EACH, 1),
        "high": round(high * _EACH, 1),
    }


def _frauds(world: str, pairs: Sequence[tuple[Observed, FirstMarks]]) -> Figures:
    behaviours = pairs[0][0].world.behaviours
    return [
        {"world": world, "kind": behaviour.name, **_soon(kind, pairs)}
        for kind, behaviour in enumerate(behaviours)
        if behaviour.fraud
    ]


def _soon(kind: int, pairs: Sequence[tuple[Observed, FirstMarks]]) -> dict[str, object]:
    of_kind = [(observed.kinds == kind, found) for observed, found in pairs]
    minutes = np.concatenate([found.minutes[callers] for callers, found in of_kind])
    calls = np.concatenate([found.calls[callers] for callers, found in of_kind])
    ever = np.isfinite(minutes)
    figures: dict[str, object] = {
        "callers": len(minutes),
        "marked": int(ever.sum()),
        "soon": int((minutes <= SOON_MINUTES).sum()),
        "later": int((minutes <= LATER_MINUTES).sum()),
    }
    if ever.any():
        figures |= {
            "median_minutes": round(float(np.median(minutes[ever])), 1),
            "most_minutes": round(float(np.quantile(minutes[ever], 0.9)), 1),
            "median_calls": int(np.median(calls[ever])),
        }
    return figures


def _cells(row: Mapping[str, Any]) -> list[object]:
    callers = max(row["callers"], 1)
    shares = [f"{row[name]:,} ({row[name] / callers:.1%})" for name in ("marked", "soon", "later")]
    of_marked = [row.get(name, "–") for name in ("median_minutes", "most_minutes", "median_calls")]
    return [row["kind"], f"{row['callers']:,}", *shares, *of_marked]
