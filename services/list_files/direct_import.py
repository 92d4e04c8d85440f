"""Imports a list file within list administration, as the command line does from outside."""

import asyncio
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from blocklists.importers.list_file import ReadOptions
from blocklists.row_validation import ProposedRows, RowDefaults
from fanzha.errors import InvalidInput
from fanzha.v1 import blocklist_pb2 as pb
from services.changes.report import ChangeTerms
from services.list_files.upload import Upload
from services.lists.import_report import ImportResult, RowLimits
from services.lists.service import ListService

AsColumns: TypeAlias = Callable[[pb.ImportRows], Iterator[tuple[Sequence[int], ProposedRows]]]
"""Turns a message into columns, and the line of each row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFile:
    """The result of an import."""

    result: ImportResult
    unreadable: int
    """Lines that became no row."""


class DirectImport:
    """Imports files."""

    def __init__(self, lists: ListService, as_columns: AsColumns) -> None:
        self._lists = lists
        self._as_columns = as_columns

    async def run(
        self,
        path: Path,
        options: ReadOptions,
        terms: ChangeTerms,
        adjust: Callable[[RowDefaults], RowDefaults],
        *,
        most_rows: int,
    ) -> ImportedFile:
        """Import a file as one change; `InvalidInput`, and nothing changed, for what is no list.

        *adjust* sets what rows are that do not say; *terms* may ask for a dry run.
        """
        limits = RowLimits(invalid_percent=100)
        importing = self._lists.begin_import(adjust, terms, limits)

        def read() -> int:
            upload = Upload(path, options, int(time.time()))
            try:
                for message in upload.messages(pb.ImportHeader(), lambda: None):
                    if message.WhichOneof("part") == "rows":
                        if upload.reading.rows > most_rows:
                            raise InvalidInput("file: more than {most:,} rows", most=most_rows)
                        for lines, rows in self._as_columns(message.rows):
                            importing.fold(lines, rows)
                if not upload.reading.rows:
                    raise InvalidInput("file: no line is an entry")
                return upload.reading.invalid.total()
            finally:
                upload.close()

        try:
            unreadable = await asyncio.to_thread(read)
        except (OSError, EOFError, zlib.error) as error:
            raise InvalidInput("file: cannot be read: {error}", error=error) from error
        return ImportedFile(result=await importing.finish(), unreadable=unreadable)
