"""Checks the log without a server: reads each record once, and says what is wrong, and where.

Memory does not grow with the log. After a fault the check goes on with what the line itself
says, so that one fault is told once and the next one is found, too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from services.audit import checkpoints, log_files
from services.audit.checkpoints import CheckpointReason
from services.audit.events import AuditKind
from services.audit.findings import ChainProblem, ChainReport
from services.audit.keys import PublicKeys
from services.audit.records import BEFORE_THE_FIRST, LONGEST_LINE, AuditRecord, Damaged, read

MOST_PROBLEMS = 100
"""Problems told one by one; the others are counted."""
_TELL_EVERY = 2**20
"""Bytes between two calls that tell how far the check is."""


class Verifier:
    """Checks files in their order; then `finish`."""

    def __init__(
        self,
        keys: PublicKeys | None,
        *,
        copies: Mapping[int, str] | None = None,
        whole: bool = False,
        progress: Callable[[int], None] = lambda _bytes: None,
    ) -> None:
        """Check signatures with *keys*; without, hashes only.

        *copies* are the hashes of checkpoints, by sequence, that were kept elsewhere. *whole*
        says that the files are the whole log, from its first record. *progress* is told of bytes
        that were checked.
        """
        self._keys = keys
        self._copies = dict(copies or {})
        self._whole = whole
        self._progress = progress
        self._report = ChainReport()
        self._expected: int | None = None
        self._head: str | None = None
        """Hash that the next record should name; None when the line before is damaged."""
        self._since = 0
        self._within = 0
        self._overdue_told = False
        self._last: AuditRecord | None = None
        self._file = ""
        self._line = 0

    def check(self, path: Path) -> None:
        """Check the next file of the log."""
        if self._report.files and checkpoints.reason_of(self._last) != CheckpointReason.FILE_CLOSED:
            self._tell(
                "another file follows, but this one does not end as one that was closed: "
                "its end was cut off, or a file between is missing"
            )
        self._file, self._line = path.name, 0
        self._report.files += 1
        with path.open("rb") as file:
            for text in _lines(file, self._progress):
                self._line += 1
                self._check_line(text)
        if self._line == 0:
            self._tell("is empty: its records were removed")

    def finish(self) -> ChainReport:
        """Return what was found."""
        report, last = self._report, self._report.last_sequence
        beyond = sorted(one for one in self._copies if one > last)
        if beyond:
            self._tell(
                f"the log ends at sequence {last}, but a copy of a checkpoint of sequence "
                f"{beyond[-1]} was kept: the end of the log was cut off",
                sequence=last,
            )
        return report

    def _check_line(self, text: bytes) -> None:
        if not text.endswith(b"\n"):
            self._tell("is not ended by a line feed: the line was cut, or torn by a crash")
        try:
            record = read(text.removesuffix(b"\n"))
        except Damaged as damaged:
            self._tell(str(damaged), sequence=self._expected or 0)
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
        """Check that *record* follows the one before."""
        if self._expected is None:
            if self._report.records == 0:
                self._check_first(record)
            return
        at, expected = record.sequence, self._expected
        if at > expected:
            missing = (
                f"records {expected} to {at - 1} are"
                if at - 1 > expected
                else (f"record {expected} is")
            )
            self._tell(f"{missing} missing before this one", record)
        elif at < expected:
            self._tell(
                f"comes after sequence {expected - 1}: records were put in, doubled or put in "
                "another order, here or on the line before",
                record,
            )
        elif self._head is not None and record.previous != self._head:
            self._tell(
                "does not hold the hash of the record before: that one or this one was exchanged "
                "or changed, and its hash made anew",
                record,
            )

    def _check_first(self, record: AuditRecord) -> None:
        if record.sequence == 1 and record.previous != BEFORE_THE_FIRST:
            self._tell("is the first record, but names one before it", record)
        if record.sequence > 1 and self._whole:
            self._tell(f"records 1 to {record.sequence - 1} are missing before this one", record)

    def _check_file(self, record: AuditRecord) -> None:
        """Check that a file begins and ends as files do."""
        reason = checkpoints.reason_of(record)
        if self._line == 1 and (
            reason != CheckpointReason.FILE_OPENED or record.details.get("file") != self._file
        ):
            self._tell(
                "is not the record that opens this file: its beginning was cut off, or the file "
                "was renamed",
                record,
            )
        elif self._line > 1 and reason == CheckpointReason.FILE_OPENED:
            self._tell("opens a file, but is not its first line", record)
        if self._line > 1 and checkpoints.reason_of(self._last) == CheckpointReason.FILE_CLOSED:
            self._tell("stands after the record that closed this file", record)

    def _check_checkpoint(self, record: AuditRecord) -> None:
        report = self._report
        report.checkpoints += 1
        known = self._expected is not None and report.records > 0
        if self._keys is not None:
            key_id = record.details.get("key_id", "")
            if key_id not in self._keys.by_id:
                self._tell(f"is signed with an unknown key, {key_id!r}", record)
            elif checkpoints.is_signed(record, self._keys):
                report.key_ids.add(key_id)
                report.covered_to = record.sequence
                report.covered_by = checkpoints.reason_of(record)
            else:
                self._tell(
                    "its signature is wrong: this checkpoint, or one of the records "
                    f"{report.covered_to + 1} to {record.sequence - 1}, was changed and all hashes "
                    "made anew",
                    record,
                )
        if known and not report.problems and checkpoints.number(record, "count") != self._since:
            self._tell(f"counts other records than the {self._since} before it", record)
        self._since = 0
        self._within = max(0, checkpoints.number(record, "within"))
        self._overdue_told = False

    def _check_promise(self, record: AuditRecord) -> None:
        if self._within and self._since > self._within and not self._overdue_told:
            self._overdue_told = True
            self._tell(
                f"a checkpoint was promised after {self._within} records at most, and there is "
                "none: it was removed, or the records since are not the service's",
                record,
            )

    def _check_copy(self, record: AuditRecord) -> None:
        wanted = self._copies.pop(record.sequence, None)
        if wanted is None:
            return
        if wanted == record.hash:
            self._report.copies += 1
        else:
            self._tell(
                "is not the checkpoint of which a copy was kept: the log was written anew from "
                f"here or before (after sequence {self._report.covered_to})",
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

    def _tell(self, words: str, record: AuditRecord | None = None, *, sequence: int = 0) -> None:
        if len(self._report.problems) >= MOST_PROBLEMS:
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


def verify(
    paths: Sequence[Path],
    keys: PublicKeys | None,
    *,
    copies: Mapping[int, str] | None = None,
    whole: bool = False,
    progress: Callable[[int], None] = lambda _bytes: None,
) -> ChainReport:
    """Check *paths*, the files of a log in their order."""
    verifier = Verifier(keys, copies=copies, whole=whole, progress=progress)
    for path in paths:
        verifier.check(path)
    return verifier.finish()


def paths_of(where: Path) -> list[Path]:
    """Return the files of the log in a folder, or the one file."""
    return log_files.files(where) if where.is_dir() else [where]


def _lines(file: IO[bytes], progress: Callable[[int], None]) -> Iterator[bytes]:
    """Yield lines with their line feeds; a line without end is cut into pieces, all damaged."""
    told = 0
    while text := file.readline(LONGEST_LINE):
        yield text
        told += len(text)
        if told >= _TELL_EVERY:
            progress(told)
            told = 0
    progress(told)
