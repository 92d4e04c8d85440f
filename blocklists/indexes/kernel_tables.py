"""What `kernels/lists.c` reads of a snapshot: where its columns lie.

The columns themselves belong to segments and indexes, which must be kept as long as a table is
used.
"""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from blocklists.entries import EntryKind
from blocklists.indexes.slot_index import SlotIndex
from blocklists.snapshot.layers import LayerGroup
from fanzha import kernels
from fanzha.tables import Int64s, Uint8s

_MARKS_A_BYTE = 8


class SlotTable(ctypes.Structure):
    """A `SlotIndex`; its fields are those of `Slots` in the kernel, like the next ones'."""

    _fields_ = (
        ("slots", kernels.POINTER),
        ("directory", kernels.POINTER),
        ("marks", kernels.POINTER),
        ("count", kernels.INTEGER),
        ("bucket_bits", kernels.INTEGER),
        ("mark_bits", kernels.INTEGER),
    )

    @classmethod
    def of(cls, index: SlotIndex) -> "SlotTable":
        """Return the table of an index."""
        marks = index.marks
        return cls(
            kernels.address(kernels.checked(index.slots, np.uint64)),
            kernels.address(kernels.checked(index.directory, np.uint32)),
            None if marks is None else kernels.address(kernels.checked(marks, np.uint8)),
            len(index.slots),
            (len(index.directory) - 1).bit_length() - 1,
            0 if marks is None else (_MARKS_A_BYTE * len(marks)).bit_length() - 1,
        )


class GroupTable(ctypes.Structure):
    """Entries of one kind in one layer."""

    _fields_ = (
        ("index", SlotTable),
        ("first_row", kernels.INTEGER),
        ("layer_row", kernels.INTEGER),
        ("of_senders", kernels.INTEGER),
        ("actions", kernels.POINTER),
        ("directions", kernels.POINTER),
        ("expires_s", kernels.POINTER),
        ("dead", kernels.POINTER),
        ("dead_count", kernels.INTEGER),
    )


class RangeTable(ctypes.Structure):
    """All live ranges of a snapshot; no lengths where there are none."""

    _fields_ = (
        ("index", SlotTable),
        ("rows", kernels.POINTER),
        ("actions", kernels.POINTER),
        ("directions", kernels.POINTER),
        ("expires_s", kernels.POINTER),
        ("lengths", kernels.POINTER),
        ("length_count", kernels.INTEGER),
    )

    @classmethod
    def of(
        cls,
        index: SlotIndex,
        columns: tuple[Int64s, Uint8s, Uint8s, Int64s],
        lengths: Uint8s,
    ) -> "RangeTable":
        """Return the table of ranges: rows, actions, directions and expiry by place in *index*.

        *lengths* are the numbers of digits that ranges have, descending.
        """
        rows, actions, directions, expires_s = columns
        return cls(
            SlotTable.of(index),
            kernels.address(kernels.checked(rows, np.int64)),
            kernels.address(kernels.checked(actions, np.uint8)),
            kernels.address(kernels.checked(directions, np.uint8)),
            kernels.address(kernels.checked(expires_s, np.int64)),
            kernels.address(kernels.checked(lengths, np.uint8)),
            len(lengths),
        )


def kernel_groups(groups: Sequence[LayerGroup]) -> Any:
    """Return an array of `GroupTable`."""
    return (GroupTable * len(groups))(*map(_of_group, groups))


def _of_group(place: LayerGroup) -> GroupTable:
    layer, group = place
    segment, dead = layer.segment, layer.dead
    return GroupTable(
        SlotTable.of(group.index),
        group.first_row,
        layer.first_row,
        group.kind == EntryKind.SENDER,
        kernels.address(kernels.checked(segment.actions, np.uint8)),
        kernels.address(kernels.checked(segment.directions, np.uint8)),
        kernels.address(kernels.checked(segment.expires_s, np.uint32)),
        kernels.address(kernels.checked(dead, np.int64)) if len(dead) else None,
        len(dead),
    )
