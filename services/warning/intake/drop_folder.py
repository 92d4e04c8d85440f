"""Takes in CSV files that sources put into a folder.

Each source has a folder ``<kind>-<name>`` there, such as ``carrier-mobile.example``. A file in it
is taken when it has not changed for `SETTLED_SECONDS`; names that begin with a dot or end in
``.tmp`` or ``.part`` are left alone, so writing under such a name and renaming is the surest way.
It is worked on under ``working/`` and ends in ``done/``, or in ``rejected/`` when not one of its
rows could be taken in, with a report beside it: row by row what became of it.

One process works on the folder at a time. When it dies, the file is begun anew by the next:
warnings are known by their references, so none is taken in twice.
"""

import asyncio
import csv
import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from blocklists.entries import Source
from fanzha.errors import InvalidInput, Unavailable
from services import file_lock
from services.warning.intake import reading
from services.warning.intake.intake import Result, What
from services.warning.intake.reading import Said
from services.warning.intake.submitting import MOST_AT_ONCE, Submitting

logger = logging.getLogger(__name__)

SETTLED_SECONDS = 2.0
LOOK_SECONDS = 1.0
MOST_BYTES = 256 * 2**20
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
        submitting: Submitting,
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
            while True:
                try:
                    await self.look()
                except (Unavailable, OSError) as error:
                    logger.warning("drop folder waits: %s", error)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            self.close()

    async def look(self) -> int:
        """Take in what is complete; return how many files: 0 where another process does it."""
        if self._lock is None:
            self._path.mkdir(parents=True, exist_ok=True)
            self._lock = file_lock.lock(self._path / ".lock")
        if self._lock is None:
            return 0
        taken = 0
        for folder in await asyncio.to_thread(self._folders):
            for file in await asyncio.to_thread(self._complete, folder):
                await self._take(folder, file)
                taken += 1
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
                if path.name not in self._told:
                    self._told.add(path.name)
                    logger.warning("drop folder: %s is left alone: %s", path.name, error)
        return found

    def _complete(self, folder: SourceFolder) -> list[Path]:
        """Return the files to take in, moved to where they are worked on; those left over first."""
        working = folder.path / _WORKING
        working.mkdir(exist_ok=True)
        for file in sorted(folder.path.iterdir()):
            if self._is_complete(file):
                file.rename(working / _free(working, file.name))
        return sorted(file for file in working.iterdir() if file.is_file())

    def _is_complete(self, file: Path) -> bool:
        if not file.is_file() or file.name.startswith(".") or file.name.endswith(_UNFINISHED):
            return False
        return self._now_s() - file.stat().st_mtime >= SETTLED_SECONDS

    async def _take(self, folder: SourceFolder, file: Path) -> None:
        report: list[tuple[int, str, Result]] = []
        why = ""
        try:
            rows = await asyncio.to_thread(lambda: list(_rows(file)))
            for start in range(0, len(rows), MOST_AT_ONCE):
                some = rows[start : start + MOST_AT_ONCE]
                results = await self._submitting.submit(
                    [said for _, _, said in some], folder.source, folder.name
                )
                report += [
                    (line, reference, result)
                    for (line, reference, _), result in zip(some, results, strict=True)
                ]
        except (InvalidInput, UnicodeDecodeError, csv.Error) as error:
            why = str(error)
        refused = sum(result.what is What.REFUSED for _, _, result in report)
        to = _REJECTED if refused == len(report) else _DONE
        await asyncio.to_thread(_finish, folder, file, to, report, why)
        logger.info(
            "drop folder: a file of %s is %s: %d rows, %d refused%s",
            folder.name,
            to,
            len(report),
            refused,
            f": {why}" if why else "",
        )


def _source_folder(path: Path) -> SourceFolder:
    match = _FOLDER.fullmatch(path.name)
    if match is None:
        raise InvalidInput("its name is not <kind>-<name>")
    name = reading.check_source_name(match[2])
    return SourceFolder(path=path, source=Source[match[1].upper()], name=name)


def _rows(file: Path) -> Iterator[tuple[int, str, Said | InvalidInput]]:
    """Read a file: line, reference and what it says; what cannot be read comes as its error."""
    if file.stat().st_size > MOST_BYTES:
        raise InvalidInput(f"file: larger than {MOST_BYTES // 2**20} MiB; divide it")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        table = csv.reader(lines, strict=True)
        head = [name.strip().lower() for name in next(table, [])]
        _check_head(head)
        for row in table:
            if not any(row):
                continue
            words = dict(zip(head, row, strict=False))
            yield table.line_num, words.get("reference", ""), _said(words, len(row), len(head))


def _said(words: dict[str, str], fields: int, expected: int) -> Said | InvalidInput:
    if fields != expected:
        return InvalidInput(f"row: has {fields} fields, not {expected}")
    try:
        return reading.said(words)
    except InvalidInput as error:
        return error


def _check_head(head: Sequence[str]) -> None:
    unknown = [name for name in head if name not in reading.FIELDS]
    missing = [
        name
        for name in ("reference", "victim", "means_kind", "means", "occurred_at")
        if name not in head
    ]
    if unknown or missing or len(set(head)) < len(head):
        raise InvalidInput(
            f"first line: unknown {', '.join(unknown) or 'none'}; missing "
            f"{', '.join(missing) or 'none'}; it names {', '.join(reading.FIELDS)}, each once"
        )


def _finish(
    folder: SourceFolder,
    file: Path,
    to: str,
    report: Sequence[tuple[int, str, Result]],
    why: str,
) -> None:
    """Write the report, then move the file: without its report no file is finished."""
    target = folder.path / to
    target.mkdir(exist_ok=True)
    name = _free(target, file.name)
    beside = target / f".{name}.report.csv.new"
    with beside.open("w", encoding="utf-8", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(["line", "reference", "result", "reason", "case_id"])
        if why:
            table.writerow(["", "", What.REFUSED.value, f"{why}; nothing from here on", ""])
        for line, reference, result in report:
            table.writerow([line, reference, result.what.value, result.reason, result.case_id])
    beside.rename(target / f"{name}.report.csv")
    file.rename(target / name)


def _free(folder: Path, name: str) -> str:
    """Return *name*, or one like it that is free in *folder*: no file replaces another."""
    number, free = 1, name
    while (folder / free).exists():
        number += 1
        free = f"{Path(name).stem}-{number}{Path(name).suffix}"
    return free
