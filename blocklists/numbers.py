"""Finds the entry that decides for each number of a batch.

Exact numbers first, then ranges; which entry decides is written down in
`blocklists.snapshot`. A batch costs one look-up per layer and one among the ranges.
What only hits need, such as the expiry, is read for hits only.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from blocklists.entries import Direction, Entry, Kind
from blocklists.entry_table import EXACT
from blocklists.layers import Layer, Matches, Place, places
from blocklists.ranges import RangeIndex
from blocklists.slot_index import slots_of
from fanzha.decisions import Action
from fanzha.tables import Int64s, Uint8s, Uint64s


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
        self._ranges = RangeIndex(layers)
        self._layers = layers

    def find(self, keys: Int64s, direction: Direction, now_s: int, *, senders: bool) -> Matches:
        """Find the deciding entry of each key; sender entries count only if *senders*."""
        matches = Matches.none(len(keys))
        # Ranges first: what is more specific overwrites them.
        covered = self._ranges.find(keys, direction, now_s)
        if covered is not None:
            matches.rows[covered.queries] = covered.rows
            matches.actions[covered.queries] = covered.actions
            matches.ranks[covered.queries] = covered.digits
        slots = slots_of(keys)
        where = self._senders if senders else self._numbers
        found = [_hits(place, slots, direction, now_s) for place in where]
        hits = [one for one in found if one is not None]
        for action in (Action.BLOCK, Action.ALLOW):  # the latter overwrites the former
            for queries, rows, actions in hits:
                these = actions == action
                asked = queries[these]
                matches.rows[asked] = rows[these]
                matches.actions[asked] = action
                matches.ranks[asked] = EXACT
        return matches

    def find_all(self, key: int) -> list[Entry]:
        """Return all entries about a number or sender, expired ones too, most decisive first."""
        return [*self._exact(np.array([key], np.int64)), *self._covering(key)]

    def _exact(self, keys: Int64s) -> list[Entry]:
        entries: list[Entry] = []
        for layer, group in self._senders:
            rows = group.index.find(slots_of(keys)).positions + group.first_row
            entries += [layer.segment.entry(row) for row in rows[~layer.is_dead(rows)].tolist()]
        return sorted(entries, key=lambda entry: entry.action)

    def _covering(self, key: int) -> list[Entry]:
        rows = self._ranges.find_all(key)
        layers = [next(x for x in reversed(self._layers) if row >= x.first_row) for row in rows]
        pairs = zip(layers, rows, strict=True)
        return [layer.segment.entry(row - layer.first_row) for layer, row in pairs]


def _hits(place: Place, slots: Uint64s, direction: Direction, now_s: int) -> _Hits | None:
    layer, group = place
    queries, positions = group.index.find(slots)
    if not len(queries):
        return None
    rows = positions + group.first_row
    acting = layer.acting(rows, direction, now_s)
    queries, rows = queries[acting], rows[acting]
    return _Hits(queries, rows + layer.first_row, layer.segment.actions[rows])
