"""Finds rows of a segment by how their patterns begin, or how names end.

Keys of numbers are compared as numbers: those that begin with ``86170`` lie, for each number of
digits, in one interval. Texts are compared byte by byte, and only those that agreed so far. It
scans, as slots are in no order of patterns; some 20 ns a number and 10 ns a text.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from blocklists.entries import KINDS_WITH_TEXT, EntryKind
from blocklists.indexes.slot_index import keys_of
from blocklists.snapshot.segment import KeyGroup, Segment
from blocklists.text_column import TextColumn
from fanzha.tables import Bools, Int64s

_MOST_DIGITS = 15
"""Of a number; E.164 allows no more, and neither do service codes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternPrefix:
    """What a pattern has to begin or end with."""

    texts: tuple[bytes, ...]
    """How texts begin, in each spelling."""
    ending: bytes
    """How texts end; empty: whatever."""
    international: tuple[str, ...]
    """Leading digits of numbers with country code."""
    national: str
    """Leading digits of service codes, which have no country code; empty: none match."""

    @classmethod
    def of(cls, text: str, country_code: str) -> "PatternPrefix":
        """Read what somebody typed; digits may lack the country code of home."""
        text = text.strip()
        if text.startswith("*"):
            ending = text.lstrip("*").lower().encode()
            return cls(texts=(), ending=ending, international=(), national="")
        digits = text.removesuffix("*").replace(" ", "").replace("-", "")
        spellings = tuple(dict.fromkeys((text.encode(), text.lower().encode())))
        plain = digits.removeprefix("+")
        is_number = plain.isascii() and plain.isdecimal() and not plain.startswith("0")
        if not is_number:
            return cls(texts=spellings, ending=b"", international=(), national="")
        if digits != plain:
            return cls(texts=(), ending=b"", international=(plain,), national="")
        home = country_code + plain
        return cls(texts=spellings, ending=b"", international=(home,), national=plain)

    def matches(self, segment: Segment, group: KeyGroup, rows: Int64s) -> Bools:
        """Return which *rows*, ascending and all of *group*, match."""
        if group.kind in KINDS_WITH_TEXT:
            return self._texts_match(segment.patterns, rows)
        if not self.international and not self.national:
            return np.zeros(len(rows), np.bool_)
        keys = keys_of(group.index.slots[rows - group.first_row])
        digits = group.digits if group.kind == EntryKind.RANGE else None
        found = np.zeros(len(rows), np.bool_)
        for prefix in self.international:
            for low, high in _intervals(prefix, digits):
                found |= (keys >= low) & (keys < high)
        if self.national:
            for low, high in _intervals(self.national, digits):
                found |= (keys <= -low) & (keys > -high)
        return found

    def _texts_match(self, texts: TextColumn, rows: Int64s) -> Bools:
        starts = texts.offsets[rows].astype(np.int64)
        ends = texts.offsets[rows + 1].astype(np.int64)
        found = np.zeros(len(rows), np.bool_)
        if self.ending:
            first = ends - len(self.ending)
            found[_same_bytes(texts, first, np.flatnonzero(first >= starts), self.ending)] = True
        for spelling in self.texts:
            long_enough = np.flatnonzero(ends - starts >= len(spelling))
            found[_same_bytes(texts, starts, long_enough, spelling)] = True
        return found


def _same_bytes(texts: TextColumn, first: Int64s, rows: Int64s, wanted: bytes) -> Int64s:
    """Return the *rows* whose bytes from *first* on are *wanted*."""
    for place, byte in enumerate(wanted):
        if not len(rows):
            break
        rows = rows[texts.blob[first[rows] + place] == byte]
    return rows


def _intervals(prefix: str, digits: int | None) -> Sequence[tuple[int, int]]:
    """Return where keys that begin with *prefix* lie, for one number of digits or for each."""
    if len(prefix) > _MOST_DIGITS:
        return ()
    lengths = range(len(prefix), _MOST_DIGITS + 1) if digits is None else (digits,)
    return [
        (
            int(prefix) * 10 ** (length - len(prefix)),
            (int(prefix) + 1) * 10 ** (length - len(prefix)),
        )
        for length in lengths
        if length >= len(prefix)
    ]
