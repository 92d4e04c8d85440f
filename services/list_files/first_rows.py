"""The first rows of a list file as they would be imported, and what its columns seem to hold."""

import csv
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from blocklists.entries import EntryKind
from blocklists.importers import list_file
from blocklists.importers import rows as list_rows
from blocklists.importers.files import ENCODINGS
from blocklists.importers.list_file import ListFile, ReadOptions
from blocklists.importers.list_format import Format
from blocklists.importers.tables import columns, csv_table
from fanzha.errors import InvalidInput

FORMATS = tuple(one.value for one in Format)
TEXT_ENCODINGS = ENCODINGS
COLUMN_TARGETS = tuple(columns.TARGETS)
"""What a column may hold."""
_ROWS, _BAD, _MOST_ITEMS = 10, 10, 2000
_LONGEST = 200
_MOST_COLUMNS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """How a file is read; empty: as it looks."""

    format_: str = ""
    encoding: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    """What columns hold, by their names."""
    header: bool = True

    def as_read(self) -> ReadOptions:
        """Return them as the reader takes them; `InvalidInput` for what does not exist."""
        if self.format_ and self.format_ not in FORMATS:
            raise InvalidInput("format: there is no {name!r}", name=self.format_[:50])
        if self.encoding and self.encoding not in ENCODINGS:
            raise InvalidInput("encoding: there is no {name!r}", name=self.encoding[:50])
        chosen = {
            columns.plain(name): holds
            for name, holds in self.mapping.items()
            if holds in COLUMN_TARGETS
        }
        return ReadOptions(
            format_=Format(self.format_) if self.format_ else None,
            encoding=self.encoding,
            choose=lambda _names: chosen,
            header=self.header,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRow:
    """A row as it is understood."""

    line: int
    pattern: str
    kind: str
    reason: str
    legal_basis: str
    expires: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePreview:
    """The beginning of a file."""

    format_: str
    encoding: str
    columns: Sequence[tuple[str, str]]
    """Names of columns, and what each holds: chosen, by its name, or empty."""
    rows: Sequence[FirstRow]
    bad: Sequence[tuple[int, str, str]]
    """Lines that cannot be read: number, text and reason."""
    is_table: bool


def preview(path: Path, options: FileOptions) -> FilePreview:
    """Read the beginning of a file; `InvalidInput` for what is no list."""
    file = ListFile(path, options.as_read(), int(time.time()))
    rows: list[FirstRow] = []
    bad: list[tuple[int, str, str]] = []
    try:
        for count, item in enumerate(file.items()):
            if isinstance(item, list_rows.ListRow):
                rows.append(_first(file, item))
            elif isinstance(item, list_rows.PlainRun):
                rows += _plain(item)
            elif isinstance(item, list_rows.BadLine) and len(bad) < _BAD:
                bad.append((file.place(item.line)[1], item.text[:_LONGEST], item.reason))
            if len(rows) >= _ROWS or count >= _MOST_ITEMS:
                break
        is_table = file.format_ in list_file.TABLES
        names = file.headers[0].names if file.headers else ()
        if is_table and not names and bad:
            # No column is known to hold patterns: whoever looks says which does.
            names = _cells(bad[0][1])
        return FilePreview(
            format_=str(file.format_),
            encoding=file.encoding,
            columns=[
                (name, options.mapping.get(name) or columns.target_of(name)) for name in names
            ],
            rows=rows[:_ROWS],
            bad=bad,
            is_table=is_table,
        )
    finally:
        file.close()


def _holds(name: str, mapping: Mapping[str, str]) -> str:
    return mapping.get(name) or columns.target_of(name)


def _cells(text: str) -> tuple[str, ...]:
    cells = next(csv.reader([text], delimiter=csv_table.delimiter_of(text)), [])
    return tuple(cells[:_MOST_COLUMNS])


def _first(file: ListFile, row: list_rows.ListRow) -> FirstRow:
    return FirstRow(
        line=file.place(row.line)[1],
        pattern=row.pattern[:_LONGEST],
        kind=_kind(row.kind),
        reason=row.reason[:_LONGEST],
        legal_basis=row.legal_basis[:_LONGEST],
        expires=row.expires[:_LONGEST],
    )


def _plain(run: list_rows.PlainRun) -> list[FirstRow]:
    patterns = run.patterns.split("\n")[: min(run.rows, _ROWS)]
    return [
        FirstRow(
            line=run.line + place, pattern=one[:_LONGEST], kind=_kind(run.kind), reason="",
            legal_basis="", expires="",
        )
        for place, one in enumerate(patterns)
    ]  # fmt: skip


def _kind(kind: EntryKind | None) -> str:
    return "" if kind is None else kind.name.lower()
