"""Reads tables for replay and score: TSV or CSV, plain or gzip, with a header.

Also checks the file that a command will write, before it asks a server for the content.

TSV has no quoting: a line is a row and a tab ends a field. CSV is RFC 4180. A file
with another suffix is read as one value a line.
"""

import csv
import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TypeAlias, cast

import typer

from fanzha.errors import InvalidInput
from fanzha.translation.catalogue import gettext

Row: TypeAlias = Mapping[str, str]

_FIELD_LIMIT = 2**24
"""Characters of one CSV field; a longer one ends the file with an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTable:
    """A table being read."""

    columns: tuple[str, ...]
    rows: Iterator[Row]
    """One mapping per line; a missing field is empty, surplus fields are dropped."""
    bytes_read: Callable[[], int]
    """Position in the file, in bytes as stored."""
    total_bytes: int


@contextmanager
def open_table(path: Path, *, single_column: str) -> Iterator[OpenTable]:
    """Open *path*; a file without a header has one column, *single_column*."""
    with path.open("rb") as raw:
        binary = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
        name = path.name.removesuffix(".gz")
        # Only a line feed ends a row, except in CSV: a message may contain other line ends.
        line_end = "" if name.endswith(".csv") else "\n"
        text = TextIOWrapper(cast("IO[bytes]", binary), "utf-8-sig", "replace", newline=line_end)
        with _told_of(path):
            columns, rows = _reader(name)(text, single_column)
        yield OpenTable(
            columns=columns,
            rows=_read_on(rows, path),
            bytes_read=raw.tell,
            total_bytes=path.stat().st_size,
        )


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """Convert errors of a damaged file into one that names the file."""
    try:
        yield
    except (csv.Error, OSError, EOFError, zlib.error) as error:
        raise InvalidInput(
            "{name}: cannot be read: {error}", name=path.name, error=error
        ) from error


def _read_on(rows: Iterator[Row], path: Path) -> Iterator[Row]:
    with _told_of(path):
        yield from rows


def column(table_columns: tuple[str, ...], *names: str) -> str:
    """Return the first of *names* that the table has, or an empty string."""
    return next((name for name in names if name in table_columns), "")


_Reader: TypeAlias = Callable[[TextIOWrapper, str], tuple[tuple[str, ...], Iterator[Row]]]


def _reader(name: str) -> _Reader:
    if name.endswith(".tsv"):
        return _read_tsv
    if name.endswith(".csv"):
        return _read_csv
    return _read_lines


def _read_tsv(text: TextIOWrapper, _single: str) -> tuple[tuple[str, ...], Iterator[Row]]:
    lines = (line.rstrip("\r\n") for line in text)
    columns = tuple(next(lines, "").split("\t"))

    def rows() -> Iterator[Row]:
        for line in lines:
            yield _row(columns, line.split("\t"))

    return columns, rows()


def _read_csv(text: TextIOWrapper, _single: str) -> tuple[tuple[str, ...], Iterator[Row]]:
    csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.reader(text)
    columns = tuple(next(reader, []))

    def rows() -> Iterator[Row]:
        for fields in reader:
            if fields:
                yield _row(columns, fields)

    return columns, rows()


def _row(columns: tuple[str, ...], fields: list[str]) -> Row:
    missing = [""] * (len(columns) - len(fields))
    return dict(zip(columns, fields + missing, strict=False))


def _read_lines(text: TextIOWrapper, single: str) -> tuple[tuple[str, ...], Iterator[Row]]:
    return (single,), ({single: line.rstrip("\r\n")} for line in text)


def checked(file: Path | None) -> Path | None:
    """Return *file*; a usage error if its folder is missing. Callback of options such as --out."""
    if file is not None and not file.parent.is_dir():
        raise typer.BadParameter(
            gettext("there is no folder {folder}: create it first", folder=str(file.parent))
        )
    return file


def fresh(file: Path) -> Path:
    """Like `checked`, and a usage error if the file exists: evidence is never overwritten."""
    checked(file)
    if file.exists():
        raise typer.BadParameter(
            gettext("{file} exists already: name another file", file=str(file))
        )
    return file
