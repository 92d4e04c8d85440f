"""What block entries would hit that many depend on: critical names and numbers, and wide ranges.

A risk names what is hit, and is confirmed by repeating it. About 1 µs for a host, 2 µs below
``com.cn`` or another suffix of a critical name, 0.1 µs for a number.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from blocklists.critical import capacity, critical_list
from blocklists.critical.critical_list import CriticalList
from blocklists.entries import EntryKind, EntryMode
from blocklists.entry_table import EntryTable
from fanzha.decisions import Action
from fanzha.phone import range_text
from fanzha.tables import Bools, Int64s

DEFAULT_RANGE_LIMIT = 10_000
"""Subscribers that a range may cover without being a risk."""


@dataclass(frozen=True, slots=True)
class RowRisk:
    """What one row would hit."""

    row: int
    text: str
    """Such as ``icbc.com.cn (bank)`` or ``+86170* (100,000,000 subscribers)``."""


class RiskFinder:
    """Finds the risks of block entries; may be shared by threads."""

    def __init__(
        self,
        critical: Callable[[], CriticalList] = critical_list.shipped,
        range_limit: int = DEFAULT_RANGE_LIMIT,
    ) -> None:
        """Take the list that is in force, by a call, and the most subscribers of a small range."""
        self._critical = critical
        self.range_limit = range_limit

    @property
    def critical(self) -> CriticalList:
        """The critical names and numbers in force."""
        return self._critical()

    def find(self, table: EntryTable) -> list[RowRisk]:
        """Return the risks of a table's rows, by row; a row may have several."""
        acts = (table.actions == Action.BLOCK) & (table.modes != EntryMode.SHADOW)
        critical = self.critical
        found = [
            *_of_hosts(table, acts, critical),
            *_of_numbers(table, acts, critical),
            *self._of_wide_ranges(table, acts),
        ]
        return sorted(found, key=lambda risk: risk.row)

    def _of_wide_ranges(self, table: EntryTable, acts: Bools) -> list[RowRisk]:
        found = []
        for row in np.flatnonzero(acts & (table.kinds == EntryKind.RANGE)).tolist():
            key, digits = int(table.keys[row]), int(table.digits[row])
            covers = capacity.subscribers(key, digits)
            if covers > self.range_limit:
                found.append(RowRisk(row, f"{range_text(key, digits)} ({covers:,} subscribers)"))
        return found


def _of_hosts(table: EntryTable, acts: Bools, critical: CriticalList) -> list[RowRisk]:
    rows = np.flatnonzero(acts & (table.kinds == EntryKind.HOST))
    if not len(rows):
        return []
    hosts = table.patterns.take(rows).all_raw()
    return [
        RowRisk(int(rows[at]), item.risk)
        for at in critical.suspects(hosts)
        for item in critical.names_hit(hosts[at].decode())
    ]


def _of_numbers(table: EntryTable, acts: Bools, critical: CriticalList) -> list[RowRisk]:
    parties = np.flatnonzero(acts & (table.kinds <= EntryKind.SENDER))
    if not len(parties):
        return []
    keys, digits = table.keys[parties], table.digits[parties].astype(np.int64)
    ranges = table.kinds[parties] == EntryKind.RANGE
    return [
        RowRisk(int(parties[at]), item.risk)
        for item in critical.numbers
        for at in np.flatnonzero(_covers(keys, digits, ranges, item.key)).tolist()
    ]


def _covers(keys: Int64s, digits: Int64s, ranges: Bools, number: int) -> Bools:
    """Return which numbers and ranges cover *number*."""
    length = len(str(abs(number)))
    open_digits = np.where(ranges, np.clip(length - digits, 0, 18), 0)
    heads = np.sign(number) * (abs(number) // 10**open_digits)
    covers: Bools = (keys == heads) & (~ranges | (digits <= length))
    return covers
