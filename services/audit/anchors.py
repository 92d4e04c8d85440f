"""Anchors: checkpoints of the log in a second place, which reveal that its end was cut off.

A log whose end is gone verifies by itself, and so does one that was written anew by whoever has the
key. An anchor is a checkpoint as it stands in the log, signature and all, in a folder that those
who can change the log cannot: another volume, a share that may only be appended to, WORM storage.
One file a month, ``anchors-2026-11.jsonl``, only ever appended to.
"""

import asyncio
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fanzha.errors import Unavailable
from infra import atomic_file
from services.audit import checkpoints
from services.audit.checkpoint_copies import CheckpointCopy
from services.audit.keys import PublicKeys, read_public
from services.audit.records import MAX_LINE_BYTES, AuditRecord, DamagedAuditRecord, read

_NAME = re.compile(r"anchors-[0-9]{4}-[0-9]{2}\.jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorsFound:
    """What a folder of anchors holds."""

    hashes: dict[int, str]
    """Of checkpoints, by sequence; of two with the same, the first."""
    unreadable: int
    """Lines that are no checkpoint: torn by a crash, or damaged."""
    unsigned: int
    """Checkpoints that none of the keys has signed; they count for nothing."""


class AnchorFolder:
    """Writes and reads anchors. Raises `Unavailable` while the folder cannot be used."""

    def __init__(self, folder: Path, public_file: Path) -> None:
        """*public_file* has the keys that sign the log: what they have not signed is no anchor."""
        self._folder = folder
        self._public_file = public_file

    @property
    def place(self) -> str:
        """Where they are, in words for a log."""
        return str(self._folder)

    async def append(self, checkpoint: AuditRecord) -> None:
        """Append a checkpoint; return once it is durable."""
        try:
            await asyncio.to_thread(self._append, checkpoint)
        except OSError as error:
            raise Unavailable("anchors of the audit log: {error}", error=error) from error

    async def newest(self) -> CheckpointCopy | None:
        """Return the anchor with the highest sequence."""
        found = await self.all()
        return found[-1] if found else None

    async def all(self) -> list[CheckpointCopy]:
        """Return all anchors, the first of each sequence."""
        try:
            found = await asyncio.to_thread(self._read)
        except OSError as error:
            raise Unavailable("anchors of the audit log: {error}", error=error) from error
        return [
            CheckpointCopy(sequence=one, hash=found.hashes[one]) for one in sorted(found.hashes)
        ]

    def _read(self) -> AnchorsFound:
        text = self._public_file.read_text()
        return read_anchors(self._folder, read_public(text, str(self._public_file)))

    def _append(self, checkpoint: AuditRecord) -> None:
        atomic_file.make_folder(self._folder)
        month = datetime.fromtimestamp(checkpoint.time_ms / 1000, UTC)
        path = self._folder / f"anchors-{month:%Y-%m}.jsonl"
        line = checkpoint.line + b"\n"
        is_new = not path.exists()
        if not is_new and not _ends_a_line(path):
            line = (
                b"\n" + line
            )  # the line before was torn; a share for appending forbids mending it
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, atomic_file.FILE_MODE), "ab", buffering=0) as file:
            file.write(line)
            os.fsync(file.fileno())
        if is_new:
            atomic_file.sync_folder(self._folder)


def read_anchors(folder: Path, keys: PublicKeys | None) -> AnchorsFound:
    """Read all anchors of *folder*; without *keys*, whoever signed them."""
    hashes: dict[int, str] = {}
    unreadable = unsigned = 0
    for line in _lines(folder):
        try:
            record = read(line)
        except DamagedAuditRecord:
            unreadable += 1
            continue
        if not checkpoints.is_checkpoint(record):
            unreadable += 1
        elif keys is not None and not checkpoints.is_signed(record, keys):
            unsigned += 1
        else:
            hashes.setdefault(record.sequence, record.hash)
    return AnchorsFound(hashes=hashes, unreadable=unreadable, unsigned=unsigned)


def is_anchor_file(name: str) -> bool:
    """Return whether *name* is a file name of anchors."""
    return _NAME.fullmatch(name) is not None


def _lines(folder: Path) -> Iterator[bytes]:
    if not folder.is_dir():
        return
    for path in sorted(path for path in folder.iterdir() if is_anchor_file(path.name)):
        with path.open("rb") as file:
            while text := file.readline(MAX_LINE_BYTES):
                if line := text.strip(b"\n"):
                    yield line


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size == 0:
            return True
        file.seek(size - 1)
        return file.read(1) == b"\n"
