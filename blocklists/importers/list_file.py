"""Opens a list file, whatever its format: lines of text, a workbook, a bundle."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO

from blocklists.importers import files, formats
from blocklists.importers.list_format import Format
from blocklists.importers.rows import Item, Reader
from blocklists.importers.tables import csv_table, workbook
from blocklists.importers.tables.columns import Choose, nothing_chosen
from blocklists.importers.tables.headers import Header
from blocklists.importers.tables.workbook import SHEET_BITS, Workbook
from fanzha.errors import InvalidInput

TABLES = frozenset((Format.CSV, Format.XLSX))
"""Formats with columns."""
_WHOLE_TEXTS = frozenset((Format.JSON, Format.STIX, Format.YAML))
"""Formats whose lines mean little alone."""
_LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """Options for reading a file."""

    format_: Format | None = None
    """None: detect it."""
    encoding: str = ""
    """Empty: detect it."""
    sheets: tuple[str, ...] = ()
    """Of a workbook; empty: all that are visible."""
    choose: Choose = nothing_chosen
    header: bool = True
    """False: the first row of a table is data."""


class ListFile:
    """One file, opened. Raises `InvalidInput`, or OSError and its like for a damaged one."""

    def __init__(self, path: Path, ways: ReadOptions, now_s: int) -> None:
        self._path = path
        self._ways = ways
        self._now_s = now_s
        self._file: IO[bytes] = path.open("rb")
        self.headers: list[Header] = []
        """Those found so far."""
        self.lines = 0
        """How many were read so far."""
        self._book: Workbook | None = None
        self._lines: files.Lines | None = None
        try:
            self._open()
        except BaseException:
            self._file.close()
            raise

    def _open(self) -> None:
        start = self._file.read(4)
        self._file.seek(0)
        if start in (workbook.ZIP, workbook.OLD_WORKBOOK) or self._ways.format_ == Format.XLSX:
            self.format_ = Format.XLSX
            self._book = Workbook(
                self._file,
                sheets=self._ways.sheets,
                choose=self._ways.choose,
                on_header=self._note_header,
                header=self._ways.header,
            )
            return
        if self._ways.sheets:
            raise InvalidInput("sheet: only workbooks have sheets")
        self._lines = files.lines(self._file, self._ways.encoding)
        self._head = list(islice(self._lines, formats.HEAD_LINES))
        self.format_ = self._ways.format_ or formats.detect(self._head, self._path.name)

    @property
    def bytes_read(self) -> int:
        """How far in the file, compressed or not, the reading is."""
        return self._file.tell()

    @property
    def encoding(self) -> str:
        """What the text was in, as far as it was read; empty for a workbook."""
        return self._lines.encoding or "ascii" if self._lines else ""

    @property
    def undecoded(self) -> Set[int]:
        """Lines with bytes that the encoding does not know, as far as it was read."""
        return self._lines.undecoded if self._lines else frozenset()

    @property
    def sheets(self) -> list[str]:
        """The sheets of a workbook that are read."""
        return self._book.sheets if self._book else []

    @property
    def hidden_sheets(self) -> list[str]:
        """The hidden sheets of a workbook; they are read only by name."""
        unread = set(self._book.hidden) - set(self.sheets) if self._book else set()
        return sorted(unread)

    def items(self) -> Iterator[Item]:
        """Read the file."""
        if self._book:
            yield from self._book.items()
            self.lines = self._book.rows
        else:
            yield from self._reader()(self._counted())

    def texts(self, line_numbers: set[int]) -> Iterator[tuple[int, str]]:
        """Return some raw lines by reading the file again; None where lines mean little alone."""
        if self.format_ in _WHOLE_TEXTS or not line_numbers:
            return
        again = ListFile(self._path, self._ways, self._now_s)
        try:
            if again._book:
                yield from again._book.texts(line_numbers)
            else:
                for number, line in enumerate(again._counted(), 1):
                    if number in line_numbers:
                        yield number, line[:_LONGEST_TEXT]
        finally:
            again.close()

    def place(self, line: int) -> tuple[str, int]:
        """Return the sheet, empty where there is but one, and the line in it."""
        sheet, row = line >> SHEET_BITS, line & ((1 << SHEET_BITS) - 1)
        return (self.sheets[sheet] if self._book else ""), row

    def close(self) -> None:
        """Close the file."""
        if self._book:
            self._book.close()
        self._file.close()

    def _reader(self) -> Reader:
        if self.format_ == Format.CSV:
            return partial(
                csv_table.read,
                choose=self._ways.choose,
                on_header=self._note_header,
                header=self._ways.header,
            )
        if self.format_ == Format.STIX:
            return partial(formats.read_stix, now_s=self._now_s)
        return formats.READERS[self.format_]

    def _note_header(self, header: Header) -> None:
        self.headers.append(header)

    def _counted(self) -> Iterator[str]:
        yield from self._head
        self.lines = len(self._head)
        for line in self._lines or ():
            self.lines += 1
            yield line
