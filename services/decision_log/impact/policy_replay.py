"""Estimates from the decision log what another carrier policy would have decided.

Thresholds, monitor mode and what a broken model means are replayed; trunk groups are not, nor what
a rule after the score would have done. Where a new policy sets no threshold and the one before did,
that of the model is not known, and such rows count as uncertain. Callers with too few calls stay
below every threshold; where their calls were not logged, a row is uncertain, too.

Blocks for seconds with ten million logged decisions, so call it from a thread.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from classifiers.caller.classifier import MINIMUM_CALLS
from fanzha.decisions import Action, Reason
from fanzha.tables import Bools, Channel, Float32s
from services.decision.carriers.policy import CarrierPolicies, CarrierPolicy, ChannelPolicy
from services.decision_log import schema, segment_files
from services.decision_log.partitions import logged_hours
from services.decision_log.segment_files import LogSegment

_WORDS = ("action", "reason")
_COLUMNS = (*_WORDS, "carrier", "score", "monitored", "weight", "decided_at_ms", "caller_activity")
_TRIES = 5
"""Attempts: compaction may remove a segment between listing and reading."""
_BLOCK, _SCORED = np.uint8(Action.BLOCK), np.uint8(Reason.SCORED)
_FAILED = (Reason.FAILED_OPEN, Reason.FAILED_CLOSED)
_MARKS = (
    *(Reason.RELATED, Reason.VELOCITY, Reason.LINK_SCORED),
    *(Reason.SENDER_HISTORY, Reason.UNREGISTERED, Reason.REVIEW),
)
"""Reasons that only mark what the score let through."""
_NO_POLICY = CarrierPolicy()


@dataclass(slots=True, kw_only=True)
class PolicyReplay:
    """Decisions that would have differed; estimates, since let-through ones are sampled."""

    since_ms: int
    first_ms: int | None = None
    """Time of the first decision in the whole log; None for an empty one."""
    rows_examined: int = 0
    would_block: Counter[tuple[str, Channel]] = field(default_factory=Counter)
    """By carrier, empty for none, and channel: let through, and would have been blocked."""
    would_allow: Counter[tuple[str, Channel]] = field(default_factory=Counter)
    uncertain: int = 0
    """Decisions whose threshold under the new policy, or number of calls, is not known."""


def replay_policy(
    folder: Path, before: CarrierPolicies, after: CarrierPolicies, *, since_ms: int
) -> PolicyReplay:
    """Decide the rows logged since *since_ms* by both policies, and compare."""
    for _ in range(_TRIES - 1):
        try:
            return _replay(folder, before, after, since_ms)
        except FileNotFoundError:
            continue
    return _replay(folder, before, after, since_ms)


def _replay(
    folder: Path, before: CarrierPolicies, after: CarrierPolicies, since_ms: int
) -> PolicyReplay:
    found = PolicyReplay(since_ms=since_ms)
    torn: list[Path] = []
    firsts = [_first_ms(folder, name, torn) for name in schema.FOLDERS.values()]
    found.first_ms = min((first for first in firsts if first is not None), default=None)
    for channel, name in schema.FOLDERS.items():
        for hour in logged_hours(folder, name, since_ms):
            for segment in segment_files.readable(hour, torn):
                _look(found, channel, segment, (before, after), torn)
    return found


def _first_ms(folder: Path, channel: str, torn: list[Path]) -> int | None:
    """Return the time of the first decision in a folder; None if there is none."""
    for hour in logged_hours(folder, channel):
        if segments := segment_files.readable(hour, torn):
            return min(segment.notes.first_ms for segment in segments)
    return None


def _look(
    found: PolicyReplay,
    channel: Channel,
    segment: LogSegment,
    policies: tuple[CarrierPolicies, CarrierPolicies],
    torn: list[Path],
) -> None:
    for table in segment_files.tables(segment.path, _COLUMNS, _WORDS, torn):
        rows = table.filter(pc.greater_equal(table["decided_at_ms"], found.since_ms))
        if not len(rows):
            continue
        found.rows_examined += len(rows)
        _compare(found, channel, _LoggedDecisions.of(rows), *policies)


@dataclass(frozen=True, slots=True, kw_only=True)
class _LoggedDecisions:
    """The columns of logged rows that a policy looks at."""

    carriers: Sequence[str]
    places: np.ndarray
    """Of each row in *carriers*."""
    blocked: Bools
    """Whether a rule blocked, whatever monitor mode made of it."""
    scored: Bools
    """Whether the score decides: of marked rows, too, once it reaches another threshold."""
    failed: Bools
    scores: Float32s
    calls: Float32s
    """Outgoing calls of the caller; NaN where they were not logged."""
    weights: np.ndarray

    @classmethod
    def of(cls, rows: pa.Table) -> "_LoggedDecisions":
        reasons = schema.numbers(Reason, rows["reason"].combine_chunks())
        blocked = schema.numbers(Action, rows["action"].combine_chunks()) == _BLOCK
        # Segments of earlier releases have no such columns.
        if "monitored" in rows.column_names:
            blocked |= rows["monitored"].fill_null(pa.scalar(value=False)).to_numpy()
        carriers, places = _carriers(rows)
        return cls(
            carriers=carriers,
            places=places,
            blocked=blocked,
            scored=(reasons == _SCORED) | (~blocked & np.isin(reasons, _MARKS)),
            failed=np.isin(reasons, _FAILED),
            scores=rows["score"].to_numpy(),
            calls=_outgoing_calls(rows),
            weights=rows["weight"].to_numpy(),
        )


def _carriers(rows: pa.Table) -> tuple[Sequence[str], np.ndarray]:
    if "carrier" not in rows.column_names:
        return [""], np.zeros(len(rows), np.int64)
    # Not read as a dictionary, which segments without the column refuse.
    column = rows["carrier"].combine_chunks().dictionary_encode()
    names = [*(name or "" for name in column.dictionary.to_pylist()), ""]
    return names, column.indices.fill_null(len(names) - 1).to_numpy(zero_copy_only=False)


def _outgoing_calls(rows: pa.Table) -> Float32s:
    if "caller_activity" not in rows.column_names:
        return np.full(len(rows), np.nan, np.float32)
    first = pc.list_slice(rows["caller_activity"].combine_chunks(), 0, 1)
    calls = np.full(len(rows), np.nan, np.float32)
    calls[pc.list_parent_indices(first).to_numpy()] = first.flatten().to_numpy()
    return calls


def _compare(
    found: PolicyReplay,
    channel: Channel,
    rows: _LoggedDecisions,
    before: CarrierPolicies,
    after: CarrierPolicies,
) -> None:
    old = [_in_effect(before, carrier, channel) for carrier in rows.carriers]
    new = [_in_effect(after, carrier, channel) for carrier in rows.carriers]
    was, now = _answers(rows, old, channel), _answers(rows, new, channel)
    unknown = rows.scored & _unknown(rows, old, new, channel)
    found.uncertain += int(rows.weights[unknown].sum())
    for differs, counts in ((~was & now, found.would_block), (was & ~now, found.would_allow)):
        weights = np.bincount(
            rows.places, weights=rows.weights * (differs & ~unknown), minlength=len(rows.carriers)
        )
        for carrier, weight in zip(rows.carriers, weights.tolist(), strict=True):
            if weight:
                counts[carrier, channel] += int(weight)


def _answers(rows: _LoggedDecisions, policies: Sequence[ChannelPolicy], channel: Channel) -> Bools:
    """Return which rows these policies block, by place of the carrier."""
    thresholds = _thresholds(policies)[rows.places]
    reached = rows.scores >= thresholds
    if channel is Channel.CALL:
        reached &= ~(rows.calls < MINIMUM_CALLS)
    blocked = np.where(rows.scored & ~np.isnan(thresholds), reached, rows.blocked)
    closed = np.array([one.block_on_failure for one in policies])[rows.places]
    blocked = np.where(rows.failed, closed, blocked)
    answers: Bools = blocked & ~np.array([one.monitor for one in policies])[rows.places]
    return answers


def _unknown(
    rows: _LoggedDecisions,
    old: Sequence[ChannelPolicy],
    new: Sequence[ChannelPolicy],
    channel: Channel,
) -> Bools:
    """Return which rows the log says too little of, where their threshold changes."""
    was, now = _thresholds(old)[rows.places], _thresholds(new)[rows.places]
    unknown: Bools = np.isnan(now) & ~np.isnan(was)
    if channel is Channel.CALL:
        newly = (rows.scores >= now) & ~rows.blocked
        unknown |= newly & np.isnan(rows.calls) & (was != now)
    return unknown


def _thresholds(policies: Sequence[ChannelPolicy]) -> Float32s:
    values = [np.nan if one.threshold is None else one.threshold for one in policies]
    return np.array(values, np.float32)


def _in_effect(policies: CarrierPolicies, carrier: str, channel: Channel) -> ChannelPolicy:
    held: Mapping[str, CarrierPolicy] = {name: policies[name] for name in policies.carriers}
    own = held.get(carrier, held.get("", _NO_POLICY))
    return own.channels.get(channel, ChannelPolicy())
