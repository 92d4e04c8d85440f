"""Sealed hours reach an object store whole, once, and stay on the disk until they have."""

from pathlib import Path

import pytest

from services.decision_log import compaction, schema
from services.decision_log.archive import receipts
from services.decision_log.archive.follower import (
    SEALED_AT_LATEST_MS,
    ArchiveFollower,
    ArchiveScope,
)
from services.decision_log.archive.object_store import ArchiveCause, ArchiveFault
from services.decision_log.maintenance import LogMaintenance, RetentionLimits
from services.decision_log.partitions import logged_hours
from services.decision_log.retention import DAY_MS
from tests.support.builders import an_entry, some_calls, some_texts
from tests.support.decision_logs import HOUR_MS, NOW_MS, Clock, Logged, logged
from tests.support.memory_objects import MemoryObjects

FRAUD, ANN = "+8617000000123", "+8619900000001"
LATER_MS = NOW_MS + 2 * HOUR_MS


def archived(
    folder: Path, objects: MemoryObjects, at_ms: int = LATER_MS, *, days: int = 365
) -> ArchiveFollower:
    scope = ArchiveScope(kinds=("call", "text", "link"), days=days)
    return ArchiveFollower(folder, objects, scope, now_ms=Clock(at_ms))


def turned(
    folder: Path, objects: MemoryObjects, at_ms: int = LATER_MS, *, days: int = 365
) -> ArchiveFollower:
    """Archive once, and release the lock."""
    archive = archived(folder, objects, at_ms, days=days)
    archive.turn()
    archive.close(1)
    return archive


def kept(
    folder: Path, archive: ArchiveFollower, at_ms: int, *, days: int = 180, max_bytes: int = 2**40
) -> LogMaintenance:
    """Run a turn of maintenance that asks *archive* what may go."""
    limits = RetentionLimits(days=dict.fromkeys(schema.ALL_FOLDERS, days), max_bytes=max_bytes)
    keeping = LogMaintenance(folder, limits, now_ms=Clock(at_ms), may_go=archive.may_go)
    keeping.turn()
    keeping.close(1)
    return keeping


def a_log(folder: Path) -> Logged:
    log = logged(folder)
    log.decide(some_calls(FRAUD, callee=ANN), an_entry(FRAUD))
    return log


def files(folder: Path, kind: str = "call") -> list[bytes]:
    return [path.read_bytes() for path in sorted((folder / kind).rglob("*.parquet"))]


def test_an_hour_that_is_over_is_archived_byte_by_byte_under_its_day_and_kind(
    tmp_path: Path,
) -> None:
    log, objects = a_log(tmp_path), MemoryObjects()
    log.decide(some_texts("您好"), an_entry(FRAUD))

    archive = turned(tmp_path, objects)

    calls, texts = sorted(objects.contents)
    assert calls.startswith("day=2026-01-05/kind=call/09-")
    assert texts.startswith("day=2026-01-05/kind=text/09-")
    assert [objects.contents[calls]] == files(tmp_path)
    assert (archive.figures.segments, archive.figures.waiting) == (2, 0)


def test_the_hour_that_is_written_and_one_that_is_to_be_merged_wait(tmp_path: Path) -> None:
    log, objects = a_log(tmp_path), MemoryObjects()
    log.decide(some_calls(FRAUD, callee=ANN), an_entry(FRAUD))

    turned(tmp_path, objects, NOW_MS)
    turned(tmp_path, objects, NOW_MS + HOUR_MS + compaction.SETTLED_MS + 1)

    assert objects.contents == {}


def test_what_maintenance_never_merged_is_archived_all_the_same(tmp_path: Path) -> None:
    log, objects = a_log(tmp_path), MemoryObjects()
    log.decide(some_calls(FRAUD, callee=ANN), an_entry(FRAUD))

    turned(tmp_path, objects, NOW_MS + HOUR_MS + SEALED_AT_LATEST_MS + 1)

    assert len(objects.contents) == 2


