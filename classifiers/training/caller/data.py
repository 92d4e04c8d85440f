"""The labelled subscribers: reading, splitting, and sampling early observations of them."""

import csv
import gzip
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from classifiers.caller.classifier import TABLE_COLUMNS, activity_from_table
from fanzha.tables import Bools, CallerActivity, Float32s, Int64s

FILE = "sichuan_user_features.csv.gz"
CALL_SPREAD = 1.5
"""Standard deviation of the length of calls, as a multiple of its mean."""
MOST_AT_ONCE = 4
"""So many calls of a short observation may count as one for the hours of the day it shows."""

Generator: TypeAlias = np.random.Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribers:
    """Subscribers with the activity of their whole observation, and whether they are frauds."""

    activity: CallerActivity
    frauds: Bools

    def __len__(self) -> int:
        return len(self.frauds)

    def __getitem__(self, rows: Int64s) -> "Subscribers":
        return Subscribers(activity=take(self.activity, rows), frauds=self.frauds[rows])


def read(folder: Path) -> Subscribers:
    """Read all subscribers."""
    with gzip.open(folder / FILE, "rt", newline="") as lines:
        rows = list(csv.DictReader(lines))
    columns = {name: _column(rows, name) for name in TABLE_COLUMNS}
    return Subscribers(
        activity=activity_from_table(columns), frauds=_column(rows, "label").astype(np.bool_)
    )


