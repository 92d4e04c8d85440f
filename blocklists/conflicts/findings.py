"""What a search for contradictions finds, a column each, and what it takes to contradict."""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Self

import numpy as np

from blocklists.entry_table import Identities
from blocklists.snapshot.delta import locate
from blocklists.snapshot.layers import Layer
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from fanzha.decisions import Action
from fanzha.tables import Bools, Int64s, Uint8s

NO_RELATION = 0
OPPOSITES = np.array([0, Action.BLOCK, Action.ALLOW], np.uint8)
"""By action: the other one."""


class ConflictRelation(IntEnum):
    """Relation of an addition to the entry it contradicts; values as on the wire."""

    SAME = 1
    """About the same pattern: ALLOW wins."""
    WIDER = 2
    """Within a wider entry: the addition is an exception from it."""
    NARROWER = 3
    """Around narrower entries: they stay exceptions from the addition."""
    TOGETHER = 4
    """About the same pattern as another addition: ALLOW wins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflicts:
    """What each addition contradicts; the first that applies of SAME, TOGETHER, WIDER, NARROWER."""

    relations: Uint8s
    """`NO_RELATION` for an addition that contradicts nothing."""
    others: Int64s
    """Row in the snapshot of the entry, or of one where they are several; of TOGETHER the row of
    the other addition; -1 for none."""
    counts: Int64s
    """How many entries it contradicts."""
    names_not_compared: int = 0
    """Listed names beyond those that were compared; some may lie within additions."""

    @property
    def rows(self) -> Int64s:
        """The additions that contradict something, ascending."""
        found: Int64s = np.flatnonzero(self.relations)
        return found

    def spread(self, rows: Int64s, size: int) -> Self:
        """Return the same of a larger table, in which these additions are *rows*."""
        relations, counts = np.zeros(size, np.uint8), np.zeros(size, np.int64)
        others = np.full(size, NO_ENTRY, np.int64)
        together = self.relations == ConflictRelation.TOGETHER
        relations[rows], counts[rows] = self.relations, self.counts
        others[rows] = np.where(together, rows[np.where(together, self.others, 0)], self.others)
        return replace(self, relations=relations, others=others, counts=counts)


class ConflictColumns:
    """Builds the columns; a later note overwrites an earlier one."""

    def __init__(self, rows: int) -> None:
        self._relations = np.zeros(rows, np.uint8)
        self._others = np.full(rows, NO_ENTRY, np.int64)
        self._counts = np.zeros(rows, np.int64)
        self.names_not_compared = 0

    def note(self, relation: ConflictRelation, rows: Int64s, others: Int64s) -> None:
        """Record that additions contradict one entry each."""
        self._relations[rows], self._others[rows], self._counts[rows] = relation, others, 1

    def note_within(self, rows: Int64s, others: Int64s) -> None:
        """Record entries that lie within additions, in pairs; an addition may hold several."""
        self._relations[rows], self._others[rows] = ConflictRelation.NARROWER, others
        np.add.at(self._counts, rows, 1)

    def result(self) -> Conflicts:
        """Return the conflicts."""
        return Conflicts(
            relations=self._relations,
            others=self._others,
            counts=self._counts,
            names_not_compared=self.names_not_compared,
        )


def acting(
    snapshot: Snapshot, identities: Identities, directions: Uint8s, now_s: int
) -> tuple[Int64s, Int64s]:
    """Return which of *identities* are listed for their direction, and their rows."""
    queries, found = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for layer in snapshot.enforcing:
        rows = locate(layer.segment, identities)
        there = np.flatnonzero(rows != NO_ENTRY)
        there = there[meets(layer, rows[there], directions[there], now_s)]
        queries.append(there)
        found.append(rows[there] + layer.first_row)
    return np.concatenate(queries), np.concatenate(found)


def meets(layer: Layer, rows: Int64s, directions: Uint8s, now_s: int) -> Bools:
    """Return a mask of which *rows* of a layer act in one of the *directions* beside them."""
    segment = layer.segment
    acts: Bools = segment.expires_s[rows] > now_s
    acts &= (segment.directions[rows] & directions) != 0
    acts &= ~layer.is_dead(rows)
    return acts
