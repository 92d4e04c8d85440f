"""Finds the end of the log at start, and sets a torn tail aside.

A crash can leave an incomplete write at the end of the newest file. It was never acknowledged, so
it is moved to a file beside, reported in a record, and truncated. The verifier checks the rest.
"""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fanzha.errors import InvalidConfiguration
from infra import atomic_file
from services.audit import checkpoints, log_files
from services.audit.records import FIRST_PREVIOUS, AuditRecord, DamagedAuditRecord, read

MAX_TORN_BYTES = 4 * 2**20
"""More bytes than one write can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TornTail:
    """Bytes at the end of the log that are not a record."""

    file: str
    size: int
    lines: int
    """Complete lines among them; a crash leaves none."""
    digest: str
    kept_as: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTail:
    """The end of the log, where the next record goes."""

    path: Path | None
    """The newest file with a record; None when there is no record."""
    size: int
    sequence: int
    head: str
    since: int
    """Records since the last checkpoint."""
    closed: bool
    """Whether the file ends with a FILE_CLOSED checkpoint."""
    torn: tuple[TornTail, ...] = ()


def find_end(folder: Path, now_ms: int) -> LogTail:
    """Find the end of the log in *folder*; raise `ValueError` when it is unreadable."""
    torn: list[TornTail] = []
    for path in reversed(log_files.files(folder)):
        size, last = _whole_part(path)
        if size < path.stat().st_size:
            torn.append(_set_aside(path, size, now_ms))
        if last is not None:
            return LogTail(
                path=path,
                size=size,
                sequence=last.sequence,
                head=last.hash,
                since=_since_checkpoint(path, size),
                closed=checkpoints.reason_of(last) == checkpoints.CheckpointReason.FILE_CLOSED,
                torn=tuple(torn),
            )
        path.unlink()  # created just before a crash, and empty
    return LogTail(
        path=None,
        size=0,
        sequence=0,
        head=FIRST_PREVIOUS,
        since=0,
        closed=False,
        torn=tuple(torn),
    )


def _whole_part(path: Path) -> tuple[int, AuditRecord | None]:
    """Return the size up to the last valid record, and that record."""
    size = path.stat().st_size
    for offset, line, _ in log_files.lines_backwards(path, size):
        end = offset + len(line)
        if end < size:  # it has a line feed
            try:
                return end + 1, read(line)
            except DamagedAuditRecord:
                pass
        if size - offset > MAX_TORN_BYTES:
            raise InvalidConfiguration(
                "{path}: its last {max_torn_bytes} bytes are unreadable, too many for "
                "a crash; see `fanzha audit verify`. Move the folder away to start a "
                "new log",
                path=path,
                max_torn_bytes=MAX_TORN_BYTES,
            )
    return 0, None


def _since_checkpoint(path: Path, size: int) -> int:
    since = 0
    for _, line, _ in log_files.lines_backwards(path, size):
        try:
            if checkpoints.is_checkpoint(read(line)):
                break
        except DamagedAuditRecord:
            pass  # counts as a record all the same
        since += 1
    return since


def _set_aside(path: Path, whole: int, now_ms: int) -> TornTail:
    with path.open("rb") as file:
        file.seek(whole)
        piece = file.read()
    aside = path.with_name(f"{path.stem}.{now_ms}.torn")
    with atomic_file.create(aside, fresh=False) as beside:
        beside.write(piece)
    os.truncate(path, whole)
    atomic_file.sync_folder(path.parent)
    return TornTail(
        file=path.name,
        size=len(piece),
        lines=piece.count(b"\n"),
        digest=sha256(piece).hexdigest(),
        kept_as=aside.name,
    )