def split(frauds: Bools, chance: Generator) -> tuple[Int64s, Int64s, Int64s]:
    """Draw the rows of train, validation and test: 60, 20 and 20 % of frauds and others alike."""
    parts: tuple[list[Int64s], ...] = ([], [], [])
    for kind in (True, False):
        rows = chance.permutation(np.flatnonzero(frauds == kind))
        ends = [len(rows) * 3 // 5, len(rows) * 4 // 5]
        for part, some in zip(parts, np.split(rows, ends), strict=True):
            part.append(some)
    train, validation, test = (np.concatenate(part) for part in parts)
    return train, validation, test


def after_calls(
    activity: CallerActivity, outgoing: Float32s | float, chance: Generator
) -> CallerActivity:
    """Imagine each subscriber after its first *outgoing* calls; those with fewer stay whole.

    Totals of months say little about a caller who is watched since this morning, so
    shorter observations are drawn: calls and texts are kept at random; counterparts, and
    hours of the day, follow as if the calls for each were distributed geometrically; days
    follow in proportion. One to four calls at once fall into an hour. Real contacts are more
    uneven and come in bursts, so real ordinary subscribers repeat their counterparts more
    than imagined ones: we err against us.
    """
    share = np.minimum(outgoing / np.maximum(activity.outgoing_calls, 1), 1)
    # The order of the draws is part of what a seed means.
    events = _sampled_events(activity, share, chance)
    apart = _sampled_apart(share, chance)
    all_calls = activity.outgoing_calls + activity.incoming_calls
    all_texts = activity.texts_sent + activity.texts_received
    counterparts = _met_after(activity.counterparts, all_calls, share, chance)
    hours = _met_after(activity.active_hours, all_calls, apart, chance)
    seconds = _connected_seconds(activity, events.calls, chance)
    written_with = _met_after(activity.text_counterparts, all_texts, share, chance)
    handsets, areas = _places_after(activity, (share, apart), chance)
    imagined = CallerActivity(
        outgoing_calls=events.made,
        incoming_calls=events.got,
        counterparts=np.minimum(counterparts, events.calls),
        active_days=np.maximum(np.ceil(activity.active_days * share), 1).astype(np.float32),
        active_hours=np.minimum(hours, events.calls),
        ended_calls=events.made,
        answered_calls=events.made,
        connected_calls=events.calls,
        connected_seconds=seconds,
        texts_sent=events.sent,
        texts_received=events.received,
        text_counterparts=np.minimum(written_with, events.texts),
        handsets=np.minimum(handsets, events.made),
        location_areas=np.minimum(areas, events.made),
    )
    return _where(share >= 1, activity, imagined)


def without(
    activity: CallerActivity,
    *,
    ends: Bools | bool,
    texts: Bools | bool,
    handsets: Bools | bool = False,
    areas: Bools | bool = False,
) -> CallerActivity:
    """Hide what a carrier may not report.

    These are the *ends* of calls, *texts*, and which *handsets* and *areas* calls come from.
    """
    nothing = CallerActivity(**{name: np.zeros(len(activity), np.float32) for name in _NAMES})
    hidden = {
        "ended_calls": ends,
        "answered_calls": ends,
        "connected_calls": ends,
        "connected_seconds": ends,
        "texts_sent": texts,
        "texts_received": texts,
        "text_counterparts": texts,
        "handsets": handsets,
        "location_areas": areas,
    }
    return CallerActivity(
        **{
            name: np.where(
                hidden.get(name, False), getattr(nothing, name), getattr(activity, name)
            ).astype(np.float32)
            for name in _NAMES
        }
    )


def take(activity: CallerActivity, rows: Int64s) -> CallerActivity:
    """Return some rows."""
    return CallerActivity(**{name: getattr(activity, name)[rows] for name in _NAMES})


def joined(looks: Iterable[CallerActivity]) -> CallerActivity:
    """Concatenate observations."""
    looks = list(looks)
    return CallerActivity(
        **{name: np.concatenate([getattr(look, name) for look in looks]) for name in _NAMES}
    )


_NAMES = tuple(field.name for field in fields(CallerActivity))


def _column(rows: list[dict[str, str]], name: str) -> Float32s:
    return np.array([float(row[name] or "nan") for row in rows], np.float32)


class _ObservationEvents(NamedTuple):
    """Calls and texts that are left of an observation."""

    made: Float32s
    got: Float32s
    sent: Float32s
    received: Float32s

    @property
    def calls(self) -> Float32s:
        return self.made + self.got

    @property
    def texts(self) -> Float32s:
        return self.sent + self.received


def _sampled_events(
    activity: CallerActivity, share: Float32s, chance: Generator
) -> _ObservationEvents:
    columns = (
        *(activity.outgoing_calls, activity.incoming_calls),
        *(activity.texts_sent, activity.texts_received),
    )
    return _ObservationEvents(
        *(
            chance.binomial(np.rint(column).astype(np.int64), share).astype(np.float32)
            for column in columns
        )
    )


def _sampled_apart(share: Float32s, chance: Generator) -> Float32s:
    """Return the shares of calls that show hours: one day's calls lie closer together than any."""
    at_once = np.exp(chance.uniform(0, np.log(MOST_AT_ONCE), len(share)))
    return (share / at_once).astype(np.float32)


def _connected_seconds(activity: CallerActivity, calls: Float32s, chance: Generator) -> Float32s:
    """Draw how long so many calls last together, around what each subscriber's last."""
    lengths = np.sqrt(np.log1p(CALL_SPREAD**2 / np.maximum(calls, 1)))
    seconds = activity.connected_seconds / np.maximum(activity.connected_calls, 1)
    return (calls * seconds * _around_one(lengths, chance)).astype(np.float32)


def _met_after(
    different: Float32s, events: Float32s, share: Float32s, chance: Generator
) -> Float32s:
    last = np.clip(different / np.maximum(events, 1), 1e-6, 1)
    unmet = last * (1 - share) / (1 - (1 - last) * (1 - share))
    met = chance.binomial(np.rint(different).astype(np.int64), 1 - unmet)
    return np.where(different > 0, np.maximum(met, 1), 0).astype(np.float32)


def _places_after(
    activity: CallerActivity, shares: tuple[Float32s, Float32s], chance: Generator
) -> tuple[Float32s, Float32s]:
    """Return handsets and areas that are left of an observation."""
    made, columns = activity.outgoing_calls, (activity.handsets, activity.location_areas)
    handsets, areas = (
        _met_after(column, made, share, chance)
        for column, share in zip(columns, shares, strict=True)
    )
    return handsets, areas


def _around_one(deviations: Float32s, chance: Generator) -> Float32s:
    return np.exp(chance.normal(size=len(deviations)) * deviations - deviations**2 / 2)


def _where(which: Bools, one: CallerActivity, other: CallerActivity) -> CallerActivity:
    return CallerActivity(
        **{name: np.where(which, getattr(one, name), getattr(other, name)) for name in _NAMES}
    )
