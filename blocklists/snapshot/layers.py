"""One segment in its place among others, and which of its rows act."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

from blocklists.entries import Direction, EntryKind
from blocklists.snapshot.segment import KeyGroup, Segment
from fanzha.tables import Bools, Int64s, Uint8s

NO_ENTRY = -1
_FROM = np.uint8(Direction.FROM)


class Matches(NamedTuple):
    """The deciding entry of each row."""

    rows: Int64s
    """Row of the entry in the snapshot; -1 for none."""
    actions: Uint8s
    """Its action; 0 for none."""
    ranks: Uint8s
    """How specific it is; 0 for none."""

    @classmethod
    def none(cls, rows: int) -> "Matches":
        """Return *rows* rows that nothing matches."""
        entries = np.empty(rows, np.int64)
        entries.fill(NO_ENTRY)
        return cls(entries, np.zeros(rows, np.uint8), np.zeros(rows, np.uint8))

    def take(self, which: Int64s | slice) -> "Matches":
        """Return some rows."""
        return Matches(self.rows[which], self.actions[which], self.ranks[which])


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A segment in its place."""

    segment: Segment
    first_row: int
    dead: Int64s
    """Rows of the segment that were removed or replaced since, sorted."""

    def acting(self, rows: Int64s, direction: Direction | Uint8s, now_s: int) -> Bools:
        """Return a mask of which *rows* of the segment act."""
        live: Bools = self.segment.expires_s[rows] > now_s
        directed: Bools = (self.segment.directions[rows] & direction) != 0
        return live & directed & ~self.is_dead(rows)

    def is_dead(self, rows: Int64s) -> Bools:
        """Return a mask of which *rows* were removed or replaced."""
        if not len(self.dead):
            return np.zeros(len(rows), np.bool_)
        at = np.minimum(np.searchsorted(self.dead, rows), len(self.dead) - 1)
        dead: Bools = self.dead[at] == rows
        return dead

    def groups(self, *kinds: EntryKind) -> list[KeyGroup]:
        """Return the groups of some kinds."""
        return [group for group in self.segment.groups if group.kind in kinds]


def layered(
    base: Segment, overlay: Segment, dead: Int64s, shadows: Segment | None = None
) -> list[Layer]:
    """Return the layers of a snapshot: *base* without its *dead* rows, *overlay*, *shadows*."""
    nothing = np.zeros(0, np.int64)
    layers = [
        Layer(segment=base, first_row=0, dead=dead),
        Layer(segment=overlay, first_row=len(base), dead=nothing),
    ]
    if shadows is not None and len(shadows):
        first_row = len(base) + len(overlay)
        layers.append(Layer(segment=shadows, first_row=first_row, dead=nothing))
    return layers


def sides(queries: Int64s, first_to: int) -> Uint8s:
    """Return the `Direction` that each query asks for: TO from *first_to* on, FROM before."""
    directions: Uint8s = _FROM + (queries >= first_to)
    return directions


LayerGroup: TypeAlias = tuple[Layer, KeyGroup]
"""A group and its layer."""


def groups_of(layers: Sequence[Layer], *kinds: EntryKind) -> list[LayerGroup]:
    """Return where entries of some kinds are, layer by layer."""
    return [(layer, group) for layer in layers for group in layer.groups(*kinds)]
