"""Writes cells of CSV that no spreadsheet takes for a formula, and reads them back.

Spreadsheets evaluate cells that begin with ``= + - @``, a tab or a line end, and reasons and
references are untrusted text. Such a cell gets an apostrophe in front, as
OWASP advises. So does one that has apostrophes before such a sign: thus what is read back is always
what was written. A number, a telephone number or a range stays as it is: a sign and digits can
call nothing.
"""

import csv
import re
from collections.abc import Iterable
from typing import IO

_STARTS = "=+\\-@\t\r\n＝＋－＠"
_FORMULA = re.compile(rf"'*[{_STARTS}]")
_ESCAPED = re.compile(rf"'+[{_STARTS}]")
_FIRST = frozenset("'=+-@\t\r\n＝＋－＠")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?\*?")


def escaped(text: str) -> str:
    """Return *text* as a cell that is not evaluated as a formula."""
    if text[:1] in _FIRST and _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def unescaped(cell: str) -> str:
    """Return the text that `escaped` was given."""
    return cell[1:] if is_escaped(cell) else cell


def is_escaped(cell: str) -> bool:
    """Return whether *cell* has an apostrophe that `escaped` may have put there."""
    return cell.startswith("'") and _ESCAPED.match(cell) is not None


class SafeWriter:
    """Writes rows of CSV whose cells are all escaped."""

    def __init__(self, lines: IO[str], *, lineterminator: str = "\r\n") -> None:
        self._rows = csv.writer(lines, lineterminator=lineterminator)

    def writerow(self, row: Iterable[object], /) -> None:
        """Write one row."""
        self._rows.writerow([escaped(one) if isinstance(one, str) else one for one in row])
