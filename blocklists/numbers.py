"""Finds the entry that decides for each number of a batch.

Exact numbers first, then ranges by falling number of leading digits; which entry
decides is written down in `blocklists.snapshot`. A batch costs one look-up per layer
and level (exact, and each number of digits that ranges have; thirteen are the most).
What only hits need, such as the expiry, is read for hits only.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from blocklists.entries import Direction, Entry, Kind
from blocklists.entry_table import EXACT
from blocklists.layers import NO_ENTRY, Layer, Matches, Place, places
from blocklists.slot_index import slots_of
from fanzha.decisions import Action
from fanzha.phone import FIRST_SENDER
from fanzha.tables import Int64s, Uint8s, Uint64s

_LATTER_OVERWRITES = np.array([Action.BLOCK, Action.ALLOW], np.uint8)
_POWERS = 10 ** np.arange(19, dtype=np.int64)


class _Hits(NamedTuple):
    queries: Int64s
    rows: Int64s
    """In the snapshot."""
    actions: Uint8s


class NumberIndex:
    """Looks numbers up in all layers."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._numbers = places(layers, Kind.NUMBER)
        self._senders = places(layers, Kind.NUMBER, Kind.SENDER)
        ranges = places(layers, Kind.RANGE)
        # Most specific first.
        self._ranges = [
            (digits, [place for place in ranges if place[1].digits == digits])
            for digits in sorted({group.digits for _, group in ranges}, reverse=True)
        ]

    def find(self, keys: Int64s, direction: Direction, now_s: int, *, senders: bool) -> Matches:
        """Find the deciding entry of each key; sender entries count only if *senders*."""
        matches = Matches.none(len(keys))
        _look(self._senders if senders else self._numbers, EXACT, keys, direction, now_s, matches)
        if self._ranges:
            sizes, lengths = _sizes(keys)
            for digits, where in self._ranges:
                wanted = np.sign(keys) * (sizes // _POWERS[np.maximum(lengths - digits, 0)])
                _look(where, digits, wanted, direction, now_s, matches)
        return matches

    def find_all(self, key: int) -> list[Entry]:
        """Return all entries about a number or sender, expired ones too, most decisive first."""
        keys = np.array([key], np.int64)
        found = _entries(self._senders, keys)
        sizes, lengths = _sizes(keys)
        for digits, where in self._ranges:
            wanted = np.sign(keys) * (sizes // _POWERS[np.maximum(lengths - digits, 0)])
            found += _entries(where, wanted)
        return found


def _sizes(keys: Int64s) -> tuple[Int64s, Int64s]:
    # Hashed senders have no leading digits. Numbers shorter than a range stay whole, and
    # so cannot equal it.
    sizes: Int64s = np.where(keys < FIRST_SENDER, np.abs(keys), 0)
    return sizes, np.searchsorted(_POWERS, sizes, side="right")


def _look(  # noqa: PLR0917 - a step of `find`, called once per level
    where: Sequence[Place],
    rank: int,
    keys: Int64s,
    direction: Direction,
    now_s: int,
    matches: Matches,
) -> None:
    """Let entries of one specificity decide where nothing more specific did."""
    slots = slots_of(keys)
    found = [_hits(place, slots, direction, now_s) for place in where]
    hits = [one for one in found if one is not None]
    if not hits:
        return
    undecided = [matches.rows[queries] == NO_ENTRY for queries, _, _ in hits]
    for action in _LATTER_OVERWRITES:
        for (queries, rows, actions), open_ in zip(hits, undecided, strict=True):
            these = open_ & (actions == action)
            asked = queries[these]
            matches.rows[asked] = rows[these]
            matches.actions[asked] = action
            matches.ranks[asked] = rank


def _hits(place: Place, slots: Uint64s, direction: Direction, now_s: int) -> _Hits | None:
    layer, group = place
    queries, positions = group.index.find(slots)
    if not len(queries):
        return None
    rows = positions + group.first_row
    acting = layer.acting(rows, direction, now_s)
    queries, rows = queries[acting], rows[acting]
    return _Hits(queries, rows + layer.first_row, layer.segment.actions[rows])


def _entries(where: Sequence[Place], keys: Int64s) -> list[Entry]:
    entries = []
    for layer, group in where:
        rows = group.index.find(slots_of(keys)).positions + group.first_row
        entries += [layer.segment.entry(row) for row in rows[~layer.is_dead(rows)].tolist()]
    return sorted(entries, key=lambda entry: entry.action)
