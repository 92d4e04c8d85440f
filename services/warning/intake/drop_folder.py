"""Takes in CSV files that sources put into a folder.

Each source has a folder ``<kind>-<name>`` there, such as ``carrier-mobile.example``. A file in it
is taken when it has not changed for `SETTLED_SECONDS`; names that begin with a dot or end in
``.tmp`` or ``.part`` are left alone, so writing under such a name and renaming is the surest way.
It is worked on under ``working/`` and ends in ``done/``, or in ``rejected/`` when not one of its
rows could be taken in, with a report beside it: row by row what became of it.

One process works on the folder at a time. When it dies, the file is begun anew by the next:
warnings are known by their references, so none is taken in twice. What only looks like a file, such
as a link to one, is left alone.
"""

import asyncio
import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from blocklists.entries import Source
from fanzha.csv_cells import SafeWriter
from fanzha.errors import InvalidInput, Unavailable
from infra import atomic_file, file_lock
from infra.periodic import run_periodically
from services.warning.intake import csv_files, parser
from services.warning.intake.service import IntakeStatus
from services.warning.intake.submission import MOST_AT_ONCE, WarningSubmission

logger = logging.getLogger(__name__)

SETTLED_SECONDS = 2.0
LOOK_SECONDS = 1.0
_FOLDER = re.compile(r"(ministry|province|bureau|carrier|tech_company)-(.+)")
_UNFINISHED = (".tmp", ".part", ".partial", ".swp")
_WORKING, _DONE, _REJECTED = "working", "done", "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFolder:
    """Where one source puts its files."""

    path: Path
    source: Source
    name: str


class DropFolder:
    """Watches a folder; files are read in a thread."""

    def __init__(
        self,
        path: Path,
        submitting: WarningSubmission,
        *,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._submitting = submitting
        self._now_s = now_s
        self._lock: int | None = None
        self._told: set[str] = set()

    async def run(self) -> None:
        """Take files in until cancelled."""
        try:
            await run_periodically(
                self.look,
                every_seconds=LOOK_SECONDS,
                task="drop folder",
                logger=logger,
                outages=(Unavailable, OSError),
            )
        finally:
            self.close()

    async def look(self) -> int:
        """Take in what is complete; return how many files: 0 where another process does it."""
        if self._lock is None:
            atomic_file.make_folder(self._path)
            self._lock = file_lock.lock(self._path / ".lock")
        if self._lock is None:
            return 0
        taken = 0
        for folder in await asyncio.to_thread(self._folders):
            try:
                for file in await asyncio.to_thread(self._complete, folder):
                    await self._take(folder, file)
                    taken += 1
            except OSError as error:  # one folder that cannot be used holds up no other
                self._tell_once(f"{folder.path.name} waits: {error.strerror}")
        return taken

    def close(self) -> None:
        """Leave the folder to others."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _folders(self) -> list[SourceFolder]:
        found: list[SourceFolder] = []
        for path in sorted(self._path.iterdir()):
            if not path.is_dir() or path.name.startswith("."):
                continue
            try:
                found.append(_source_folder(path))
            except InvalidInput as error:
                self._tell_once(f"{path.name} is left alone: {error}")
        return found

    def _tell_once(self, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            logger.warning("drop folder: %s", what)

    def _complete(self, folder: SourceFolder) -> list[Path]:
        """Return the files to take in, moved to where they are worked on; those left over first."""
        working = folder.path / _WORKING
        atomic_file.make_folder(working)
        for file in sorted(folder.path.iterdir()):
            if self._is_complete(file):
                file.rename(working / _free(working, file.name))
        return sorted(file for file in working.iterdir() if _is_plain(file))

    def _is_complete(self, file: Path) -> bool:
        if not _is_plain(file) or file.name.endswith(_UNFINISHED):
            return False
        return self._now_s() - file.stat().st_mtime >= SETTLED_SECONDS

    async def _take(self, folder: SourceFolder, file: Path) -> None:
        beside = file.with_name(f".{file.name}.report.csv.new")
        count, refused, why = 0, 0, ""
        with _report(beside) as table:
            rows = csv_files.rows(file)
            try:
                while some := await asyncio.to_thread(lambda: list(islice(rows, MOST_AT_ONCE))):
                    results = await self._submitting.submit(
                        [row.said for row in some], folder.source, folder.name
                    )
                    for row, result in zip(some, results, strict=True):
                        told = (result.what.value, result.reason, result.case_id)
                        table.writerow([row.line, row.reference, *told])
                        refused += result.what is IntakeStatus.REFUSED
                    count += len(some)
            except InvalidInput as error:
                why = str(error)
                table.writerow(
                    ["", "", IntakeStatus.REFUSED.value, f"{why}; nothing from here on", ""]
                )
        to = _REJECTED if refused == count else _DONE
        await asyncio.to_thread(_finish, folder, file, to, beside)
        # Why is in the report: it may quote what the file says.
        logger.info(
            "drop folder: a file of %s is %s: %d rows, %d refused%s",
            *(folder.name, to, count, refused),
            "; not read to its end" if why else "",
        )


def _source_folder(path: Path) -> SourceFolder:
    match = _FOLDER.fullmatch(path.name)
    if match is None:
        raise InvalidInput("its name is not <kind>-<name>")
    name = parser.check_source_name(match[2])
    return SourceFolder(path=path, source=Source[match[1].upper()], name=name)


def _is_plain(file: Path) -> bool:
    """Tell a file from folders, names that begin with a dot, and links, which lead elsewhere."""
    return file.is_file() and not file.is_symlink() and not file.name.startswith(".")


@contextmanager
def _report(file: Path) -> Iterator[SafeWriter]:
    """Write the report while rows are taken in: of a large file it does not fit the memory."""
    with atomic_file.create_text(file) as lines:
        table = SafeWriter(lines)
        table.writerow(["line", "reference", "result", "reason", "case_id"])
        yield table


def _finish(folder: SourceFolder, file: Path, to: str, report: Path) -> None:
    """Put the report in place, then the file: without its report no file is finished."""
    target = folder.path / to
    atomic_file.make_folder(target)
    name = _free(target, file.name)
    report.rename(target / f"{name}.report.csv")
    atomic_file.sync_folder(target)
    file.rename(target / name)


def _free(folder: Path, name: str) -> str:
    """Return *name*, or one like it that is free in *folder*: no file replaces another."""
    number, free = 1, name
    while (folder / free).exists():
        number += 1
        free = f"{Path(name).stem}-{number}{Path(name).suffix}"
    return free
