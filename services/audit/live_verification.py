"""Verifies the log while the service writes it, against the checkpoints kept elsewhere.

A log whose end was cut off verifies by itself; a copy of a later checkpoint, or the head that the
process holds, reveals it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from fanzha.translation.message import Message
from services.audit import keys, log_files, verifier
from services.audit.anchors import AnchorFolder
from services.audit.checkpoint_copies import CheckpointCopies, CheckpointCopy
from services.audit.checkpoints import SUBJECT, CheckpointReason
from services.audit.events import AuditKind
from services.audit.findings import ChainProblem, ChainReport
from services.audit.log import AuditLog, LogHead
from services.auth import identity

_STORE = "store"
"""In place of a file, for what is not in the log."""


class _Stopped(Exception):
    """Ends a verification that nobody waits for any more."""


@dataclass(slots=True, kw_only=True)
class VerificationProgress:
    """How far a verification is; its thread writes, others read."""

    bytes_read: int = 0
    bytes_total: int = 0
    """0 until it begins to read."""


class LiveVerification:
    """Verifies *log*, one request at a time: each reads all of it.

    It must hold every checkpoint of *copies*, in Redis, and of *anchors*, in a second folder.
    *lost* says what the log has and the store has lost.
    """

    def __init__(
        self,
        log: AuditLog,
        copies: CheckpointCopies,
        anchors: AnchorFolder | None = None,
        lost: Callable[[], Awaitable[Sequence[Message]]] | None = None,
    ) -> None:
        self._lost = lost
        self._log = log
        self._copies = copies
        self._anchors = anchors
        self._lock = asyncio.Lock()

    async def verify(
        self, *, said_author: str, progress: VerificationProgress | None = None
    ) -> ChainReport:
        """Verify the log up to a new checkpoint, and record the result; *progress* follows it.

        Raises `Unavailable` when Redis or the anchors cannot be read or the log cannot be written.
        """
        by = identity.author(said_author)
        async with self._lock:
            # Before the head: the process copies newer checkpoints at any time.
            anchored = await self._anchors.all() if self._anchors is not None else []
            copies = _first_by_sequence([*anchored, *await self._copies.all()])
            head = await self._log.checkpoint(CheckpointReason.VERIFICATION)
            report = await self._read(head, copies, progress or VerificationProgress())
            for words in await self._lost() if self._lost is not None else ():
                report.problems.append(ChainProblem(file=_STORE, line=0, sequence=0, words=words))
            await self._log.record(
                AuditKind.LOG_VERIFIED, subject=SUBJECT, details=_details(report), actor=by
            )
        return report

    async def _read(
        self, head: LogHead, copies: Mapping[int, str], progress: VerificationProgress
    ) -> ChainReport:
        stopped = Event()

        def count(done: int) -> None:
            if stopped.is_set():
                raise _Stopped
            progress.bytes_read += done

        def read() -> ChainReport:
            try:
                progress.bytes_total = _size(self._log.folder, head)
                return self._report(head, copies, count)
            except _Stopped:
                return ChainReport()

        reading = asyncio.ensure_future(asyncio.to_thread(read))
        try:
            return await asyncio.shield(reading)
        finally:
            # A cancelled request holds the lock until its thread has ended.
            stopped.set()
            await asyncio.wait([reading])

    def _report(
        self, head: LogHead, copies: Mapping[int, str], progress: Callable[[int], None]
    ) -> ChainReport:
        public = self._log.key.public_file
        report = verifier.verify(
            log_files.files(self._log.folder),
            keys.read_public(public.read_text(), str(public)),
            copies=copies,
            whole=True,
            until=head.end,
            progress=progress,
        )
        _compare(report, head)
        return report


def _first_by_sequence(copies: Iterable[CheckpointCopy]) -> dict[int, str]:
    """Return hashes by sequence.

    A log that went on after its end was cut off makes a second checkpoint of the same sequence; the
    first one tells of it.
    """
    first: dict[int, str] = {}
    for copy in copies:
        first.setdefault(copy.sequence, copy.hash)
    return first


def _size(folder: Path, head: LogHead) -> int:
    """Return the bytes of the log up to *head*."""
    newest, size = head.end
    older = (path for path in log_files.files(folder) if path.name < newest)
    return size + sum(path.stat().st_size for path in older)


def _compare(report: ChainReport, head: LogHead) -> None:
    if (report.last_sequence, report.head) == (head.sequence, head.hash):
        return
    report.problems.append(
        ChainProblem(
            file=head.end[0],
            line=0,
            sequence=report.last_sequence,
            words=Message(
                "does not end with the record of sequence {sequence} as it was written: its end "
                "was cut off or exchanged while the service ran",
                sequence=head.sequence,
            ),
        )
    )


def _details(report: ChainReport) -> dict[str, str]:
    return {
        "result": "whole" if report.good else "damaged",
        "records": str(report.records),
        "problems": str(len(report.problems) + report.more_problems),
        "copies": str(report.copies),
        "head": report.head,
    }
