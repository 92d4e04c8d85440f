"""Streaming parser for the CSV files of sources, and for the rows of their other tables.

Fields have no line breaks, so each line is parsed by itself and an unclosed quote spoils one line
only. Encoding and delimiter are detected as for list files.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from blocklists.importers import files
from blocklists.importers.files import Lines
from blocklists.importers.tables.csv_table import delimiter_of
from fanzha.errors import InvalidInput
from services.warning.intake import parser
from services.warning.intake.parser import RawWarning

_REQUIRED = ("reference", "victim", "means_kind", "means", "occurred_at")
_GZIP = b"\x1f\x8b"
_LONGEST_REFERENCE = 200
"""Characters of a reference that the report echoes."""


class FileRow(NamedTuple):
    """One row of a file."""

    line: int
    reference: str
    """For the report; empty where it cannot be parsed."""
    raw: RawWarning | InvalidInput
    sheet: int = 0
    """Number of its sheet, from 1; 0 in files that have none."""

    @property
    def where(self) -> str:
        """Its line, such as ``7``; of a further sheet with the number of that, ``2:7``."""
        return f"{self.sheet}:{self.line}" if self.sheet > 1 else str(self.line)


def rows(file: Path) -> Iterator[FileRow]:
    """Parse a file. Raises `InvalidInput` where the rest of it cannot be parsed."""
    with file.open("rb") as raw:
        if raw.peek(2).startswith(_GZIP):
            raise InvalidInput("file: an archive; unpack it")
        yield from _rows(files.lines(raw))


def _rows(lines: Lines) -> Iterator[FileRow]:
    first = next(iter(lines), "")
    delimiter = delimiter_of(first)
    head = [name.strip().lower() for name in _cells(first, delimiter)]
    _check_head(head)
    empty = True
    for number, line in enumerate(lines, 2):
        if not line.strip(f"{delimiter} \r"):
            continue
        empty = False
        if number in lines.undecoded:
            yield FileRow(
                number, "", InvalidInput("row: not valid {encoding}", encoding=lines.encoding)
            )
        else:
            yield _row(number, line, delimiter, head)
    if empty:
        raise InvalidInput("file: has no rows")


def table_rows(table: Iterable[tuple[int, Sequence[str]]]) -> Iterator[FileRow]:
    """Parse the rows of a table, numbered, below a header; `InvalidInput` for a wrong header."""
    head: list[str] = []
    empty = True
    for number, cells in table:
        named = [cell.strip() for cell in cells]
        if not any(named):
            continue
        if not head:
            head = _without_end([name.lower() for name in named])
            _check_head(head)
            continue
        empty = False
        # A sheet is as wide as its widest row.
        filled = _without_end(named)
        yield _row_of(number, [*filled, *[""] * (len(head) - len(filled))], head)
    if empty:
        raise InvalidInput("file: has no rows")


def _without_end(cells: list[str]) -> list[str]:
    """Return cells up to the last that is not empty."""
    last = max((at for at, cell in enumerate(cells, 1) if cell), default=0)
    return cells[:last]


def _row(number: int, line: str, delimiter: str, head: Sequence[str]) -> FileRow:
    try:
        cells = _cells(line, delimiter)
    except InvalidInput as error:
        return FileRow(number, "", error)
    return _row_of(number, cells, head)


def _row_of(number: int, cells: Sequence[str], head: Sequence[str]) -> FileRow:
    words = dict(zip(head, cells, strict=False))
    reference = words.get("reference", "").strip()[:_LONGEST_REFERENCE]
    if len(cells) != len(head):
        wrong = InvalidInput(
            "row: has {cells} fields, not {head}", cells=len(cells), head=len(head)
        )
        return FileRow(number, reference, wrong)
    try:
        return FileRow(number, reference, parser.parse_fields(words))
    except InvalidInput as error:
        return FileRow(number, reference, error)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise InvalidInput("row: an unclosed quote, or not CSV: {error}", error=error) from error


def _check_head(head: Sequence[str]) -> None:
    """Refuse an invalid header. It may be a row with personal data: name columns by number."""
    unknown = [str(at) for at, name in enumerate(head, 1) if name not in parser.FIELDS]
    missing = [name for name in _REQUIRED if name not in head]
    twice = sorted({name for name in head if head.count(name) > 1} & set(parser.FIELDS))
    wrong = [
        *([f"unknown column {', '.join(unknown)}"] if unknown else []),
        *([f"missing {', '.join(missing)}"] if missing else []),
        *([f"twice {', '.join(twice)}"] if twice else []),
    ]
    if wrong:
        names = ", ".join(parser.FIELDS)
        raise InvalidInput(
            "first line: {wrong}; the columns are {names}, each once",
            wrong="; ".join(wrong),
            names=names,
        )
