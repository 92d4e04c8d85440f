"""Kinds of error: groups of subscribers by what they do, and how many of each are misjudged.

Of frauds the share that is missed, of others the share that scores above the limit, at a limit that
0.5 % of the others exceed. Scores are of networks that had not seen the subscriber.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from classifiers.caller.classifier import MINIMUM_CALLS
from classifiers.training.bundle_writer import markdown_table
from classifiers.training.caller.data import Subscribers
from classifiers.training.caller.metrics import MIDDLE_RATE
from classifiers.training.error_kinds import counts
from fanzha.tables import Bools, CallerActivity, Float32s

Bounds: TypeAlias = Mapping[str, tuple[float, float]]
"""Of measures: from the first number on, below the second."""

_ANY = np.inf
_TITLES = ("kind", "subscribers", "wrong", "share")
_MANY = {"made": (MINIMUM_CALLS, _ANY)}
_ALIKE: Mapping[str, Bounds] = {
    "no record of a call": {"calls": (0, 1)},
    f"1 to {MINIMUM_CALLS - 1} calls made": {"made": (1, MINIMUM_CALLS)},
}
FRAUDS: Mapping[str, Bounds] = {
    **_ALIKE,
    f"{MINIMUM_CALLS} to 127 calls made": {"made": (MINIMUM_CALLS, 128)},
    "1,000 calls made or more": {"made": (1000, _ANY)},
    "as often called as calling": {**_MANY, "incoming share": (0.4, _ANY)},
    "calls each number five times or more": {**_MANY, "calls a number": (5, _ANY)},
    "calls at 18 hours of the day or more": {**_MANY, "hours": (18, _ANY)},
    "calls on 20 days of the month or more": {**_MANY, "days": (20, _ANY)},
    "one handset": {**_MANY, "handsets": (1, 2)},
    "four areas or more": {**_MANY, "areas": (4, _ANY)},
    "more texts than calls": {**_MANY, "texts a call": (1, _ANY)},
    "calls of two minutes or more": {**_MANY, "seconds": (120, _ANY)},
    "calls of half a minute or less": {**_MANY, "seconds": (0, 30)},
}
"""Kinds of frauds that are missed."""
OTHERS: Mapping[str, Bounds] = {
    **_ALIKE,
    "nine in ten calls outgoing": {**_MANY, "incoming share": (0, 0.1)},
    "most numbers called once": {**_MANY, "calls a number": (0, 1.5)},
    "1,000 calls made or more, to 500 numbers or more": {
        "made": (1000, _ANY),
        "counterparts": (500, _ANY),
    },
    "100 calls a day or more": {**_MANY, "calls a day": (100, _ANY)},
    "calls at eight hours of the day or fewer": {**_MANY, "hours": (0, 9)},
    "calls on seven days of the month or fewer": {**_MANY, "days": (0, 8)},
    "five handsets or more": {**_MANY, "handsets": (5, _ANY)},
    "calls of half a minute or less": {**_MANY, "seconds": (0, 30)},
}
"""Kinds of others that score high."""


def count(scores: Float32s, subscribers: Subscribers) -> list[dict[str, object]]:
    """Count the errors of each kind; a subscriber may be of several."""
    frauds, measured = subscribers.frauds, _measures(subscribers.activity)
    ordinary = np.sort(scores[~frauds])[::-1]
    high = scores > ordinary[int(len(ordinary) * MIDDLE_RATE)]
    found: list[dict[str, object]] = []
    for label, kinds, of_label, wrong in (
        ("fraud", FRAUDS, frauds, ~high),
        ("other", OTHERS, ~frauds, high),
    ):
        for kind, bounds in kinds.items():
            rows = of_label & _within(measured, bounds)
            figures = {"rows": int(rows.sum()), "wrong": int(wrong[rows].sum())}
            found.append({"label": label, "kind": kind, **figures})
    return found


def at_threshold(
    scores: Float32s, subscribers: Subscribers, threshold: float, review: float | None
) -> counts.Lines:
    """Count what *threshold* misses and blocks of each kind, as cards of other channels do."""
    measured = _measures(subscribers.activity)
    rules = {
        label: {kind: _within(measured, bounds) for kind, bounds in kinds.items()}
        for label, kinds in ((counts.FRAUD, FRAUDS), (counts.LEGITIMATE, OTHERS))
    }
    return counts.count(rules, subscribers.frauds, scores, threshold, review)


def section(kinds: Sequence[Mapping[str, Any]]) -> str:
    """Render what `count` found."""
    titles = {"fraud": "Frauds that are missed:", "other": "Others above the limit:"}
    parts = []
    for label, title in titles.items():
        rows = [
            (one["kind"], one["rows"], one["wrong"], f"{one['wrong'] / max(one['rows'], 1):.1%}")
            for one in kinds
            if one["label"] == label
        ]
        parts.append(f"{title}\n\n{markdown_table(_TITLES, rows)}")
    return "\n\n".join(parts)


def _measures(seen: CallerActivity) -> dict[str, Float32s]:
    calls = seen.outgoing_calls + seen.incoming_calls
    some = np.maximum(calls, 1)
    return {
        "calls": calls,
        "made": seen.outgoing_calls,
        "incoming share": seen.incoming_calls / some,
        "counterparts": seen.counterparts,
        "calls a number": calls / np.maximum(seen.counterparts, 1),
        "calls a day": calls / np.maximum(seen.active_days, 1),
        "hours": seen.active_hours,
        "days": seen.active_days,
        "handsets": seen.handsets,
        "areas": seen.location_areas,
        "texts a call": (seen.texts_sent + seen.texts_received) / some,
        "seconds": seen.connected_seconds / np.maximum(seen.connected_calls, 1),
    }


def _within(measured: Mapping[str, Float32s], bounds: Bounds) -> Bools:
    inside: Bools = np.logical_and.reduce(
        [(measured[name] >= low) & (measured[name] < high) for name, (low, high) in bounds.items()]
    )
    return inside
