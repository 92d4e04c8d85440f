"""A day comes back as it was, or not at all."""

from pathlib import Path

import pytest

from fanzha.errors import InvalidInput, NotFound
from fanzha.phone import HomePlan
from services.decision_log.archive import layout, receipts
from services.decision_log.archive.archive_reader import ArchiveReader
from services.decision_log.archive.follower import ArchiveFollower, ArchiveScope
from services.decision_log.archive.object_store import ArchiveFault
from services.decision_log.conditions import Conditions
from services.decision_log.partitions import logged_hours
from services.decision_log.query import DecisionQuery
from tests.support.builders import an_entry, some_calls
from tests.support.decision_logs import HOUR_MS, NOW_MS, Clock, logged
from tests.support.memory_objects import MemoryObjects

FRAUD, ANN = "+8617000000123", "+8619900000001"
DAY = "2026-01-05"


@pytest.fixture
def objects(tmp_path: Path) -> MemoryObjects:
    """Archive a log of two hours in the folder ``log``."""
    log, found = logged(tmp_path / "log"), MemoryObjects()
    for _ in range(2):
        log.decide(some_calls(FRAUD, callee=ANN), an_entry(FRAUD))
        log.clock.now_ms += HOUR_MS
    scope = ArchiveScope(kinds=("call",), days=365)
    ArchiveFollower(tmp_path / "log", found, scope, now_ms=Clock(NOW_MS + 4 * HOUR_MS)).turn()
    return found


def reader(tmp_path: Path, objects: MemoryObjects) -> ArchiveReader:
    return ArchiveReader(objects, tmp_path / "log")


def test_a_day_comes_back_and_can_be_asked_about(tmp_path: Path, objects: MemoryObjects) -> None:
    restored = reader(tmp_path, objects).fetch(DAY, ["call"], tmp_path / "back")

    query = DecisionQuery(tmp_path / "back", HomePlan())
    found = query.find(Conditions(since_ms=1, number=FRAUD))
    assert (restored.segments, restored.rows, found.total) == (2, 2, 2)
    assert all(map(receipts.covers, logged_hours(tmp_path / "back", "call")))


def test_a_day_that_is_there_is_not_written_again(tmp_path: Path, objects: MemoryObjects) -> None:
    reader(tmp_path, objects).fetch(DAY, ["call"], tmp_path / "back")

    again = reader(tmp_path, objects).fetch(DAY, ["call"], tmp_path / "back")

    assert (again.segments, again.present) == (0, 2)


def test_a_damaged_object_is_named_and_not_brought_back(
    tmp_path: Path, objects: MemoryObjects
) -> None:
    first, second = sorted(objects.contents)
    objects.contents[second] = objects.contents[second][:-1] + b"?"

    check = reader(tmp_path, objects).verify(DAY, ["call"])
    with pytest.raises(ArchiveFault, match="damaged"):
        reader(tmp_path, objects).fetch(DAY, ["call"], tmp_path / "back")

    assert (check.whole, check.damaged, check.missing) == (1, [second], [])
    brought = [path.name for path in (tmp_path / "back").rglob("*") if path.is_file()]
    assert sorted(brought) == sorted([receipts.FILE, first.rpartition("/")[2].partition("-")[2]])


def test_an_object_that_another_one_was_put_for_is_damaged(
    tmp_path: Path, objects: MemoryObjects
) -> None:
    first, second = sorted(objects.contents)
    objects.contents[first] = objects.contents[second]
    objects.labels[first] = objects.labels[second]

    check = reader(tmp_path, objects).verify(DAY, ["call"])

    assert check.damaged == [first]


def test_an_object_of_which_we_have_a_receipt_is_missed(
    tmp_path: Path, objects: MemoryObjects
) -> None:
    gone = min(objects.contents)
    del objects.contents[gone]

    check = reader(tmp_path, objects).verify(DAY, ["call"])

    assert (check.whole, check.missing) == (1, [gone])


def test_the_days_of_the_archive_are_summed_up_by_kind(
    tmp_path: Path, objects: MemoryObjects
) -> None:
    (day,) = reader(tmp_path, objects).days()

    assert (day.day, day.kind, day.segments) == (DAY, "call", 2)
    assert day.bytes == sum(map(len, objects.contents.values()))
    assert reader(tmp_path, objects).days(since="2026-01-06") == []


def test_a_day_without_objects_is_not_found(tmp_path: Path, objects: MemoryObjects) -> None:
    with pytest.raises(NotFound):
        reader(tmp_path, objects).fetch("2026-01-06", ["call"], tmp_path / "back")


@pytest.mark.parametrize("day", ["2025-13-01", "..", "20251125", ""])
def test_what_is_no_day_is_refused(tmp_path: Path, objects: MemoryObjects, day: str) -> None:
    with pytest.raises(InvalidInput):
        reader(tmp_path, objects).fetch(day, ["call"], tmp_path / "back")


@pytest.mark.parametrize(
    "key",
    [
        "day=2026-01-05/kind=call/09-../../x.parquet",
        "day=2026-01-05/kind=../01-x.parquet",
        "day=2026-01-05/kind=call/24-x.parquet",
        "day=2026-01-05/kind=call/09-.parquet",
        "day=2026-01-05/kind=other/01-x.parquet",
        "day=2026-01-05/kind=call/09-x.exe",
    ],
)
def test_a_key_of_another_form_is_not_ours(key: str) -> None:
    assert layout.read_key(key) is None
