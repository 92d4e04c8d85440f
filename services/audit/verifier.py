"""Verifies the files of an audit log, in one pass and constant memory.

After a problem the check continues from the line itself, so one problem is reported once and later
ones are still found.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from fanzha.translation.message import Message
from services.audit import checkpoints, log_files
from services.audit.checkpoints import CheckpointReason
from services.audit.events import AuditKind
from services.audit.findings import ChainProblem, ChainReport
from services.audit.keys import PublicKeys
from services.audit.records import (
    FIRST_PREVIOUS,
    MAX_LINE_BYTES,
    AuditRecord,
    DamagedAuditRecord,
    read,
)

MAX_PROBLEMS = 100
"""Problems listed one by one; further ones are counted."""
_PROGRESS_BYTES = 2**20
"""Bytes between two calls of *progress*."""


class Verifier:
    """Verifies files in order; call `finish` at the end."""

    def __init__(
        self,
        keys: PublicKeys | None,
        *,
        copies: Mapping[int, str] | None = None,
        whole: bool = False,
        progress: Callable[[int], None] = lambda _bytes: None,
    ) -> None:
        """Verify signatures with *keys*; without keys, hashes only.

        *copies* are hashes of checkpoints stored elsewhere, by sequence. *whole* says that the
        files start at the first record. *progress* is called with the number of bytes checked.
        """
        self._keys = keys
        self._copies = dict(copies or {})
        self._whole = whole
        self._progress = progress
        self._report = ChainReport()
        self._expected: int | None = None
        self._head: str | None = None
        """Expected `previous` of the next record; None when the line before is damaged."""
        self._since = 0
        self._within = 0
        self._overdue_reported = False
        self._last: AuditRecord | None = None
        self._file = ""
        self._line = 0

    def check(self, path: Path, *, size: int | None = None) -> None:
        """Check the next file of the log, or its first *size* bytes."""
        if self._report.files and checkpoints.reason_of(self._last) != CheckpointReason.FILE_CLOSED:
            self._report_problem(
                Message(
                    "another file follows, but this one does not end as one that was closed: "
                    "its end was cut off, or a file between is missing"
                )
            )
        self._file, self._line = path.name, 0
        self._report.files += 1
        with path.open("rb") as file:
            for text in _lines(file, self._progress, size):
                self._line += 1
                self._check_line(text)
        if self._line == 0:
            self._report_problem(Message("is empty: its records were removed"))

    def finish(self) -> ChainReport:
        """Return the report."""
        report, last = self._report, self._report.last_sequence
        beyond = sorted(one for one in self._copies if one > last)
        if beyond:
            self._report_problem(
                Message(
                    "the log ends at sequence {last}, but a copy of a checkpoint of sequence "
                    "{kept} was kept: the end of the log was cut off",
                    last=last,
                    kept=beyond[-1],
                ),
                sequence=last,
            )
        return report

    def _check_line(self, text: bytes) -> None:
        if not text.endswith(b"\n"):
            self._report_problem(
                Message("is not ended by a line feed: the line was cut, or torn by a crash")
            )
        try:
            record = read(text.removesuffix(b"\n"))
        except DamagedAuditRecord as damaged:
            self._report_problem(damaged.args[0], sequence=self._expected or 0)
            self._expected = None if self._expected is None else self._expected + 1
            self._head = None
            self._since += 1
            return
        self._check_place(record)
        self._check_file(record)
        if checkpoints.is_checkpoint(record):
            self._check_checkpoint(record)
        else:
            self._since += 1
            self._check_promise(record)
        self._check_copy(record)
        self._take(record)

    def _check_place(self, record: AuditRecord) -> None:
        """Check that *record* continues the chain."""
        if self._expected is None:
            if self._report.records == 0:
                self._check_first(record)
            return
        at, expected = record.sequence, self._expected
        if at > expected:
            self._report_problem(_missing(expected, at - 1), record)
        elif at < expected:
            self._report_problem(
                Message(
                    "comes after sequence {before}: records were put in, doubled or put in "
                    "another order, here or on the line before",
                    before=expected - 1,
                ),
                record,
            )
        elif self._head is not None and record.previous != self._head:
            self._report_problem(
                Message(
                    "does not hold the hash of the record before: that one or this one was "
                    "exchanged or changed, and its hash made anew"
                ),
                record,
            )

    def _check_first(self, record: AuditRecord) -> None:
        if record.sequence == 1 and record.previous != FIRST_PREVIOUS:
            self._report_problem(Message("is the first record, but names one before it"), record)
        if record.sequence > 1 and self._whole:
            self._report_problem(_missing(1, record.sequence - 1), record)

    def _check_file(self, record: AuditRecord) -> None:
        """Check the first and last record of a file."""
        reason = checkpoints.reason_of(record)
        if self._line == 1 and (
            reason != CheckpointReason.FILE_OPENED or record.details.get("file") != self._file
        ):
            self._report_problem(
                Message(
                    "is not the record that opens this file: its beginning was cut off, or the "
                    "file was renamed"
                ),
                record,
            )
        elif self._line > 1 and reason == CheckpointReason.FILE_OPENED:
            self._report_problem(Message("opens a file, but is not its first line"), record)
        if self._line > 1 and checkpoints.reason_of(self._last) == CheckpointReason.FILE_CLOSED:
            self._report_problem(Message("stands after the record that closed this file"), record)

    def _check_checkpoint(self, record: AuditRecord) -> None:
        report = self._report
        report.checkpoints += 1
        known = self._expected is not None and report.records > 0
        if self._keys is not None:
            key_id = record.details.get("key_id", "")
            if key_id not in self._keys.by_id:
                self._report_problem(
                    Message("is signed with an unknown key, {key!r}", key=key_id), record
                )
            elif checkpoints.is_signed(record, self._keys):
                report.key_ids.add(key_id)
                report.covered_to = record.sequence
            else:
                self._report_problem(
                    Message(
                        "its signature is wrong: this checkpoint, or one of the records {first} "
                        "to {last}, was changed and all hashes made anew",
                        first=report.covered_to + 1,
                        last=record.sequence - 1,
                    ),
                    record,
                )
        if known and not report.problems and checkpoints.number(record, "count") != self._since:
            self._report_problem(
                Message("counts other records than the {count} before it", count=self._since),
                record,
            )
        self._since = 0
        self._within = max(0, checkpoints.number(record, "within"))
        self._overdue_reported = False

    def _check_promise(self, record: AuditRecord) -> None:
        if self._within and self._since > self._within and not self._overdue_reported:
            self._overdue_reported = True
            self._report_problem(
                Message(
                    "a checkpoint was promised after {within} records at most, and there is none: "
                    "it was removed, or the records since are not the service's",
                    within=self._within,
                ),
                record,
            )

    def _check_copy(self, record: AuditRecord) -> None:
        expected = self._copies.pop(record.sequence, None)
        if expected is None:
            return
        if expected == record.hash:
            self._report.copies += 1
        else:
            self._report_problem(
                Message(
                    "is not the checkpoint of which a copy was kept: the log was written anew "
                    "from here or before (after sequence {covered_to})",
                    covered_to=self._report.covered_to,
                ),
                record,
            )

    def _take(self, record: AuditRecord) -> None:
        report = self._report
        report.first_sequence = report.first_sequence or record.sequence
        report.records += 1
        report.bad_list_changes += record.kind == AuditKind.BAD_LIST_CHANGE
        report.times_back += record.time_ms < report.last_time_ms
        report.last_sequence = record.sequence
        report.last_time_ms = record.time_ms
        report.head = record.hash
        self._expected, self._head, self._last = record.sequence + 1, record.hash, record

    def _report_problem(
        self, words: str, record: AuditRecord | None = None, *, sequence: int = 0
    ) -> None:
        if len(self._report.problems) >= MAX_PROBLEMS:
            self._report.more_problems += 1
            return
        self._report.problems.append(
            ChainProblem(
                file=self._file,
                line=self._line,
                sequence=record.sequence if record else sequence,
                words=words,
            )
        )


def _missing(first: int, last: int) -> Message:
    if first == last:
        return Message("record {first} is missing before this one", first=first)
    return Message("records {first} to {last} are missing before this one", first=first, last=last)


def verify(
    paths: Sequence[Path],
    keys: PublicKeys | None,
    *,
    copies: Mapping[int, str] | None = None,
    whole: bool = False,
    until: tuple[str, int] | None = None,
    progress: Callable[[int], None] = lambda _bytes: None,
) -> ChainReport:
    """Verify *paths*, the files of a log in order.

    *until*, the name of a file and a size, is the end of a log that is being written.
    """
    verifier = Verifier(keys, copies=copies, whole=whole, progress=progress)
    for path in paths:
        if until is None or path.name < until[0]:
            verifier.check(path)
        elif path.name == until[0]:
            verifier.check(path, size=until[1])
    return verifier.finish()


def paths_of(where: Path) -> list[Path]:
    """Return the files of a log folder, or the one file given."""
    return log_files.files(where) if where.is_dir() else [where]


def _lines(file: IO[bytes], progress: Callable[[int], None], size: int | None) -> Iterator[bytes]:
    """Yield lines with their line feeds; an overlong line is split into damaged pieces."""
    read, left = 0, sys.maxsize if size is None else size
    while text := file.readline(min(MAX_LINE_BYTES, left)):
        yield text
        read += len(text)
        left -= len(text)
        if read >= _PROGRESS_BYTES:
            progress(read)
            read = 0
    progress(read)
