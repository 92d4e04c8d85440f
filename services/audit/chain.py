"""Appends records to the audit log; one process, one thread at a time.

A write is atomic: when it fails, the file is truncated to its former size. Calls return after
``fsync``.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from infra import atomic_file, file_lock
from services.audit import checkpoints, log_files, recovery
from services.audit.checkpoints import CheckpointReason, CheckpointTerms
from services.audit.keys import SigningKey
from services.audit.records import AuditEvent, AuditRecord, make_record

LOCK = "lock"


class Chain:
    """Appends records to the log in *folder*, with a checkpoint at least every *within* records."""

    def __init__(
        self, folder: Path, key: SigningKey, *, within: int, now_ms: Callable[[], int]
    ) -> None:
        self._folder = folder
        self._key = key
        self._within = within
        self._now_ms = now_ms
        self._lock: int | None = None
        self._file: int | None = None
        self._name = ""
        self._size = 0
        self._sequence = 0
        self._head = ""
        self._uncovered = 0
        self._truncate_pending = False
        self.checkpoints: list[AuditRecord] = []
        """Written checkpoints that the caller has not collected yet."""

    @property
    def sequence(self) -> int:
        """Sequence of the newest record; 0 before the first."""
        return self._sequence

    @property
    def head(self) -> str:
        """Hash of the newest record."""
        return self._head

    @property
    def uncovered(self) -> int:
        """Number of records since the last checkpoint."""
        return self._uncovered

    @property
    def end(self) -> tuple[str, int]:
        """The newest file and its durable size in bytes."""
        return self._name, self._size

    def open(self) -> recovery.LogTail:
        """Lock and open the log; return where it ended.

        Raise `RuntimeError` when another process has locked it, `ValueError` when it is unreadable.
        """
        atomic_file.make_folder(self._folder)
        self._lock = file_lock.lock(self._folder / LOCK)
        if self._lock is None:
            raise RuntimeError(f"{self._folder}: another process has locked this audit log")
        end = recovery.find_end(self._folder, self._now_ms())
        self._sequence, self._head, self._uncovered = end.sequence, end.head, end.since
        if end.path is not None:
            self._name = end.path.name
            self._size = end.size
            if not end.closed:
                self._use_file(os.open(end.path, os.O_WRONLY | os.O_CLOEXEC), end.size)
        self.checkpoint(CheckpointReason.STARTED)
        return end

    def append(self, events: Sequence[AuditEvent]) -> list[AuditRecord]:
        """Append *events*; on `OSError` none of them is written."""
        self._rotate(self._now_ms())
        records: list[AuditRecord] = []
        batch = _Batch(self._sequence, self._head, self._uncovered)
        for event in events:
            if batch.since >= self._within:
                batch.add(self._checkpoint_after(batch, CheckpointReason.FULL))
            records.append(batch.add(make_record(event, batch.sequence + 1, batch.head)))
        if batch.since >= self._within:
            batch.add(self._checkpoint_after(batch, CheckpointReason.FULL))
        self._write(batch)
        return records

    def checkpoint(self, reason: CheckpointReason) -> AuditRecord:
        """Write a checkpoint over everything so far."""
        if not self._rotate(self._now_ms()):
            self._write_checkpoint(reason)
        return self.checkpoints[-1]

    def close(self) -> None:
        """Close and unlock the log; call `checkpoint` before."""
        self._close_file()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _rotate(self, now_ms: int) -> bool:
        """Start a new file when a month has begun; return whether a checkpoint was written."""
        name = log_files.name_at(now_ms)
        if self._file is not None and name <= self._name:
            return False  # the clock may have gone back: keep the newest file
        if self._file is not None:
            self._write_checkpoint(CheckpointReason.FILE_CLOSED)
            self._close_file()
        if self._name and name <= self._name:
            name = log_files.name_after(self._name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        before = self._name, self._size
        self._use_file(os.open(self._folder / name, flags, atomic_file.FILE_MODE), 0)
        self._name = name
        try:
            atomic_file.sync_folder(self._folder)
            self._write_checkpoint(CheckpointReason.FILE_OPENED)
        except OSError:
            self._close_file()
            self._name, self._size = before
            raise
        return True

    def _write_checkpoint(self, reason: CheckpointReason) -> None:
        batch = _Batch(self._sequence, self._head, self._uncovered)
        batch.add(self._checkpoint_after(batch, reason))
        self._write(batch)

    def _checkpoint_after(self, batch: "_Batch", reason: CheckpointReason) -> AuditRecord:
        return checkpoints.make(
            CheckpointTerms(reason=reason, count=batch.since, within=self._within, file=self._name),
            self._key,
            sequence=batch.sequence + 1,
            previous=batch.head,
            time_ms=self._now_ms(),
        )

    def _write(self, batch: "_Batch") -> None:
        if self._file is None:
            raise OSError("the audit log is closed")
        data = b"".join(record.line + b"\n" for record in batch.records)
        try:
            if self._truncate_pending:
                self._truncate(self._file)
            _write_all(self._file, data, self._size)
            os.fsync(self._file)
        except OSError:
            self._truncate_pending = True
            self._try_truncate(self._file)
            raise
        self._size += len(data)
        self._sequence, self._head, self._uncovered = batch.sequence, batch.head, batch.since
        self.checkpoints += filter(checkpoints.is_checkpoint, batch.records)

    def _truncate(self, file: int) -> None:
        os.ftruncate(file, self._size)
        os.fsync(file)
        self._truncate_pending = False

    def _try_truncate(self, file: int) -> None:
        try:
            self._truncate(file)
        except OSError:
            return  # the next write truncates first

    def _use_file(self, file: int, size: int) -> None:
        self._file, self._size, self._truncate_pending = file, size, False

    def _close_file(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class _Batch:
    """Records of one write."""

    def __init__(self, sequence: int, head: str, since: int) -> None:
        self.sequence = sequence
        self.head = head
        self.since = since
        self.records: list[AuditRecord] = []

    def add(self, record: AuditRecord) -> AuditRecord:
        self.records.append(record)
        self.sequence, self.head = record.sequence, record.hash
        self.since = 0 if checkpoints.is_checkpoint(record) else self.since + 1
        return record


def _write_all(file: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written