def test_a_follower_that_was_killed_sends_nothing_twice(tmp_path: Path) -> None:
    a_log(tmp_path)
    objects = MemoryObjects()
    turned(tmp_path, objects)
    (hour,) = logged_hours(tmp_path, "call")

    turned(tmp_path, objects)
    (hour.folder / receipts.FILE).unlink()
    turned(tmp_path, objects)

    assert len(objects.puts) == 1
    assert receipts.covers(hour)


@pytest.mark.parametrize("computes", [True, False])
def test_what_arrives_damaged_is_no_archive_and_is_sent_again(
    tmp_path: Path, *, computes: bool
) -> None:
    a_log(tmp_path)
    objects = MemoryObjects(computes_checksums=computes, on_the_way=lambda sent: sent[:-1] + b"?")
    archive = archived(tmp_path, objects)

    with pytest.raises(ArchiveFault):
        archive.turn()
    held = kept(tmp_path, archive, NOW_MS + 200 * DAY_MS)
    objects.on_the_way = bytes
    archive.turn()

    assert (held.figures.held, held.figures.removed_old) == (1, 0)
    assert archive.figures.failures[ArchiveCause.DAMAGED] == 1
    assert list(objects.contents.values()) == files(tmp_path)
    assert archive.figures.read_back == (0 if computes else 3)


def test_retention_removes_an_hour_only_once_it_is_archived(tmp_path: Path) -> None:
    a_log(tmp_path)
    objects = MemoryObjects(away=True)
    archive = archived(tmp_path, objects, NOW_MS + 200 * DAY_MS)

    with pytest.raises(ArchiveFault):
        archive.turn()
    before = kept(tmp_path, archive, NOW_MS + 200 * DAY_MS)
    too_large = kept(tmp_path, archive, NOW_MS + 2 * DAY_MS, max_bytes=1)
    objects.away = False
    archive.turn()
    after = kept(tmp_path, archive, NOW_MS + 200 * DAY_MS)

    assert (before.figures.held, too_large.figures.held, after.figures.held) == (1, 1, 0)
    assert (before.figures.removed_old, after.figures.removed_old) == (0, 1)
    assert archive.figures.lag_ms == 0
    assert files(tmp_path) == []
    assert len(objects.contents) == 1


def test_a_kind_that_is_not_archived_goes_as_always(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    log.ends((FRAUD, ANN, 5))
    archive = archived(tmp_path, MemoryObjects(away=True))

    found = kept(tmp_path, archive, NOW_MS + 200 * DAY_MS)

    assert (found.figures.removed_old, found.figures.held) == (1, 1)
    assert files(tmp_path, schema.CALL_ENDS) == []


def test_segments_that_are_merged_later_are_replaced_there_too(tmp_path: Path) -> None:
    log, objects = a_log(tmp_path), MemoryObjects()
    turned(tmp_path, objects)
    log.decide(some_calls(FRAUD, callee=ANN), an_entry(FRAUD))

    archive = archived(tmp_path, objects)
    kept(tmp_path, archive, LATER_MS)
    archive.turn()

    assert list(objects.contents.values()) == files(tmp_path)


def test_objects_that_are_too_old_go_and_are_not_sent_again(tmp_path: Path) -> None:
    a_log(tmp_path)
    objects = MemoryObjects()
    turned(tmp_path, objects, days=30)
    objects.contents["day=2026-01-05/notes.txt"] = b"another's"

    archive = archived(tmp_path, objects, NOW_MS + 31 * DAY_MS, days=30)
    archive.turn()
    archive.turn()
    found = kept(tmp_path, archive, NOW_MS + 31 * DAY_MS)

    assert list(objects.contents) == ["day=2026-01-05/notes.txt"]
    assert archive.figures.expired == 1
    assert found.figures.held == 0


def test_one_follower_archives_a_folder(tmp_path: Path) -> None:
    a_log(tmp_path)
    first, second = archived(tmp_path, MemoryObjects()), archived(tmp_path, MemoryObjects())

    assert (first.turn(), second.turn()) == (True, False)
    first.close(1)
    assert second.turn()
    second.close(1)
