"""Finds the entry that decides for each number of a batch.

Exact numbers first, then ranges; which entry decides is written down in
`blocklists.snapshot.snapshot`. A batch costs one look-up per layer and one among the ranges, for
both sides of its events together. What only hits need, such as the expiry, is read for
hits only.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from blocklists.entries import Direction, Entry, EntryKind
from blocklists.entry_table import EXACT
from blocklists.indexes.ranges import RangeIndex
from blocklists.indexes.slot_index import slots_of
from blocklists.snapshot.layers import Layer, LayerGroup, Matches, groups_of, sides
from fanzha.decisions import Action
from fanzha.tables import Int64s, Uint8s, Uint64s

_ALLOW = np.uint8(Action.ALLOW)


class _Hits(NamedTuple):
    queries: Int64s
    rows: Int64s
    """In the snapshot."""
    actions: Uint8s


class NumberIndex:
    """Look-up of numbers in all layers."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._numbers = groups_of(layers, EntryKind.NUMBER)
        self._senders = groups_of(layers, EntryKind.NUMBER, EntryKind.SENDER)
        self._ranges = RangeIndex(layers)
        self._layers = layers

    def find(self, keys: Int64s, direction: Direction, now_s: int, *, senders: bool) -> Matches:
        """Find the deciding entry of each key, in *direction*; sender entries only if *senders*."""
        first_to = 0 if direction == Direction.TO else len(keys)
        return self._find(keys, first_to, now_s, names=len(keys) if senders else 0)

    def find_both(
        self, from_: Int64s, to: Int64s, now_s: int, *, senders: bool
    ) -> tuple[Matches, Matches]:
        """Find the deciding entries of both parties, the latter without sender entries."""
        rows, both = len(from_), np.concatenate((from_, to))
        found = self._find(both, rows, now_s, names=rows if senders else 0)
        return found.take(slice(None, rows)), found.take(slice(rows, None))

    def _find(self, keys: Int64s, first_to: int, now_s: int, *, names: int) -> Matches:
        """Find the deciding entry of each key.

        Up to row *first_to* keys are of those who call, from there on of those who are called;
        the first *names* of them may be names, for which sender entries count.
        """
        matches = Matches.none(len(keys))
        if not len(keys):
            return matches
        # Ranges first: more specific entries overwrite them.
        covered = self._ranges.find(keys, first_to, now_s)
        if covered is not None:
            matches.rows[covered.queries] = covered.rows
            matches.actions[covered.queries] = covered.actions
            matches.ranks[covered.queries] = covered.digits
        slots = slots_of(keys)
        found = []
        for place in self._senders if names else self._numbers:
            eligible = slots[:names] if place[1].kind == EntryKind.SENDER else slots
            hits = _hits(place, eligible, first_to, now_s)
            if hits is not None:
                found.append(hits)
        for queries, rows, actions in found:
            matches.rows[queries] = rows
            matches.actions[queries] = actions
            matches.ranks[queries] = EXACT
        for queries, rows, actions in found:
            # Of two entries for one number ALLOW stays, whatever came last.
            allowing = (actions == _ALLOW).nonzero()[0]
            if len(allowing):
                matches.rows[queries[allowing]] = rows[allowing]
                matches.actions[queries[allowing]] = _ALLOW
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


def _hits(place: LayerGroup, slots: Uint64s, first_to: int, now_s: int) -> _Hits | None:
    layer, group = place
    queries, positions = group.index.find(slots)
    if not len(queries):
        return None
    rows = positions + group.first_row
    acting = layer.acting(rows, sides(queries, first_to), now_s)
    queries, rows = queries[acting], rows[acting]
    return _Hits(queries, rows + layer.first_row, layer.segment.actions[rows])
