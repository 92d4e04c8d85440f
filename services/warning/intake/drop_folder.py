"""Ingests files that sources put into a drop folder.

Each source has a folder ``<kind>-<name>``, such as ``carrier-mobile.example``. A file is picked up
once it has not changed for `SETTLED_SECONDS`. Names that begin with a dot or end in ``.tmp`` or
``.part`` are ignored, so the safest way is to write under such a name and rename. A file is moved
to ``working/`` while it is processed, then to ``done/``, or to ``rejected/`` when none of its rows
was ingested. A report beside it has the result of each row.

One process at a time holds the lock of the folder. When it dies, the next one starts its file
again; references make that idempotent. Symbolic links are ignored.
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
from fanzha.errors import InvalidInput, Unavailable
from infra import atomic_file, file_lock
from infra.csv_cells import SafeWriter
from infra.periodic import run_periodically
from services.warning.intake import parser, warning_files
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
    """The folder of one source."""

    path: Path
    source: Source
    name: str


class DropFolder:
    """Scans the folder and submits its files, which are read in a thread."""

    def __init__(
        self,
        path: Path,
        submission: WarningSubmission,
        *,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._submission = submission
        self._now_s = now_s
        self._lock: int | None = None
        self._warned_about: set[str] = set()

    async def run(self) -> None:
        """Scan every `LOOK_SECONDS` until cancelled."""
        try:
            await run_periodically(
                self.scan,
                every_seconds=LOOK_SECONDS,
                task="drop folder",
                logger=logger,
                outages=(Unavailable, OSError),
            )
        finally:
            self.close()

    async def scan(self) -> int:
        """Submit all complete files; return their number, 0 while another process has the lock."""
        if self._lock is None:
            atomic_file.make_folder(self._path)
            self._lock = file_lock.lock(self._path / ".lock")
        if self._lock is None:
            return 0
        taken = 0
        for folder in await asyncio.to_thread(self._folders):
            try:
                for file in await asyncio.to_thread(self._complete, folder):
                    await self._submit_file(folder, file)
                    taken += 1
            except OSError as error:  # an unusable folder does not block the others
                self._warn_once(f"{folder.path.name} cannot be processed: {error.strerror}")
        return taken

    def close(self) -> None:
        """Release the lock."""
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
                self._warn_once(f"{path.name} is ignored: {error}")
        return found

    def _warn_once(self, what: str) -> None:
        if what not in self._warned_about:
            self._warned_about.add(what)
            logger.warning("drop folder: %s", what)

    def _complete(self, folder: SourceFolder) -> list[Path]:
        """Move complete files to ``working/`` and return all that lie there, sorted by name."""
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

    async def _submit_file(self, folder: SourceFolder, file: Path) -> None:
        report_file = file.with_name(f".{file.name}.report.csv.new")
        count, refused, error_text = 0, 0, ""
        with _report(report_file) as table:
            rows = warning_files.rows(file)
            try:
                while batch := await asyncio.to_thread(lambda: list(islice(rows, MOST_AT_ONCE))):
                    results = await self._submission.submit(
                        [row.raw for row in batch], folder.source, folder.name
                    )
                    for row, result in zip(batch, results, strict=True):
                        result_cells = (result.status.value, result.reason, result.case_id)
                        table.writerow([row.where, row.reference, *result_cells])
                        refused += result.status is IntakeStatus.REFUSED
                    count += len(batch)
            except InvalidInput as error:
                error_text = str(error)
                table.writerow(
                    ["", "", IntakeStatus.REFUSED.value, f"{error_text}; nothing from here on", ""]
                )
        outcome_folder = _REJECTED if refused == count else _DONE
        await asyncio.to_thread(_finish, folder, file, outcome_folder, report_file)
        # The error may quote the file, so it goes into the report and not into the log.
        logger.info(
            "drop folder: a file of %s is %s: %d rows, %d refused%s",
            *(folder.name, outcome_folder, count, refused),
            "; the rest could not be parsed" if error_text else "",
        )


def _source_folder(path: Path) -> SourceFolder:
    match = _FOLDER.fullmatch(path.name)
    if match is None:
        raise InvalidInput("its name is not <kind>-<name>")
    name = parser.check_source_name(match[2])
    return SourceFolder(path=path, source=Source[match[1].upper()], name=name)


def _is_plain(file: Path) -> bool:
    """Whether *file* is a regular file, neither hidden nor a symbolic link."""
    return file.is_file() and not file.is_symlink() and not file.name.startswith(".")


@contextmanager
def _report(file: Path) -> Iterator[SafeWriter]:
    """Open the report for streaming: that of a large file does not fit into memory."""
    with atomic_file.create_text(file) as lines:
        table = SafeWriter(lines)
        table.writerow(["line", "reference", "result", "reason", "case_id"])
        yield table


def _finish(folder: SourceFolder, file: Path, outcome_folder: str, report: Path) -> None:
    """Move the report, then the file: a file in its final folder always has its report."""
    target = folder.path / outcome_folder
    atomic_file.make_folder(target)
    name = _free(target, file.name)
    report.rename(target / f"{name}.report.csv")
    atomic_file.sync_folder(target)
    file.rename(target / name)


def _free(folder: Path, name: str) -> str:
    """Return *name*, with a number added where *folder* has it: no file replaces another."""
    number, free = 1, name
    while (folder / free).exists():
        number += 1
        free = f"{Path(name).stem}-{number}{Path(name).suffix}"
    return free
