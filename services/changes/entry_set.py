"""A set of entry identities with bulk lookup: sorted 64-bit hashes, binary search.

Identities whose hashes collide are compared in full.
"""

from dataclasses import dataclass

import numpy as np

from blocklists.entries import TEXT_KINDS
from blocklists.entry_table import Identities, concatenate_identities
from fanzha.tables import Bools, Int64s, Uint64s

NOT_FOUND = -1

_MIX = np.uint64(0x9E37_79B9_7F4A_7C15)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySet:
    """The entry identities one change request touches."""

    identities: Identities
    order: Int64s
    hashes: Uint64s
    """Sorted; hash i is of row ``order[i]`` of ``identities``."""

    @classmethod
    def of(cls, *parts: Identities) -> "EntrySet":
        """Build a set of additions and removals."""
        identities = concatenate_identities(parts)
        hashes = _hashes(identities)
        order = np.argsort(hashes, kind="stable")
        return cls(identities=identities, order=order, hashes=hashes[order])

    def rows_of(self, others: Identities) -> list[int]:
        """Return the rows of *others* that are in this set."""
        rows: list[int] = np.flatnonzero(self.find(others) != NOT_FOUND).tolist()
        return rows

    def find(self, others: Identities) -> Int64s:
        """Return the row of each identity (the last of equal ones), or `NOT_FOUND`."""
        found = np.full(len(others), NOT_FOUND, np.int64)
        if not len(self.hashes):
            return found
        hashes = _hashes(others)
        at = np.searchsorted(self.hashes, hashes, side="right") - 1
        candidates = np.flatnonzero((at >= 0) & (self.hashes[at] == hashes))
        rows = self.order[at[candidates]]
        same = _same(self.identities, rows, others, candidates)
        found[candidates[same]] = rows[same]
        for one in candidates[~same].tolist():  # hash collision: rare
            found[one] = self._find_collided(others, one, int(at[one]))
        return found

    def _find_collided(self, others: Identities, row: int, at: int) -> int:
        hash_, alone = self.hashes[at], np.array([row])
        while at >= 0 and self.hashes[at] == hash_:
            if _same(self.identities, self.order[at : at + 1], others, alone)[0]:
                return int(self.order[at])
            at -= 1
        return NOT_FOUND


def _hashes(identities: Identities) -> Uint64s:
    tags = (
        (identities.kinds.astype(np.uint64) << np.uint64(16))
        | (identities.digits.astype(np.uint64) << np.uint64(8))
        | identities.actions
    )
    hashes: Uint64s = identities.keys.view(np.uint64) * _MIX ^ (tags * _MIX)
    return hashes


def _same(one: Identities, rows: Int64s, other: Identities, others: Int64s) -> Bools:
    """Return, pair by pair, whether two identities are equal."""
    same: Bools = one.keys[rows] == other.keys[others]
    for name in ("kinds", "digits", "actions"):
        same &= getattr(one, name)[rows] == getattr(other, name)[others]
    # A sender is its key, and a number has no text.
    for pair in np.flatnonzero(same & np.isin(one.kinds[rows], TEXT_KINDS)).tolist():
        mine = one.patterns.raw(int(rows[pair]))
        same[pair] = mine == other.patterns.raw(int(others[pair]))
    return same
