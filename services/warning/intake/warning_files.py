"""Reads the files of sources: CSV, workbooks (XLSX), JSON Lines; told apart by how they begin.

A workbook is refused where it would unpack to too much, declares entities, or has a password, as
one of lists is; of a formula its stored value counts.
"""

import json
import os
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from blocklists.importers import files
from blocklists.importers.tables import workbook
from fanzha.errors import InvalidInput
from services.warning.intake import csv_files, parser
from services.warning.intake.csv_files import FileRow

MOST_BYTES = 256 * 2**20


def rows(file: Path) -> Iterator[FileRow]:
    """Read a file; `InvalidInput` where it, or the rest of it, cannot be read."""
    try:
        with file.open("rb") as raw:
            start = raw.read(512)
            if os.fstat(raw.fileno()).st_size > MOST_BYTES:
                raise InvalidInput(
                    "file: larger than {most_bytes} MiB; split it", most_bytes=MOST_BYTES // 2**20
                )
        if start.startswith((workbook.ZIP, workbook.OLD_WORKBOOK)):
            yield from _sheets(file)
        elif start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            yield from _objects(file)
        else:
            yield from csv_files.rows(file)
    except OSError as error:
        raise InvalidInput("file: cannot be read: {error}", error=error) from error


def _sheets(file: Path) -> Iterator[FileRow]:
    """Read the visible sheets of a workbook, each a table with a header of its own."""
    with file.open("rb") as raw:
        found = workbook.plain_rows(raw)
        for place, sheet in groupby(found, key=itemgetter(0)):
            table = ((number, cells) for _, number, cells in sheet)
            for row in csv_files.table_rows(table):
                yield row._replace(sheet=place + 1)


def _objects(file: Path) -> Iterator[FileRow]:
    with file.open("rb") as raw:
        for number, line in enumerate(files.lines(raw), 1):
            if line.strip():
                yield _object(number, line)


def _object(number: int, line: str) -> FileRow:
    try:
        fields: Any = json.loads(line)
    except (ValueError, RecursionError):
        return FileRow(number, "", InvalidInput("row: not JSON"))
    if not isinstance(fields, dict):
        return FileRow(number, "", InvalidInput("row: not an object"))
    try:
        return FileRow(number, "", parser.parse_fields(fields))
    except InvalidInput as error:
        return FileRow(number, "", error)
