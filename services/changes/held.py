"""Which entries a change touches, as sorted marks: looked up for a million rows at once.

Two identities that share a mark of 64 bits are told apart by comparing them whole.
"""

from dataclasses import dataclass

import numpy as np

from blocklists.entry_table import TEXT_KINDS, Identities, concatenate_identities
from fanzha.tables import Int64s, Uint64s

_MIX = np.uint64(0x9E37_79B9_7F4A_7C15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What one request touches."""

    identities: Identities
    order: Int64s
    marks: Uint64s
    """Sorted; place i is row ``order[i]`` of ``identities``."""

    @classmethod
    def of(cls, *parts: Identities) -> "Held":
        """Hold the identities of additions and removals."""
        identities = concatenate_identities(parts)
        marks = _marks(identities)
        order = np.argsort(marks, kind="stable")
        return cls(identities=identities, order=order, marks=marks[order])

    def touched_by(self, wanted: Identities) -> list[int]:
        """Return the rows of *wanted* that are held here."""
        if not len(self.marks):
            return []
        marks = _marks(wanted)
        at = np.minimum(np.searchsorted(self.marks, marks), len(self.marks) - 1)
        found = np.flatnonzero(self.marks[at] == marks)
        return [row for row in found.tolist() if self._has(wanted, row, int(at[row]))]

    def _has(self, wanted: Identities, row: int, at: int) -> bool:
        mark = self.marks[at]
        while at < len(self.marks) and self.marks[at] == mark:
            if _same(self.identities, int(self.order[at]), wanted, row):
                return True
            at += 1
        return False


def _marks(identities: Identities) -> Uint64s:
    tags = (
        (identities.kinds.astype(np.uint64) << np.uint64(16))
        | (identities.digits.astype(np.uint64) << np.uint64(8))
        | identities.actions
    )
    marks: Uint64s = identities.keys.view(np.uint64) * _MIX ^ (tags * _MIX)
    return marks


def _same(one: Identities, at: int, other: Identities, row: int) -> bool:
    return (
        one.kinds[at] == other.kinds[row]
        and one.digits[at] == other.digits[row]
        and one.actions[at] == other.actions[row]
        and one.keys[at] == other.keys[row]
        # A sender is its key, and a number has no text.
        and (one.kinds[at] not in TEXT_KINDS or one.patterns.raw(at) == other.patterns.raw(row))
    )
