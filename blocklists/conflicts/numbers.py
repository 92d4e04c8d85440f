"""Compares additions with listed ranges, and new ranges with what is listed within them.

A million numbers against any number of ranges take half a second; a new range against ten
million numbers of the other action about a second for each length of ranges.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from blocklists.conflicts.findings import OPPOSITES, ConflictColumns, ConflictRelation, meets
from blocklists.entries import Direction, EntryKind
from blocklists.entry_table import EntryTable
from blocklists.indexes.ranges import RangeIndex
from blocklists.indexes.slot_index import keys_of
from blocklists.snapshot.layers import Layer
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from fanzha.phone import FIRST_SENDER
from fanzha.tables import Int64s

_ROWS_AT_ONCE = 1 << 18
"""Looking up ranges takes some hundred bytes a row."""
_POWERS = 10 ** np.arange(19, dtype=np.int64)


class _Listed(NamedTuple):
    """Numbers, or ranges of one length."""

    digits: int
    keys: Int64s
    rows: Int64s
    """In the layer."""


def under(snapshot: Snapshot, additions: EntryTable, now_s: int, finding: ConflictColumns) -> None:
    """Find numbers, senders and ranges that lie within a listed range of the other action."""
    index = RangeIndex(snapshot.enforcing)
    for direction in (Direction.FROM, Direction.TO, Direction.BOTH):
        mine = (additions.kinds <= EntryKind.SENDER) & (additions.directions == direction)
        rows = np.flatnonzero(mine)
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            _under(
                index,
                direction,
                additions,
                rows[start : start + _ROWS_AT_ONCE],
                now_s=now_s,
                finding=finding,
            )


def _under(
    index: RangeIndex,
    direction: Direction,
    additions: EntryTable,
    rows: Int64s,
    *,
    now_s: int,
    finding: ConflictColumns,
) -> None:
    found = index.find_meeting(additions.keys[rows], direction, now_s)
    if found is None:
        return
    wider = found.digits < additions.digits[rows[found.queries]]
    # The deciding one is last, so it overwrites the others.
    deciding, actions = np.full(len(rows), NO_ENTRY, np.int64), np.zeros(len(rows), np.uint8)
    deciding[found.queries[wider]] = found.rows[wider]
    actions[found.queries[wider]] = found.actions[wider]
    against = np.flatnonzero(actions == OPPOSITES[additions.actions[rows]])
    finding.note(ConflictRelation.WIDER, rows[against], deciding[against])


def within(snapshot: Snapshot, additions: EntryTable, now_s: int, finding: ConflictColumns) -> None:
    """Find new ranges around listed numbers, senders and ranges of the other action."""
    ranges = np.flatnonzero(additions.kinds == EntryKind.RANGE)
    for action in np.unique(additions.actions[ranges]).tolist():
        rows = ranges[additions.actions[ranges] == action]
        for layer in snapshot.enforcing:
            for listed in _listed(layer, int(OPPOSITES[action])):
                for length in np.unique(additions.digits[rows]).tolist():
                    if listed.digits > length:
                        some = rows[additions.digits[rows] == length]
                        _within(
                            layer,
                            listed,
                            additions,
                            some,
                            length=length,
                            now_s=now_s,
                            finding=finding,
                        )


def _listed(layer: Layer, action: int) -> Iterator[_Listed]:
    for group in layer.groups(EntryKind.NUMBER, EntryKind.SENDER, EntryKind.RANGE):
        actions = layer.segment.actions[group.first_row : group.first_row + len(group)]
        at = np.flatnonzero(actions == action)
        if len(at):
            yield _Listed(group.digits, keys_of(group.index.slots[at]), at + group.first_row)


def _within(
    layer: Layer,
    listed: _Listed,
    additions: EntryTable,
    ranges: Int64s,
    *,
    length: int,
    now_s: int,
    finding: ConflictColumns,
) -> None:
    """Return the listed keys that a new range covers, by cutting keys to its length."""
    ranges = ranges[np.argsort(additions.keys[ranges])]
    range_keys = additions.keys[ranges]
    sizes = np.where(listed.keys < FIRST_SENDER, np.abs(listed.keys), 0)
    surplus = np.searchsorted(_POWERS, sizes, side="right") - length
    leading = np.sign(listed.keys) * (sizes // _POWERS[np.maximum(surplus, 0)])
    # The same range may be proposed more than once, such as for one direction each.
    first = np.searchsorted(range_keys, leading)
    times = np.searchsorted(range_keys, leading, side="right") - first
    times[surplus < 0] = 0
    inside = np.repeat(np.arange(len(leading)), times)
    nth = np.arange(len(inside)) - np.repeat(np.cumsum(times) - times, times)
    rows = ranges[first[inside] + nth]
    meet = meets(layer, listed.rows[inside], additions.directions[rows], now_s)
    finding.note_within(rows[meet], listed.rows[inside[meet]] + layer.first_row)
