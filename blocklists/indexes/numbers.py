"""Finds the entry that decides for each number of a batch.

Exact numbers first, then ranges; which entry decides is written down in
`blocklists.snapshot.snapshot`, and `kernels/lists.c` finds it. What only hits need, such as the
expiry, is read for hits only.
"""

import ctypes
from collections.abc import Sequence

import numpy as np

from blocklists.entries import Direction, Entry, EntryKind
from blocklists.indexes.kernel_tables import kernel_groups
from blocklists.indexes.ranges import RangeIndex
from blocklists.indexes.slot_index import slots_of
from blocklists.snapshot.layers import Layer, Matches, groups_of
from fanzha import kernels
from fanzha.tables import Int64s

_find_numbers = kernels.declare(
    "find_numbers",
    *(kernels.POINTER, kernels.INTEGER, kernels.POINTER),
    *(kernels.POINTER, kernels.INTEGER, kernels.INTEGER, kernels.INTEGER, kernels.INTEGER),
    *(kernels.POINTER, kernels.POINTER, kernels.POINTER),
)


class NumberIndex:
    """Look-up of numbers in all layers."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._senders = groups_of(layers, EntryKind.NUMBER, EntryKind.SENDER)
        self._ranges = RangeIndex(layers)
        self._layers = layers
        self._groups = kernel_groups(self._senders)
        self._ranges_for_kernel = ctypes.byref(self._ranges.for_kernel())

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
        rows = len(keys)
        entries, specific = np.empty(rows, np.int64), np.empty((2, rows), np.uint8)
        actions, ranks = specific
        if rows:
            at = kernels.address(specific)
            _find_numbers(
                *(self._groups, len(self._groups), self._ranges_for_kernel),
                *(kernels.address(keys), rows, first_to, names, now_s),
                *(kernels.address(entries), at, at + rows),
            )
        return Matches(entries, actions, ranks)

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
