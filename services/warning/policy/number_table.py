"""Longest-prefix lookup of numbers: sorted columns, searched for a whole batch.

The 130,000 prefixes of China take 2 MB (`benchmarks/micro/bench_warnings.py`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from fanzha.tables import Int64s

NOWHERE = -1
_POWERS = np.array([10**power for power in range(19)], np.int64)


@dataclass(frozen=True, slots=True)
class NumberTable:
    """A table of numbers and prefixes; the longest match wins."""

    keys: tuple[tuple[int, Int64s, Int64s], ...] = ()
    """Per number of digits, most first: sorted prefixes, and the value of each."""
    size: int = field(default=0)

    def find(self, numbers: Int64s) -> Int64s:
        """Return the value of each E.164 number (digits without plus), or `NOWHERE`."""
        found = np.full(len(numbers), NOWHERE, np.int64)
        lengths = np.searchsorted(_POWERS, numbers, side="right")
        for digits, keys, places in self.keys:
            open_rows = np.flatnonzero((found == NOWHERE) & (lengths >= digits))
            if not len(open_rows):
                continue
            heads = numbers[open_rows] // _POWERS[lengths[open_rows] - digits]
            at = np.minimum(np.searchsorted(keys, heads), len(keys) - 1)
            hit = keys[at] == heads
            found[open_rows[hit]] = places[at[hit]]
        return found


def build(rows: Iterable[tuple[str, int]]) -> NumberTable:
    """Build a table from prefixes and values; the last of equal prefixes wins."""
    by_length: dict[int, dict[int, int]] = {}
    for digits, place in rows:
        by_length.setdefault(len(digits), {})[int(digits)] = place
    keys = []
    for length in sorted(by_length, reverse=True):
        found = sorted(by_length[length].items())
        heads, places = zip(*found, strict=True)
        keys.append((length, np.array(heads, np.int64), np.array(places, np.int64)))
    return NumberTable(tuple(keys), sum(map(len, by_length.values())))


def as_keys(digits: Sequence[str]) -> Int64s:
    """Parse digit strings to keys."""
    return np.array([int(text) for text in digits], np.int64)
