"""DuckDB and ClickHouse answer the documented questions alike, of what the command wrote."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support import clickhouse, processes
from tests.support.builders import an_entry, some_calls, some_links, some_texts
from tests.support.checkout import CHECKOUT
from tests.support.clickhouse import Rows
from tests.support.decision_logs import HOUR_MS, logged

QUERIES = CHECKOUT / "deploy" / "warehouse"
FRAUD, OTHER = "+8617000000123", "+8617000000456"
HANGZHOU, BEIJING = "+8613800571001", "+8613800100500"
FIRST, LAST = "2026-01-05", "2026-01-07"
KEY = "000102030405060708090a0b0c0d0e0f"


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A warehouse of three days, and the settings that it was made with."""

    folder: Path
    settings: Mapping[str, str]

    def hash_of(self, party: str) -> int:
        done = processes.run("decisions", "warehouse", "hash", party, **self.settings)
        return int(done.stdout)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("warehouse")
    log = logged(folder / "data" / "decisions")
    for _ in range(3):
        for callee in (HANGZHOU, BEIJING):
            log.decide(some_calls(FRAUD, OTHER, callee=callee), an_entry(FRAUD))
            log.decide(some_calls(OTHER, callee=callee), an_entry(FRAUD))
        log.decide(some_texts("您好", "再见"), an_entry(FRAUD))
        log.decide(some_links("http://shop.example/a"), an_entry("shop.example"))
        log.clock.now_ms += 24 * HOUR_MS + 7
    (folder / "key").write_text(KEY)
    settings = {
        "FANZHA_DATA_DIR": str(folder / "data"),
        "FANZHA_DECISION_LOG_WAREHOUSE_DIR": str(folder / "files"),
        "FANZHA_DECISION_LOG_WAREHOUSE_KEY_FILE": str(folder / "key"),
        "FANZHA_DECISION_LOG_WAREHOUSE_DAYS": "3650",
    }
    done = processes.run("decisions", "warehouse", "build", **settings)
    assert done.returncode == 0, done.stderr
    assert "9 partitions" in done.stdout
    return Warehouse(folder / "files", settings)


def question(engine: str, name: str, **values: object) -> str:
    """Return the text of a query of the documentation, with its places filled in."""
    text = (QUERIES / engine / f"{name}.sql").read_text(encoding="utf-8")
    days = {"first": f"'{FIRST}'", "last": f"'{LAST}'"}
    return text.format_map(days | values)


def in_duckdb(warehouse: Warehouse, name: str, **values: object) -> Rows:
    source = f"read_parquet('{warehouse.folder}/*/*/*.parquet', hive_partitioning = true)"
    with duckdb.connect() as connection:
        rows = connection.execute(question("duckdb", name, source=source, **values)).fetchall()
    return [list(row) for row in rows]


def plain(rows: Rows) -> list[list[Any]]:
    """Write dates as texts and whole numbers as integers, whatever type an engine gives them."""
    return [
        [
            int(cell) if isinstance(cell, float) and cell.is_integer() else _text(cell)
            for cell in row
        ]
        for row in rows
    ]


def _text(cell: Any) -> Any:
    return cell.isoformat() if hasattr(cell, "isoformat") else cell


def test_both_engines_give_the_same_answers_of_files_and_of_tables(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    caller = warehouse.hash_of(FRAUD)
    files = f"file('{warehouse.folder}/day=*/kind=*/*.parquet', Parquet)"
    asked = {"hits_by_region": {}, "history_of_a_caller": {"hash": caller}, "latency": {}}

    _, _, *found = clickhouse.answers(
        tmp_path / "clickhouse",
        [
            (QUERIES / "clickhouse" / "schema.sql").read_text(encoding="utf-8"),
            question("clickhouse", "load", source=files),
            *(question("clickhouse", name, source=files, **more) for name, more in asked.items()),
            *(
                question("clickhouse", name, source="decisions FINAL", **more)
                for name, more in asked.items()
            ),
        ],
    )

    expected = [plain(in_duckdb(warehouse, name, **more)) for name, more in asked.items()]
    assert [plain(rows) for rows in found] == expected * 2
    hits, history, latency = expected
    assert [row[1] for row in hits if row[0] == FIRST and row[2] == "call"] == ["110100", "330100"]
    assert [row[3:5] for row in history] == [["BLOCK", "BLOCKLISTED"]] * 6
    assert [row[:2] for row in latency] == [["call", 18], ["link", 3], ["text", 6]]


def test_a_day_that_is_loaded_twice_counts_once(warehouse: Warehouse, tmp_path: Path) -> None:
    files = f"file('{warehouse.folder}/day=*/kind=*/*.parquet', Parquet)"
    load = question("clickhouse", "load", source=files)

    *_, counted = clickhouse.answers(
        tmp_path / "clickhouse",
        [
            (QUERIES / "clickhouse" / "schema.sql").read_text(encoding="utf-8"),
            load,
            load,
            "SELECT count() FROM decisions FINAL",
        ],
    )

    assert counted == [[27]]


def test_engines_read_only_the_days_and_kinds_they_are_asked_for(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    files = f"file('{warehouse.folder}/day=*/kind=*/*.parquet', Parquet)"
    source = f"read_parquet('{warehouse.folder}/*/*/*.parquet', hive_partitioning = true)"
    where = f"WHERE day = '{FIRST}' AND kind = 'call'"

    with duckdb.connect() as connection:
        plan = connection.execute(
            f"EXPLAIN ANALYZE SELECT count(DISTINCT from_hash) FROM {source} {where}"  # noqa: S608
        ).fetchall()
    _, _, explained = clickhouse.answers(
        tmp_path / "clickhouse",
        [
            (QUERIES / "clickhouse" / "schema.sql").read_text(encoding="utf-8"),
            question("clickhouse", "load", source=files),
            f"EXPLAIN indexes = 1 SELECT uniqExact(from_hash) FROM decisions {where}",  # noqa: S608
        ],
    )

    assert "Scanning Files: 1/9" in " ".join(plan[0][1].split())
    assert any("Parts: 1/9" in line for (line,) in explained), explained


def test_clickhouse_computes_the_hashes_that_stand_for_parties(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    halves = [int.from_bytes(bytes.fromhex(KEY)[at : at + 8], "little") for at in (0, 8)]
    keys = f"(toUInt64({halves[0]}), toUInt64({halves[1]}))"

    (found,) = clickhouse.answers(
        tmp_path / "clickhouse", [f"SELECT sipHash64Keyed({keys}, toInt64(8617000000123))"]
    )

    assert found == [[warehouse.hash_of(FRAUD)]]


def test_a_second_run_builds_nothing_and_one_without_a_key_says_what_is_missing(
    warehouse: Warehouse,
) -> None:
    again = processes.run("decisions", "warehouse", "build", "--json", **warehouse.settings)
    keyless = dict(warehouse.settings) | {"FANZHA_DECISION_LOG_WAREHOUSE_KEY_FILE": ""}
    refused = processes.run("decisions", "warehouse", "build", **keyless)

    assert '"built": []' in again.stdout
    assert refused.returncode == 2
    assert "decision_log_warehouse_key_file: required" in refused.stderr
