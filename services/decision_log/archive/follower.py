"""Copies sealed segments to an object store, verified, and removes there what is too old.

An hour is *sealed* when maintenance will change it no more: it is over, and its small segments are
one. A segment counts as archived once the store says the SHA-256 that we computed, or, of a store
that computes none, once it was read back. Until then retention leaves the hour alone.

One process does it for a folder, in a thread of its own, so that a slow store delays neither
maintenance nor decisions. A segment is as much as it holds back; what waits is on the disk anyway.
"""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.backoff import Backoff
from services.decision_log import compaction, segment_files
from services.decision_log.archive import layout, receipts
from services.decision_log.archive.object_store import (
    SHA256_LABEL,
    ArchiveCause,
    ArchiveFault,
    ObjectStore,
    StoredObject,
)
from services.decision_log.archive.receipts import ArchiveReceipt
from services.decision_log.folder_thread import FolderThread
from services.decision_log.partitions import HOUR_MS, UNFINISHED, HourPartition, logged_hours
from services.decision_log.segment_files import LogSegment

logger = logging.getLogger(__name__)

LOCK = "archive.lock"
TURN_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 300.0
SEALED_AT_LATEST_MS = 3 * HOUR_MS
"""Time after an hour's end when it counts as sealed, whatever a dead writer left in it."""
_EXPIRE_EVERY_MS = HOUR_MS


@dataclass(slots=True)
class ArchiveFigures:
    """What was done since the start, and what waits."""

    segments: int = 0
    """Segments that were verified in the store."""
    bytes: int = 0
    read_back: int = 0
    """Of these, those that had to be read back."""
    expired: int = 0
    """Objects that were removed because they were too old."""
    failures: dict[ArchiveCause, int] = field(
        default_factory=lambda: dict.fromkeys(ArchiveCause, 0)
    )
    waiting: int = 0
    """Sealed hours of a kind that are not archived."""
    lag_ms: int = 0
    """Time since the oldest of these was over."""
    turns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveScope:
    """What is archived, and for how long."""

    kinds: Sequence[str]
    days: int

    def first_day(self, now_ms: int) -> str:
        """Return the oldest day that is kept."""
        return layout.day_of(now_ms - self.days * layout.DAY_MS)

    def includes(self, hour: HourPartition, now_ms: int) -> bool:
        """Return whether an hour belongs into the archive."""
        return hour.channel in self.kinds and layout.day_of(hour.start_ms) >= self.first_day(now_ms)


