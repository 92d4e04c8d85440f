"""Reads workbooks (XLSX): every visible sheet is a table, or is reported as none.

Row by row, as openpyxl reads without holding a sheet; shared texts are held, see `unpacking`.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import IO, Any

from blocklists.importers.decompression import LIMITS, Limits
from blocklists.importers.rows import BLANK, HEADER, TITLE, BadLine, Ignored, Item
from blocklists.importers.tables import headers, workbook_parts
from blocklists.importers.tables.cells import Cells, text, wrong_number
from blocklists.importers.tables.columns import Choose, nothing_chosen
from blocklists.importers.tables.csv_table import guess
from blocklists.importers.tables.headers import MOST_LEADING, Header
from blocklists.importers.tables.records import TableLayout
from blocklists.importers.tables.workbook_parts import readable
from fanzha.errors import InvalidInput
from fanzha.translation.message import Message

ZIP = b"PK\x03\x04"
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
"""Of Excel 97 to 2003, and of a workbook with a password."""
LAST_ROW = 1_048_576
SHEET_BITS = 32
"""The line of a row has the number of its sheet above these bits, from 0."""


class Workbook:
    """A workbook, opened."""

    def __init__(
        self,
        raw: IO[bytes],
        *,
        sheets: Sequence[str] = (),
        choose: Choose = nothing_chosen,
        on_header: Callable[[Header], None] = lambda _header: None,
        limits: Limits = LIMITS,
        header: bool = True,
    ) -> None:
        """Open one; *sheets* are those to be read, if not all that are visible.

        Without a *header*, the first row that has a pattern says which column holds them.
        """
        self.rows = 0
        """How many were read so far."""
        self._choose = choose
        self._on_header = on_header
        self._has_header = header
        self._book = _opened(raw, limits)
        self.hidden = [
            sheet.title for sheet in self._book.worksheets if sheet.sheet_state != "visible"
        ]
        unknown = sorted(set(sheets) - {sheet.title for sheet in self._book.worksheets})
        if unknown:
            known = ", ".join(repr(sheet.title) for sheet in self._book.worksheets)
            raise InvalidInput(
                "sheet: there is no {unknown!r}; there are {known}", unknown=unknown[0], known=known
            )
        self._sheets = [
            sheet
            for sheet in self._book.worksheets
            if (sheet.title in sheets if sheets else sheet.sheet_state == "visible")
        ]

    @property
    def sheets(self) -> list[str]:
        """Names of the sheets that are read, in their order."""
        return [sheet.title for sheet in self._sheets]

    def items(self) -> Iterator[Item]:
        """Read all rows."""
        for number, sheet in enumerate(self._sheets):
            yield from self._table(number << SHEET_BITS, sheet)

    def texts(self, line_numbers: set[int]) -> Iterator[tuple[int, str]]:
        """Return some rows as they are, by line."""
        for number, sheet in enumerate(self._sheets):
            for row, cells in _rows(sheet):
                if (line := (number << SHEET_BITS) + row) in line_numbers:
                    yield line, ",".join(map(text, cells))

    def close(self) -> None:
        """Close the file."""
        self._book.close()

    def _table(self, base: int, sheet: Any) -> Iterator[Item]:
        rows = self._counted(_rows(sheet))
        above: list[str] = []
        held: list[BadLine] = []
        for row, cells in rows:
            texts = [text(cell) for cell in cells]
            if not any(texts):
                yield Ignored(base + row, BLANK)
                continue
            if not self._has_header and (guessed := guess(texts)) is not None:
                yield from held
                for number, more in chain([(row, cells)], rows):
                    yield from _entries(base + number, more, guessed)
                return
            layout, names = self._header(above, texts)
            if layout is not None:
                yield from (Ignored(title.line, TITLE) for title in held)
                yield from self._below(base, row, rows, names, layout)
                return
            above = texts
            held.append(BadLine(base + row, ",".join(texts)[:200], _no_header(sheet.title)))
            if len(held) > MOST_LEADING:
                yield held.pop(0)
        yield from held

    def _counted(self, rows: "Rows") -> "Rows":
        for row in rows:
            self.rows += 1
            yield row

    def _header(
        self, above: Sequence[str], texts: Sequence[str]
    ) -> tuple[TableLayout | None, Sequence[str]]:
        names = headers.joined(above, texts)
        if not self._has_header:
            return None, names
        return headers.layout_of(names, self._choose(names)), names

    def _below(
        self, base: int, row: int, rows: "Rows", names: Sequence[str], layout: TableLayout
    ) -> Iterator[Item]:
        """Read the rows below a header, which may have a second row."""
        below = next(rows, None)
        texts = [text(cell) for cell in below[1]] if below else []
        both = headers.joined(names, texts)
        double = headers.goes_on(names, texts, self._choose(names)) and TableLayout.of(
            both, self._choose(both)
        )
        if double:
            names, layout = both, double
        sheet = self.sheets[base >> SHEET_BITS]
        self._on_header(
            Header(sheet=sheet, line=row + bool(double), names=tuple(names), layout=layout)
        )
        yield Ignored(base + row, HEADER)
        if double:
            yield Ignored(base + row + 1, HEADER)
        elif below:
            rows = chain([below], rows)
        for number, cells in rows:
            yield from _entries(base + number, cells, layout)


Rows = Iterator[tuple[int, Cells]]


def plain_rows(raw: IO[bytes], limits: Limits = LIMITS) -> Iterator[tuple[int, int, list[str]]]:
    """Read the rows of all visible sheets as texts: number of the sheet, of the row, and cells.

    For tables that are no lists; a header is a row like others.
    """
    book = _opened(raw, limits)
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    try:
        for place, sheet in enumerate(visible):
            for number, cells in _rows(sheet):
                yield place, number, [text(cell) for cell in cells]
    finally:
        book.close()


def _opened(raw: IO[bytes], limits: Limits) -> Any:
    import openpyxl  # noqa: PLC0415 - takes 0.1 s, and most lists are texts

    start = raw.read(4)
    raw.seek(0)
    if start == OLD_WORKBOOK:
        raise InvalidInput(
            "a workbook of Excel 97 to 2003 (.xls), or one with a password: save it as .xlsx "
            "without a password, or as CSV"
        )
    with readable():
        workbook_parts.check(raw, limits)
        raw.seek(0)
        with warnings.catch_warnings():
            # About styles and other parts that are not read.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(raw, read_only=True, data_only=True, keep_links=False)
    # Dates are read here, see `_text`: openpyxl makes an error of a number that is no date.
    book._date_formats = set()  # noqa: SLF001 - there is no other way
    book._timedelta_formats = set()  # noqa: SLF001
    return book


def _rows(sheet: Any) -> Rows:
    """Return the rows of a sheet, and their numbers."""
    # The declared size of a sheet is often wrong.
    sheet.reset_dimensions()
    with readable():
        for number, cells in enumerate(sheet.iter_rows(), 1):
            if number > LAST_ROW:
                return
            yield number, cells


def _entries(line: int, cells: Cells, layout: TableLayout) -> Iterator[Item]:
    texts = [text(cell) for cell in cells]
    if not any(texts):
        yield Ignored(line, BLANK)
        return
    # A sheet leaves out the empty cells at the end of a row.
    texts += [""] * (layout.width - len(texts))
    if wrong := wrong_number(cells, layout):
        yield BadLine(line, ",".join(texts), wrong)
    elif layout.groups:
        yield from layout.items(line, texts)
    else:
        yield layout.item(line, texts)


def _no_header(sheet: str) -> str:
    return Message("sheet {sheet!r}: no column is known to hold numbers or names", sheet=sheet)
