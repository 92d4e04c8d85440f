"""Takes files of warnings about people at risk: CSV as the drop folder does, XLSX, JSON Lines."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from blocklists.importers import files
from blocklists.importers.tables import workbook
from fanzha.errors import InvalidInput
from services.sources.delivery import CheckedFile, Delivered, check_rows
from services.sources.model import DataSource
from services.warning.intake import csv_files, parser
from services.warning.intake.csv_files import FileRow
from services.warning.intake.submission import MOST_AT_ONCE, WarningSubmission


class WarningDelivery:
    """Takes files of warnings."""

    def __init__(self, submission: WarningSubmission) -> None:
        self._submission = submission

    async def check(self, source: DataSource, file: Path) -> CheckedFile:
        """Read a file and change nothing."""

        def count() -> CheckedFile:
            found = refused = 0
            for row in rows(file):
                found += 1
                refused += not self._submission.is_valid(row.raw, source.source, source.name)
                check_rows(found, source.limits.most_rows)
            return CheckedFile(rows=found, refused=refused)

        return await asyncio.to_thread(count)

    async def deliver(self, source: DataSource, file: Path) -> Delivered:
        """Submit the warnings of a file; references prevent duplicates."""
        results: Counter[str] = Counter()
        reading = rows(file)
        while batch := await asyncio.to_thread(_some, reading):
            done = await self._submission.submit(
                [row.raw for row in batch], source.source, source.name
            )
            results.update(one.status.value for one in done)
        return Delivered(results=results)


def rows(file: Path) -> Iterator[FileRow]:
    """Read a file; `InvalidInput` where it, or the rest of it, cannot be read."""
    with file.open("rb") as raw:
        start = raw.read(512)
    if start.startswith((workbook.ZIP, workbook.OLD_WORKBOOK)):
        return _sheets(file)
    objects = start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    return _objects(file) if objects else csv_files.rows(file)


def _sheets(file: Path) -> Iterator[FileRow]:
    """Read the visible sheets of a workbook, each a table with a header of its own."""
    with file.open("rb") as raw:
        found = workbook.plain_rows(raw)
        for _, sheet in groupby(found, key=itemgetter(0)):
            yield from csv_files.table_rows((number, cells) for _, number, cells in sheet)


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


def _some(reading: Iterator[FileRow]) -> Sequence[FileRow]:
    return list(islice(reading, MOST_AT_ONCE))
