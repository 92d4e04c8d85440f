"""Finds where the log goes on after the last process that wrote it, and sets a torn end aside.

A record is on the disk before anybody is told that it is, so what a crash can leave behind at
the end of the newest file is a piece that nobody relies on. It is kept in a file beside, told in
a record, and cut off. Whether the rest of the log is whole is the verifier's business.
"""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from infra import atomic_file
from services.audit import checkpoints, log_files
from services.audit.records import BEFORE_THE_FIRST, AuditRecord, Damaged, read

MOST_TORN = 4 * 2**20
"""Bytes; more than one write ever has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TornTail:
    """What stood at the end of the log and was no record."""

    file: str
    size: int
    lines: int
    """Those that were ended by a line feed: after a crash there should be none."""
    digest: str
    kept_as: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTail:
    """Where the log goes on."""

    path: Path | None
    """The newest file with a record; None when there is no record."""
    size: int
    sequence: int
    head: str
    since: int
    """Records since the last checkpoint."""
    closed: bool
    """Whether the file ends with its last line."""
    torn: tuple[TornTail, ...] = ()


def find_end(folder: Path, now_ms: int) -> LogTail:
    """Find the end of the log in *folder*; raise ValueError when it cannot be read."""
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
        path.unlink()  # made just before a crash: nothing was in it
    return LogTail(
        path=None,
        size=0,
        sequence=0,
        head=BEFORE_THE_FIRST,
        since=0,
        closed=False,
        torn=tuple(torn),
    )


def _whole_part(path: Path) -> tuple[int, AuditRecord | None]:
    """Return up to where a file is whole, as its end tells, and the last record before."""
    size = path.stat().st_size
    for offset, line in log_files.lines_backwards(path, size):
        end = offset + len(line)
        if end < size:  # it has a line feed
            try:
                return end + 1, read(line)
            except Damaged:
                pass
        if size - offset > MOST_TORN:
            raise ValueError(
                f"{path}: its end cannot be read, and is too long to be the remains of a crash; "
                "`fanzha audit verify` says more. Move the folder aside to begin another log"
            )
    return 0, None


def _since_checkpoint(path: Path, size: int) -> int:
    since = 0
    for _, line in log_files.lines_backwards(path, size):
        try:
            if checkpoints.is_checkpoint(read(line)):
                break
        except Damaged:
            pass  # somebody's record, all the same
        since += 1
    return since


def _set_aside(path: Path, whole: int, now_ms: int) -> TornTail:
    with path.open("rb") as file:
        file.seek(whole)
        piece = file.read()
    kept = path.with_name(f"{path.stem}.{now_ms}.torn")
    with atomic_file.create(kept, fresh=False) as beside:
        beside.write(piece)
    os.truncate(path, whole)
    atomic_file.sync_folder(path.parent)
    return TornTail(
        file=path.name,
        size=len(piece),
        lines=piece.count(b"\n"),
        digest=sha256(piece).hexdigest(),
        kept_as=kept.name,
    )
