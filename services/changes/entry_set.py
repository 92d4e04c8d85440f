"""Which entries a change touches, as sorted marks: looked up for a million rows at once.

Two identities that share a mark of 64 bits are told apart by comparing them whole.
"""

from dataclasses import dataclass

import numpy as np

from blocklists.entry_table import TEXT_KINDS, Identities, concatenate_identities
from fanzha.tables import Bools, Int64s, Uint64s

NOT_FOUND = -1

_MIX = np.uint64(0x9E37_79B9_7F4A_7C15)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySet:
    """What one request touches."""

    identities: Identities
    order: Int64s
    marks: Uint64s
    """Sorted; place i is row ``order[i]`` of ``identities``."""

    @classmethod
    def of(cls, *parts: Identities) -> "EntrySet":
        """Hold the identities of additions and removals."""
        identities = concatenate_identities(parts)
        marks = _marks(identities)
        order = np.argsort(marks, kind="stable")
        return cls(identities=identities, order=order, marks=marks[order])

    def touched_by(self, wanted: Identities) -> list[int]:
        """Return the rows of *wanted* that are held here."""
        rows: list[int] = np.flatnonzero(self.find(wanted) != NOT_FOUND).tolist()
        return rows

    def find(self, wanted: Identities) -> Int64s:
        """Return the row of each wanted identity; of like ones, the last; else `NOT_FOUND`."""
        found = np.full(len(wanted), NOT_FOUND, np.int64)
        if not len(self.marks):
            return found
        marks = _marks(wanted)
        at = np.searchsorted(self.marks, marks, side="right") - 1
        candidates = np.flatnonzero((at >= 0) & (self.marks[at] == marks))
        rows = self.order[at[candidates]]
        same = _same(self.identities, rows, wanted, candidates)
        found[candidates[same]] = rows[same]
        for one in candidates[~same].tolist():  # two identities with one mark: hardly ever
            found[one] = self._behind(wanted, one, int(at[one]))
        return found

    def _behind(self, wanted: Identities, row: int, at: int) -> int:
        mark, alone = self.marks[at], np.array([row])
        while at >= 0 and self.marks[at] == mark:
            if _same(self.identities, self.order[at : at + 1], wanted, alone)[0]:
                return int(self.order[at])
            at -= 1
        return NOT_FOUND


def _marks(identities: Identities) -> Uint64s:
    tags = (
        (identities.kinds.astype(np.uint64) << np.uint64(16))
        | (identities.digits.astype(np.uint64) << np.uint64(8))
        | identities.actions
    )
    marks: Uint64s = identities.keys.view(np.uint64) * _MIX ^ (tags * _MIX)
    return marks


def _same(one: Identities, rows: Int64s, other: Identities, others: Int64s) -> Bools:
    """Tell, pair by pair, whether two identities are the same."""
    same: Bools = one.keys[rows] == other.keys[others]
    for name in ("kinds", "digits", "actions"):
        same &= getattr(one, name)[rows] == getattr(other, name)[others]
    # A sender is its key, and a number has no text.
    for pair in np.flatnonzero(same & np.isin(one.kinds[rows], TEXT_KINDS)).tolist():
        mine = one.patterns.raw(int(rows[pair]))
        same[pair] = mine == other.patterns.raw(int(others[pair]))
    return same
