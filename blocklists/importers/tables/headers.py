"""Finds the header of a table: below titles, over two rows, with merged cells.

A sheet merges cells of a header across, so that one word covers several columns, and
down, so that a name is a row higher than its neighbours. A merged cell has its text in its
first place and nothing in the others.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from blocklists.importers.tables import columns
from blocklists.importers.tables.columns import Chosen
from blocklists.importers.tables.records import TableLayout

MOST_LEADING = 30
"""Rows that may precede the header."""
_LOOKS_LIKE_A_PATTERN = re.compile(
    r"\+?[0-9][0-9 ()-]{2,24}\*?|(?:https?://)?(?:[\w-]+\.)+\w{2,}(?:[:/].*)?|https?://.+"
)
_DATE = re.compile(r"\d{4}[-/.]?\d{1,2}[-/.]?\d{1,2}(?:[T ].*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The header of one table."""

    sheet: str
    """Of a workbook; empty for a file that is one table."""
    line: int
    """Where it ends."""
    names: tuple[str, ...]
    layout: TableLayout

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the header."""
        return columns.fingerprint(self.names)


def layout_of(cells: Sequence[str], chosen: Chosen | None = None) -> TableLayout | None:
    """Read a row as a header; None when it is not one, or names no column with patterns."""
    if any(holds_contents(cell.strip()) for cell in cells):
        return None
    return TableLayout.of(cells, chosen)


def joined(above: Sequence[str], cells: Sequence[str]) -> list[str]:
    """Give columns without a name the one that stands a row higher, of a cell merged down."""
    lone = sum(1 for name in above if name.strip()) < 2  # noqa: PLR2004 - a title stands alone
    if lone:
        return list(cells)
    width = max(len(above), len(cells))
    pairs = zip(_wide(above, width), _wide(cells, width), strict=True)
    return [
        name if name.strip() or holds_contents(higher.strip()) else higher for higher, name in pairs
    ]


def goes_on(names: Sequence[str], below: Sequence[str], chosen: Chosen | None = None) -> bool:
    """Return whether the row below a header is its second: it has names and no contents."""
    filled = [name for name in below if name.strip()]
    known = [columns.target_of(name) or (chosen or {}).get(columns.plain(name)) for name in filled]
    below_a_name = any(
        lower.strip() and not upper.strip()
        for upper, lower in zip(_wide(names, len(below)), below, strict=False)
    )
    return bool(filled) and all(known) and below_a_name


def holds_contents(cell: str) -> bool:
    """Return whether a cell holds what an entry has, not the name of a column."""
    return bool(_LOOKS_LIKE_A_PATTERN.fullmatch(cell) or _DATE.fullmatch(cell))


def looks_like_names(cells: Sequence[str]) -> bool:
    """Return whether a row may be a header, though none of its names is known."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    several = len(filled) > 1
    return several and not any(holds_contents(cell) or cell.isdecimal() for cell in filled)


def is_date(cell: str) -> bool:
    """Return whether a cell holds a date."""
    return _DATE.fullmatch(cell) is not None


def looks_like_a_pattern(cell: str) -> bool:
    """Return whether a cell may hold a number, a name or a URL."""
    return _LOOKS_LIKE_A_PATTERN.fullmatch(cell) is not None and not is_date(cell)


def _wide(names: Sequence[str], width: int) -> list[str]:
    return [*names, *[""] * (width - len(names))]
