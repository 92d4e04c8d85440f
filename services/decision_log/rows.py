"""Selects the logged rows of a batch, on the decision path: column operations only.

Logged in full are blocked rows, what the velocity model or the graph marked, rows that a shadow
entry would have blocked, rows that only monitor mode let through, and rows of watched numbers; each
has the weight 1. The other rows were let through, for whatever reason (an allow entry, a protected
number, a broken model). One in *n* of them is logged, selected by the decision id, with the
*weight* n: the number of rows it stands for.

The activity of a caller is logged where somebody may ask why: for blocked and marked calls, and for
those that score at least half of the threshold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, assert_never

import numpy as np

from fanzha.decisions import Action, Decisions, Detail, Reason, WouldBlock
from fanzha.tables import (
    MAX_ROWS,
    Bools,
    CallerActivity,
    Calls,
    Channel,
    Float32s,
    Int64s,
    Links,
    Texts,
    Uint8s,
    Uint32s,
    Uint64s,
    picked,
)
from services.decision.observer import Table
from services.decision_log import schema
from services.decision_log.handsets.handset_hash import HandsetHash
from services.decision_log.watchlist import Watchlist

# The golden ratio of 2**64: its multiples are spread very evenly, so that almost exactly the
# configured share of any run of ids is selected, with no period that traffic could match.
_GOLDEN = 0x9E37_79B9_7F4A_7C15
_STEPS: Uint64s = np.arange(MAX_ROWS, dtype=np.uint64) * np.uint64(_GOLDEN)

# Access to an enum member costs a microsecond; these constants avoid it.
_ALLOW, _VELOCITY = np.uint8(Action.ALLOW), np.uint8(Reason.VELOCITY)
_NEAR = np.float32(0.5)
"""From this share of the threshold on, the activity of an allowed caller is logged."""
_OF_BATCH = (
    "first_id",
    "carriers",
    "details",
    "would_block",
    "list_version",
    "model_version",
    "velocity_version",
    "link_version",
    "velocity_threshold",
    "policy_version",
    "settings",
)
"""What `LoggedRows` has from `Decisions` as it is, for the whole batch."""
_NO_ROWS: Int64s = np.zeros(0, np.int64)
_NO_ACTIVITY: Float32s = np.zeros((len(schema.ACTIVITY), 0), np.float32)
_NO_LINKS: tuple[Sequence[str], Int64s] = ((), np.zeros(0, np.int64))


class SampledRows(NamedTuple):
    """Which rows of a batch are logged."""

    rows: Int64s
    weights: Uint32s


class _Sides(NamedTuple):
    """The parties, times and names of all rows of a batch."""

    from_keys: Int64s
    to_keys: Int64s
    occurred_at_ms: Int64s
    names: Mapping[int, str]


class _Strings(NamedTuple):
    """The links, bodies and trunks of the logged rows; see `LoggedRows`."""

    urls: Sequence[str]
    bodies: Sequence[str]
    text_links: tuple[Sequence[str], Int64s]
    trunks: Sequence[str]


class _Answers(NamedTuple):
    """What was decided of the logged rows; see `LoggedRows`."""

    actions: Uint8s
    reasons: Uint8s
    scores: Float32s
    threshold: float | Float32s
    monitored: Bools | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRows:
    """The logged rows of one batch."""

    channel: Channel
    rows: Int64s
    """Where they were in the batch; mappings of the batch are read by it."""
    first_id: int
    from_keys: Int64s
    to_keys: Int64s
    occurred_at_ms: Int64s
    ingress: Uint8s
    attestations: Uint8s
    names: Mapping[int, str]
    urls: Sequence[str]
    """Of links: one a row."""
    text_urls: Sequence[str]
    """Of texts: the links found in them, and in which row of the batch each was."""
    text_owners: Int64s
    bodies: Sequence[str]
    """Of texts, where their contents are logged."""
    trunks: Sequence[str]
    """Of calls and texts: the trunk group or route of each, empty where unknown."""
    activity_places: Int64s
    """Of calls: the places among the logged rows whose activity is logged, ascending."""
    activity: Float32s
    """A row for each of `schema.ACTIVITY`, a column for each of these places."""
    held: Uint32s | None
    """The rules that held, see `services.decision.rules`."""
    actions: Uint8s
    reasons: Uint8s
    scores: Float32s
    weights: Uint32s
    details: Mapping[int, Detail]
    would_block: Mapping[int, WouldBlock]
    threshold: float | Float32s
    """One for all rows, or a column where policies of carriers apply."""
    monitored: Bools | None
    """Rows that were let through only because their carrier monitors the channel; None: none."""
    carriers: Sequence[tuple[str, int]]
    """Of the whole batch; see `fanzha.decisions.Decisions`."""
    list_version: int
    model_version: str
    velocity_version: str
    link_version: str
    velocity_threshold: float | None
    policy_version: int
    settings: str
    decided_at_ms: int
    handset_hashes: Uint64s | None = None
    """Of calls, where handsets are logged: the keyed hash of each, 0 where unknown; None: none."""

    def __len__(self) -> int:
        return len(self.rows)

    def ids(self) -> Uint64s:
        """Return the decision ids."""
        return np.uint64(self.first_id) + self.rows.astype(np.uint64)


class RowSampler:
    """Chooses the rows that are logged."""

    def __init__(self, *, allowed_one_in: int, watched: Watchlist) -> None:
        """Log one in *allowed_one_in* of what was let through; 0: none, 1: all."""
        self._weight = np.uint32(allowed_one_in)
        self._limit = np.uint64(2**64 // allowed_one_in - 1) if allowed_one_in else None
        self._watched = watched

    def of(self, decisions: Decisions, from_keys: Int64s, to_keys: Int64s) -> SampledRows | None:
        """Choose rows of a batch; None for none."""
        always = self._logged_in_full(decisions, from_keys, to_keys)
        if self._limit is None:
            rows = always.nonzero()[0]
            return SampledRows(rows, np.ones(len(rows), np.uint32)) if len(rows) else None
        first = np.uint64(decisions.first_id * _GOLDEN % 2**64)
        logged = _STEPS[: len(always)] + first <= self._limit
        logged |= always
        rows = logged.nonzero()[0]
        if not len(rows):
            return None
        return SampledRows(rows, np.where(always[rows], np.uint32(1), self._weight))

    def _logged_in_full(self, decisions: Decisions, from_keys: Int64s, to_keys: Int64s) -> Bools:
        always = decisions.blocked_or_marked()
        watched = self._watched.among(from_keys, to_keys)
        if watched is not None:
            always = always | watched
        if decisions.monitored is not None:
            always = always | decisions.monitored
        if decisions.would_block:
            always = always.copy()
            always[list(decisions.would_block)] = True
        return always


def cut(
    choice: RowSampler,
    channel: Channel,
    table: Table,
    decisions: Decisions,
    *,
    decided_at_ms: int,
    text_links: tuple[Sequence[str], Int64s] | None,
    with_bodies: bool,
    activity: CallerActivity | None = None,
    handsets: HandsetHash | None = None,
) -> LoggedRows | None:
    """Cut the rows of a batch that are logged; None when there are none.

    Without *handsets* nothing is kept of them.
    """
    sides = _sides(table)
    sample = choice.of(decisions, sides.from_keys, sides.to_keys)
    if sample is None:
        return None
    strings = _strings(table, sample.rows, text_links, with_bodies=with_bodies)
    return _cut_rows(
        channel=channel,
        table=table,
        decisions=decisions,
        sample=sample,
        sides=sides,
        strings=strings,
        decided_at_ms=decided_at_ms,
        activity=activity,
        handset_hashes=None if handsets is None else _handsets_of(table, sample.rows, handsets),
    )


def _cut_rows(
    *,
    channel: Channel,
    table: Table,
    decisions: Decisions,
    sample: SampledRows,
    sides: _Sides,
    strings: _Strings,
    decided_at_ms: int,
    activity: CallerActivity | None,
    handset_hashes: Uint64s | None,
) -> LoggedRows:
    rows = sample.rows
    ingress, attestations = _entered(table, rows)
    answers = _answers_of(decisions, rows)
    activity_places, columns = _activity_of(answers, rows, activity)
    return LoggedRows(
        channel=channel,
        rows=rows,
        from_keys=sides.from_keys[rows],
        to_keys=sides.to_keys[rows],
        occurred_at_ms=sides.occurred_at_ms[rows],
        ingress=ingress,
        attestations=attestations,
        names=sides.names,
        urls=strings.urls,
        text_urls=strings.text_links[0],
        text_owners=strings.text_links[1],
        bodies=strings.bodies,
        trunks=strings.trunks,
        handset_hashes=handset_hashes,
        activity_places=activity_places,
        activity=columns,
        held=None if decisions.held is None else decisions.held[rows],
        weights=sample.weights,
        decided_at_ms=decided_at_ms,
        **answers._asdict(),
        **{name: getattr(decisions, name) for name in _OF_BATCH},
    )


def _answers_of(decisions: Decisions, rows: Int64s) -> _Answers:
    own, monitored = decisions.thresholds, decisions.monitored
    return _Answers(
        actions=decisions.actions[rows],
        reasons=decisions.reasons[rows],
        scores=decisions.scores[rows],
        threshold=decisions.threshold if own is None else own[rows],
        monitored=None if monitored is None else monitored[rows],
    )


def _activity_of(
    answers: _Answers, rows: Int64s, activity: CallerActivity | None
) -> tuple[Int64s, Float32s]:
    """Return the places among *rows* whose activity is logged, and its columns there."""
    if activity is None:
        return _NO_ROWS, _NO_ACTIVITY
    suspected: Bools = answers.scores >= np.asarray(answers.threshold, np.float32) * _NEAR
    suspected |= answers.actions != _ALLOW
    suspected |= answers.reasons == _VELOCITY
    if answers.monitored is not None:
        suspected |= answers.monitored
    places = suspected.nonzero()[0]
    if not len(places):
        return _NO_ROWS, _NO_ACTIVITY
    chosen = rows[places]
    columns = np.empty((len(schema.ACTIVITY), len(places)), np.float32)
    # Half the time of indexing each column and stacking them.
    for name, column in zip(schema.ACTIVITY, columns, strict=True):
        getattr(activity, name).take(chosen, out=column, mode="clip")
    return places, columns


def _handsets_of(table: Table, rows: Int64s, handsets: HandsetHash) -> Uint64s | None:
    if not isinstance(table, Calls) or not table.handset_texts:
        return None
    return handsets.of(picked(table.handset_texts, rows))


def _sides(table: Table) -> _Sides:
    match table:
        case Calls():
            return _Sides(table.callers, table.callees, table.attempted_at_ms, table.names)
        case Texts():
            return _Sides(table.senders, table.receivers, table.submitted_at_ms, table.names)
        case Links():
            # A link has a subscriber and no other party.
            no_party = np.zeros(len(table), np.int64)
            return _Sides(no_party, table.subscribers, table.requested_at_ms, {})
    assert_never(table)


def _entered(table: Table, rows: Int64s) -> tuple[Uint8s, Uint8s]:
    unknown = np.zeros(len(rows), np.uint8)
    if isinstance(table, Calls):
        return table.ingress[rows], table.attestations[rows]
    return (table.ingress[rows] if isinstance(table, Texts) else unknown), unknown


def _strings(
    table: Table,
    rows: Int64s,
    text_links: tuple[Sequence[str], Int64s] | None,
    *,
    with_bodies: bool,
) -> _Strings:
    """Pick links and bodies row by row, as only few rows are logged."""
    if isinstance(table, Links):
        return _Strings(picked(table.urls, rows), (), _NO_LINKS, ())
    trunks: Sequence[str] = picked(table.trunks, rows)
    if not any(trunks):  # most switches report none
        trunks = ()
    if not isinstance(table, Texts):
        return _Strings((), (), _NO_LINKS, trunks)
    bodies = picked(table.bodies, rows) if with_bodies else ()
    return _Strings((), bodies, _links_of(rows, text_links, len(table)), trunks)


def _links_of(
    rows: Int64s, text_links: tuple[Sequence[str], Int64s] | None, of: int
) -> tuple[Sequence[str], Int64s]:
    if text_links is None or not len(text_links[0]):
        return _NO_LINKS
    urls, owners = text_links
    logged = np.zeros(of, np.bool_)
    logged[rows] = True
    places = logged[owners].nonzero()[0]
    return [urls[place] for place in places.tolist()], owners[places]
