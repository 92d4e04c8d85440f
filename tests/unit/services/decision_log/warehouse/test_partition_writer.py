from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from fanzha.errors import Unavailable
from fanzha.phone import HomePlan
from fanzha.tables import Int64s
from services.decision_log.handsets.handset_hash import HandsetHash
from services.decision_log.warehouse.keyed_hash import HashKey, hashed
from services.decision_log.warehouse.partition_writer import PartitionWriter, WarehouseOptions
from services.decision_log.warehouse.rows import WAREHOUSE, RegionColumn
from tests.support.builders import an_entry, some_calls, some_links
from tests.support.decision_logs import HOUR_MS, logged, without_columns

FRAUD, OTHER, ANN = "+8617000000123", "+8617000000456", "+8619900000001"
DAY = "2026-01-05"
KEY = HashKey(1, 2)


def home(numbers: Int64s) -> RegionColumn:
    """Find everybody in Hangzhou."""
    return RegionColumn(np.zeros(len(numbers), np.int64), ["330100"])


def writer(folder: Path) -> PartitionWriter:
    return PartitionWriter(
        WarehouseOptions(
            log=folder / "log", folder=folder / "warehouse", key=KEY, regions=home, memory="256MB"
        )
    )


def of(number: str) -> int:
    key = HomePlan().number_key(number)
    return int(hashed(KEY, np.array([key], np.int64))[0])


def test_a_day_becomes_a_partition_without_a_number_sorted_by_who_called(tmp_path: Path) -> None:
    handsets = HandsetHash(b"k" * 32)
    log = logged(tmp_path / "log", handsets=handsets)
    for caller in (FRAUD, OTHER, FRAUD):
        calls = replace(some_calls(caller, callee=ANN), handset_texts=["35209900000001"])
        log.decide(calls, an_entry(FRAUD))
        log.clock.now_ms += HOUR_MS

    built = writer(tmp_path).build(DAY, "call")

    assert built is not None
    (file,) = built.folder.glob("*.parquet")
    table = pq.read_table(file, schema=WAREHOUSE)
    assert (built.folder.parent.name, built.folder.name) == (f"day={DAY}", "kind=call")
    assert (built.rows, built.segments) == (3, 3)
    assert table["from_hash"].to_pylist() == sorted([of(FRAUD), of(FRAUD), of(OTHER)])
    assert set(table["to_hash"].to_pylist()) == {of(ANN)}
    assert set(table["region"].to_pylist()) == {"330100"}
    assert set(table["entry_id"].to_pylist()) == {None}
    shown = str(table.to_pylist())
    assert str(handsets.of(["35209900000001"])[0]) not in shown
    assert not [text for text in ("17000000123", "17000000456", "19900000001") if text in shown]
    assert file.stat().st_mode & 0o777 == 0o600


def test_links_keep_their_host_and_entry_and_lose_their_path(tmp_path: Path) -> None:
    log = logged(tmp_path / "log")
    log.decide(some_links("http://shop.example/u?id=private"), an_entry("shop.example"))

    built = writer(tmp_path).build(DAY, "link")

    assert built is not None
    (row,) = pq.read_table(built.folder / "part-0.parquet", schema=WAREHOUSE).to_pylist()
    assert (row["host"], row["from_hash"], row["action"]) == ("shop.example", 0, "BLOCK")
    assert row["entry_id"] is not None
    assert "private" not in str(row)


def test_a_partition_is_built_once_and_again_when_the_log_of_its_day_changes(
    tmp_path: Path,
) -> None:
    log = logged(tmp_path / "log")
    log.decide(some_calls(FRAUD, callee=ANN), an_entry(FRAUD))

    first, second = writer(tmp_path).build(DAY, "call"), writer(tmp_path).build(DAY, "call")
    log.decide(some_calls(OTHER, callee=ANN), an_entry(FRAUD))
    third = writer(tmp_path).build(DAY, "call")

    assert first is not None
    assert second is None
    assert third is not None
    assert third.rows == 2
    assert len(list((tmp_path / "warehouse" / f"day={DAY}").iterdir())) == 1


def test_a_day_that_the_log_has_lost_stays(tmp_path: Path) -> None:
    log = logged(tmp_path / "log")
    log.decide(some_calls(FRAUD, callee=ANN), an_entry(FRAUD))
    built = writer(tmp_path).build(DAY, "call")
    for path in (tmp_path / "log").rglob("*.parquet"):
        path.unlink()

    assert writer(tmp_path).build(DAY, "call") is None
    assert built is not None
    assert (built.folder / "part-0.parquet").exists()


def test_a_segment_of_an_earlier_version_has_nulls(tmp_path: Path) -> None:
    log = logged(tmp_path / "log")
    log.decide(some_calls(FRAUD, callee=ANN), an_entry(FRAUD))
    without_columns(next((tmp_path / "log").rglob("*.parquet")), "carrier", "velocity_score")

    built = writer(tmp_path).build(DAY, "call")

    assert built is not None
    assert pq.read_table(built.folder / "part-0.parquet")["carrier"].null_count == 1


def test_a_build_that_fails_leaves_the_partition_as_it_was(tmp_path: Path) -> None:
    log = logged(tmp_path / "log")
    log.decide(some_calls(FRAUD, callee=ANN), an_entry(FRAUD))
    built = writer(tmp_path).build(DAY, "call")
    log.decide(some_calls(OTHER, callee=ANN), an_entry(FRAUD))
    failing = WarehouseOptions(
        log=tmp_path / "log", folder=tmp_path / "warehouse", key=KEY, regions=_failing
    )

    with pytest.raises(Unavailable, match="no table of regions"):
        PartitionWriter(failing).build(DAY, "call")

    assert built is not None
    assert [one.name for one in built.folder.parent.iterdir()] == ["kind=call"]
    assert pq.read_metadata(built.folder / "part-0.parquet").num_rows == 1


def test_days_that_are_too_old_go(tmp_path: Path) -> None:
    log = logged(tmp_path / "log")
    log.decide(some_calls(FRAUD, callee=ANN), an_entry(FRAUD))
    writer(tmp_path).build(DAY, "call")

    kept, gone = writer(tmp_path).remove_before(DAY), writer(tmp_path).remove_before("2026-01-06")

    assert (kept, gone) == ([], [DAY])
    assert list((tmp_path / "warehouse").iterdir()) == []


def _failing(numbers: Int64s) -> RegionColumn:
    raise RuntimeError("no table of regions")