class ArchiveFollower:
    """Archives one folder while it holds the lock."""

    def __init__(
        self,
        root: Path,
        objects: ObjectStore,
        scope: ArchiveScope,
        *,
        now_ms: Callable[[], int],
        turn_seconds: float = TURN_SECONDS,
    ) -> None:
        self.figures = ArchiveFigures()
        self._root = root
        self._objects = objects
        self._scope = scope
        self._now_ms = now_ms
        self._turn_seconds = turn_seconds
        self._done: dict[Path, int] = {}
        """Archived hours, and the time of change of their folders then."""
        self._expire_next_ms = 0
        self._thread = FolderThread(root / LOCK, name="log-archive")

    def start(self) -> None:
        """Start in a thread."""
        backoff = Backoff(
            first_seconds=min(1.0, self._turn_seconds), max_seconds=LONGEST_PAUSE_SECONDS
        )
        self._thread.start(
            self.turn,
            every_seconds=self._turn_seconds,
            task="decision log archive",
            logger=logger,
            backoff=backoff,
        )

    def close(self, seconds: float) -> None:
        """Stop after the current segment, and release the lock."""
        self._thread.close(seconds)

    def may_go(self, hour: HourPartition) -> bool:
        """Return whether retention may remove an hour: it is archived, or never will be."""
        return not self._scope.includes(hour, self._now_ms()) or receipts.covers(hour)

    def turn(self) -> bool:
        """Archive what is sealed; False when another process holds the lock.

        Raises `ArchiveFault`: at once where the store is away, else after all other hours.
        """
        if not self._thread.holds_lock():
            return False
        self.figures.turns += 1
        waiting = self._waiting()
        self._note(waiting)
        damaged: ArchiveFault | None = None
        for hour in list(waiting):
            if self._thread.ending.is_set():
                return True
            try:
                self._archive(hour)
            except FileNotFoundError:
                continue  # merged or removed meanwhile
            except ArchiveFault as fault:
                self.figures.failures[fault.cause] += 1
                if fault.cause is not ArchiveCause.DAMAGED:
                    raise
                damaged = fault
            else:
                waiting.remove(hour)
                self._note(waiting)
        self._expire()
        if damaged is not None:
            raise damaged
        return True

    def _waiting(self) -> list[HourPartition]:
        return sealed_hours(self._root, self._scope, self._now_ms(), self._is_done)

    def _note(self, waiting: Sequence[HourPartition]) -> None:
        self.figures.waiting = len(waiting)
        self.figures.lag_ms = max(0, self._now_ms() - waiting[0].end_ms) if waiting else 0

    def _is_done(self, hour: HourPartition) -> bool:
        try:
            return self._done.get(hour.folder) == hour.folder.stat().st_mtime_ns
        except FileNotFoundError:
            return True

    def _archive(self, hour: HourPartition) -> None:
        known = receipts.read(hour)
        segments = segment_files.readable(hour, [])
        for segment in segments:
            name = segment.path.name
            if name not in known:
                if self._thread.ending.is_set():
                    return
                known[name] = self._store(hour, segment)
                receipts.write(hour, known)
        gone = known.keys() - {segment.path.name for segment in segments}
        if gone:
            # Merged into one that is stored by now: readers of the store would count rows twice.
            self._objects.delete([layout.key_of(hour, name) for name in sorted(gone)])
            receipts.write(hour, {name: one for name, one in known.items() if name not in gone})
        if receipts.covers(hour):
            self._done[hour.folder] = hour.folder.stat().st_mtime_ns

    def _store(self, hour: HourPartition, segment: LogSegment) -> ArchiveReceipt:
        receipt, key = ArchiveReceipt.of(segment.path), layout.key_of(hour, segment.path.name)
        stored = self._objects.find(key)
        if stored is None or not self._is_whole(stored, receipt):
            self._objects.put(key, segment.path, sha256=receipt.sha256)
            stored = self._objects.find(key)
        if stored is None or not self._is_whole(stored, receipt):
            raise ArchiveFault(ArchiveCause.DAMAGED, "archive: {key} is not what was sent", key=key)
        self.figures.segments += 1
        self.figures.bytes += receipt.size
        return receipt

    def _is_whole(self, stored: StoredObject, receipt: ArchiveReceipt) -> bool:
        """Return whether the store has the very bytes that a receipt describes."""
        if stored.size != receipt.size or stored.labels.get(SHA256_LABEL) != receipt.sha256:
            return False
        if stored.sha256:
            return stored.sha256 == receipt.sha256
        self.figures.read_back += 1
        return digest_of(self._objects, stored.key) == receipt.sha256

    def _expire(self) -> None:
        now_ms = self._now_ms()
        if now_ms < self._expire_next_ms:
            return
        self._expire_next_ms = now_ms + _EXPIRE_EVERY_MS
        first, old = self._scope.first_day(now_ms), list[str]()
        for one in self._objects.names("day="):
            segment = layout.read_key(one.key)
            if segment is not None and segment.day >= first:
                break  # keys are in the order of days
            if segment is not None:
                old.append(one.key)
        if old:
            self._objects.delete(old)
            self.figures.expired += len(old)
            logger.info("%d archived segments were older than %s and removed", len(old), first)


def sealed_hours(
    root: Path,
    scope: ArchiveScope,
    now_ms: int,
    is_done: Callable[[HourPartition], bool] = receipts.covers,
) -> list[HourPartition]:
    """Return the sealed hours of a log that are not done, the oldest first."""
    return sorted(
        hour
        for kind in scope.kinds
        for hour in logged_hours(root, kind)
        if scope.includes(hour, now_ms) and not is_done(hour) and _is_sealed(hour, now_ms)
    )


class _DigestSink:
    """Takes bytes and keeps their hash."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def write(self, piece: bytes, /) -> int:
        """Take a piece."""
        self.digest.update(piece)
        return len(piece)


def digest_of(objects: ObjectStore, key: str) -> str:
    """Read an object, and return its SHA-256 in hexadecimal digits."""
    read = _DigestSink()
    objects.fetch(key, read)
    return read.digest.hexdigest()


def _is_sealed(hour: HourPartition, now_ms: int) -> bool:
    """Return whether neither a writer nor maintenance will change an hour any more."""
    if now_ms <= hour.end_ms + compaction.SETTLED_MS:
        return False
    if now_ms > hour.end_ms + SEALED_AT_LATEST_MS:
        return True
    return not hour.files(UNFINISHED) and not compaction.is_worth_it(hour, now_ms)
