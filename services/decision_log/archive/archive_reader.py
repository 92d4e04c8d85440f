"""Reads the archive: what it has of each day, whether that is whole, and a day back to a disk."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fanzha.errors import NotFound
from infra import atomic_file
from services.decision_log.archive import layout, receipts
from services.decision_log.archive.follower import digest_of
from services.decision_log.archive.layout import ArchivedSegment
from services.decision_log.archive.object_store import (
    SHA256_LABEL,
    ArchiveCause,
    ArchiveFault,
    ObjectStore,
)
from services.decision_log.archive.receipts import ArchiveReceipt
from services.decision_log.partitions import UNFINISHED


@dataclass(slots=True, kw_only=True)
class ArchivedDay:
    """What the archive has of one kind of a day."""

    day: str
    kind: str
    segments: int = 0
    bytes: int = 0


@dataclass(slots=True)
class ArchiveCheck:
    """What a verification found."""

    whole: int = 0
    bytes: int = 0
    damaged: list[str] = field(default_factory=list)
    """Keys of objects that are not what was stored."""
    missing: list[str] = field(default_factory=list)
    """Keys of which this host has a receipt, and the archive has no object."""


@dataclass(slots=True)
class RestoredDay:
    """What was brought back."""

    segments: int = 0
    bytes: int = 0
    rows: int = 0
    present: int = 0
    """Segments that were on the disk already."""


class ArchiveReader:
    """Reads one archive; *root* is the log of this host, whose receipts it compares."""

    def __init__(self, objects: ObjectStore, root: Path) -> None:
        self._objects = objects
        self._root = root

    def days(self, since: str = "") -> list[ArchivedDay]:
        """Return what there is, the oldest day first, from *since* on."""
        found: dict[tuple[str, str], ArchivedDay] = {}
        for one in self._objects.names("day="):
            segment = layout.read_key(one.key)
            if segment is None or segment.day < since:
                continue
            kept = found.setdefault(
                (segment.day, segment.kind), ArchivedDay(day=segment.day, kind=segment.kind)
            )
            kept.segments += 1
            kept.bytes += one.size
        return [found[key] for key in sorted(found)]

    def verify(
        self,
        day: str,
        kinds: Sequence[str],
        progress: Callable[[str], None] = lambda _key: None,
    ) -> ArchiveCheck:
        """Read every object of a day, and compare it with its label and our receipts."""
        check, present = ArchiveCheck(), set()
        for key, segment in self._of_day(day, kinds):
            progress(key)
            present.add(key)
            receipt = receipts.read(segment.partition(self._root)).get(segment.name)
            size = self._whole_size(key, receipt)
            if size is None:
                check.damaged.append(key)
            else:
                check.whole += 1
                check.bytes += size
        check.missing = sorted(self._expected(day, kinds) - present)
        return check

    def fetch(
        self,
        day: str,
        kinds: Sequence[str],
        folder: Path,
        progress: Callable[[str], None] = lambda _key: None,
    ) -> RestoredDay:
        """Bring a day back to *folder*, laid out like a log; raise `NotFound` for an empty one.

        A segment that is damaged is not written: `ArchiveFault`, after those before it.
        """
        restored, by_hour = RestoredDay(), defaultdict[Path, list[ArchivedSegment]](list)
        for key, segment in self._of_day(day, kinds):
            progress(key)
            self._fetch(key, segment, folder, restored)
            by_hour[segment.partition(folder).folder].append(segment)
        if not by_hour:
            raise NotFound("archive: nothing of {day}", day=day)
        return restored

    def _fetch(
        self, key: str, segment: ArchivedSegment, folder: Path, restored: RestoredDay
    ) -> None:
        hour = segment.partition(folder)
        path = hour.folder / segment.name
        expected = self._label(key)
        if path.exists() and ArchiveReceipt.of(path).sha256 == expected:
            restored.present += 1
            return
        atomic_file.make_folder(hour.folder)
        unfinished = path.with_suffix(UNFINISHED)
        with atomic_file.replacing(path, beside=unfinished) as file:
            self._objects.fetch(key, file)
            file.flush()
            receipt = ArchiveReceipt.of(unfinished)
            if receipt.sha256 != expected or (rows := _rows(unfinished)) is None:
                raise ArchiveFault(ArchiveCause.DAMAGED, "archive: {key} is damaged", key=key)
        # So that a follower of this folder does not send it once more.
        receipts.write(hour, receipts.read(hour) | {segment.name: receipt})
        restored.segments += 1
        restored.bytes += receipt.size
        restored.rows += rows

    def _of_day(self, day: str, kinds: Sequence[str]) -> Iterator[tuple[str, ArchivedSegment]]:
        layout.start_of(day)
        layout.check_kinds(kinds)
        for kind in kinds:
            for one in self._objects.names(layout.prefix_of(day, kind)):
                segment = layout.read_key(one.key)
                if segment is not None:
                    yield one.key, segment

    def _expected(self, day: str, kinds: Sequence[str]) -> set[str]:
        hours = [
            ArchivedSegment(day=day, kind=kind, hour=hour, name="").partition(self._root)
            for kind in kinds
            for hour in range(24)
        ]
        return {layout.key_of(hour, name) for hour in hours for name in receipts.read(hour)}

    def _whole_size(self, key: str, receipt: ArchiveReceipt | None) -> int | None:
        """Return the size of an object that is what was stored; None for another."""
        stored = self._objects.find(key)
        if stored is None:
            return None
        label = stored.labels.get(SHA256_LABEL, "")
        if receipt is not None and (receipt.sha256, receipt.size) != (label, stored.size):
            return None
        return stored.size if digest_of(self._objects, key) == label else None

    def _label(self, key: str) -> str:
        stored = self._objects.find(key)
        return stored.labels.get(SHA256_LABEL, "") if stored is not None else ""


def _rows(path: Path) -> int | None:
    try:
        return int(pq.read_metadata(path).num_rows)
    except (pa.ArrowInvalid, OSError):
        return None
