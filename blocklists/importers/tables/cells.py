"""Writes what the cells of a sheet show: numbers with all their digits, dates as days.

A number in a cell is no text: it has lost a leading 0, and all digits after the fifteenth.
Lost digits are refused; the number format of a cell may show how many there were.
"""

import re
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any, TypeAlias

from blocklists.importers.tables import spreadsheet_numbers
from blocklists.importers.tables.records import TableLayout
from blocklists.importers.tables.workbook_parts import readable
from fanzha.translation.message import Message

Cells: TypeAlias = tuple[Any, ...]

_ZEROS = re.compile(r"0+")
_MOST_EXACT = 10**spreadsheet_numbers.MAX_SHEET_DIGITS


def wrong_number(cells: Cells, layout: TableLayout) -> str:
    """Return why a number in a cell cannot be a pattern; empty if it can."""
    for column, at in layout.places:
        value: Any = cells[at].value if at < len(cells) else None
        if column not in ("number", "callee", "pattern") or not _is_number(value):
            continue
        if abs(value) >= _MOST_EXACT:
            return Message(
                "{column}: digits are lost, a sheet keeps 15 of a number: '{number:.15g}'",
                column=column,
                number=value,
            )
        if spreadsheet_numbers.may_lack_zero(text(cells[at])):
            return Message(
                "{column}: a number in a sheet, which may have lost its leading 0: {number!r}; "
                "format the column as text",
                column=column,
                number=text(cells[at]),
            )
    return ""


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def text(cell: Any) -> str:
    """Write what a cell shows, dates as 2026-12-31, numbers with all their digits."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if _is_number(value):
        with readable():  # the format that a cell of a damaged workbook names may be missing
            shown_as = cell.number_format or "General"
        return _number(value, shown_as, cell.parent.parent.epoch)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return str(value)


def _number(value: float, shown_as: str, epoch: datetime) -> str:
    if _shows_dates(shown_as):
        from openpyxl.utils.datetime import from_excel  # noqa: PLC0415 - see `workbook`

        try:
            return _moment(from_excel(value, epoch))
        except (OverflowError, ValueError):
            pass  # a number that somebody has formatted as a date
    whole = int(value) if value == value and abs(value) < _MOST_EXACT else None  # noqa: PLR0124
    if whole is None or whole != value:
        return repr(value)
    width = len(shown_as) if _ZEROS.fullmatch(shown_as) else 0
    return f"{whole:0{width}d}"


def _moment(value: Any) -> str:
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    text: str = value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)
    return text


@lru_cache(maxsize=1024)
def _shows_dates(shown_as: str) -> bool:
    from openpyxl.styles.numbers import is_date_format  # noqa: PLC0415

    return bool(is_date_format(shown_as))
