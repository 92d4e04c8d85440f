"""Finds the ranges that cover numbers, all lengths and layers at once.

Ranges are few, so each snapshot has one index over all of them, with what a hit needs
beside it. A batch costs one look-up of as many keys as it has numbers times lengths of
ranges (thirteen at most), about 0.02 µs each.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from blocklists.entries import Direction, EntryKind
from blocklists.indexes.kernel_tables import RangeTable
from blocklists.indexes.slot_index import SlotIndex, keys_of, slots_of
from blocklists.snapshot.layers import Layer, groups_of
from fanzha.phone import FIRST_SENDER
from fanzha.tables import Int64s, Uint8s, Uint64s

_POWERS = 10 ** np.arange(19, dtype=np.int64)
_LENGTHS = 16
"""More than there are; a key times this, plus the length, is another number."""


class CoveredPairs(NamedTuple):
    """Pairs of numbers and ranges that cover them; the deciding range of a number is last."""

    queries: Int64s
    rows: Int64s
    """In the snapshot."""
    actions: Uint8s
    digits: Uint8s


class RangeIndex:
    """All live ranges of a snapshot."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        parts = [_columns(layer) for layer in layers]
        slots, rows, actions, directions, expires_s, digits = map(
            np.concatenate, zip(*parts, strict=True)
        )
        order = np.argsort(slots)
        self._index = SlotIndex.build(slots[order]) if len(order) else None
        self._rows: Int64s = rows[order]
        self._actions: Uint8s = actions[order]
        self._directions: Uint8s = directions[order]
        self._expires_s: Int64s = expires_s[order]
        self._digits: Uint8s = digits[order]
        self._descending: Uint8s = np.unique(digits)[::-1].astype(np.uint8)
        self._lengths: Int64s = np.unique(digits).astype(np.int64)[:, None]

    def for_kernel(self) -> RangeTable:
        """Return what the kernel of `blocklists.indexes.numbers` reads."""
        if self._index is None:
            return RangeTable()
        columns = self._rows, self._actions, self._directions, self._expires_s
        return RangeTable.of(self._index, columns, self._descending)

    def find_meeting(self, keys: Int64s, direction: Direction, now_s: int) -> CoveredPairs | None:
        """Return the acting ranges that cover *keys* on any side of *direction*."""
        if self._index is None:
            return None
        flat, places_ = self._index.find(self._slots(keys))
        if not len(flat):
            return None
        queries = flat % len(keys)
        directed = self._directions[places_] & np.uint8(direction) != 0
        acting = (self._expires_s[places_] > now_s) & directed
        return self._covered(queries[acting], places_[acting])

    def find_all(self, key: int) -> list[int]:
        """Return the rows of all ranges that cover *key*, the most decisive first."""
        keys = np.array([key], np.int64)
        if self._index is None:
            return []
        flat, places_ = self._index.find(self._slots(keys))
        rows: list[int] = self._covered(flat % 1, places_).rows[::-1].tolist()
        return rows

    def _covered(self, queries: Int64s, places_: Int64s) -> CoveredPairs:
        digits, actions = self._digits[places_], self._actions[places_]
        # The longer range decides; of two alike ALLOW, which is the lower number.
        order = np.lexsort((-actions.astype(np.int64), digits))
        return CoveredPairs(
            queries[order], self._rows[places_[order]], actions[order], digits[order]
        )

    def _slots(self, keys: Int64s) -> Uint64s:
        """Return the slots to look up: all keys cut to one length, then to the next."""
        # Hashed senders have no leading digits. Numbers shorter than a range stay whole, and
        # so cannot equal it.
        sizes = np.where(keys < FIRST_SENDER, np.abs(keys), 0)
        surplus = np.searchsorted(_POWERS, sizes, side="right") - self._lengths
        leading = np.sign(keys) * (sizes // _POWERS[np.maximum(surplus, 0)])
        return slots_of((leading * _LENGTHS + self._lengths).ravel())


def _columns(layer: Layer) -> tuple[Uint64s, Int64s, Uint8s, Uint8s, Int64s, Uint8s]:
    groups = [group for _, group in groups_of([layer], EntryKind.RANGE)]
    rows = np.concatenate(
        [
            np.zeros(0, np.int64),
            *(np.arange(group.first_row, group.first_row + len(group)) for group in groups),
        ]
    )
    lengths = np.repeat(
        np.array([group.digits for group in groups], np.int64), [len(group) for group in groups]
    )
    keys = np.concatenate(
        [np.zeros(0, np.int64), *(keys_of(group.index.slots) for group in groups)]
    )
    live = ~layer.is_dead(rows)
    rows, lengths, keys = rows[live], lengths[live], keys[live]
    return (
        slots_of(keys * _LENGTHS + lengths),
        rows + layer.first_row,
        layer.segment.actions[rows],
        layer.segment.directions[rows],
        layer.segment.expires_s[rows].astype(np.int64),
        lengths.astype(np.uint8),
    )
