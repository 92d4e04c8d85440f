"""How large and how fast a long decision log is: bytes a decision, rates, and times of questions.

Days are written as maintenance leaves them; of every tenth hour also as writers leave it, in twelve
segments, which are then merged. Then keys for searches, the warehouse of every fifth day, and
questions to both. What is written is removed at the end. The last part scales the figures to a
thousand million logged decisions: sizes and rates by rows, whole scans by rows, too.

    python -m benchmarks.decision_log_scale                      # 10**8 decisions; 6 GB of disk
    python -m benchmarks.decision_log_scale --minutes 20         # what can be written in that time

On a busy machine, look at processor time: the clock says how busy it was.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks import decision_log_days, machine
from benchmarks.decision_log_days import HOURS, SEED, SHARES, START_MS
from fanzha.phone import HomePlan, number_text
from services.decision_log import compaction, schema, segment_files
from services.decision_log.archive import layout
from services.decision_log.conditions import Conditions
from services.decision_log.partitions import (
    HOUR_MS,
    HourPartition,
    hour_of,
    hours_of,
    logged_days,
)
from services.decision_log.query import DecisionQuery
from services.decision_log.search import segment_keys
from services.decision_log.segment_files import SegmentMetadata
from services.decision_log.warehouse.keyed_hash import HashKey, hashed
from services.decision_log.warehouse.partition_writer import (
    KINDS,
    PartitionWriter,
    WarehouseOptions,
)

SCALED = 10**9
DAYS = 10
SMALL_SEGMENTS = 12
SAMPLED_HOURS, WAREHOUSE_DAYS = 10, 5
"""Every how many hours segments are merged, and days brought into the warehouse."""
LEAST_FREE_BYTES = 8 * 2**30
KEY = HashKey(0x0706050403020100, 0x0F0E0D0C0B0A0908)


@dataclass(slots=True)
class StepCost:
    """What one kind of work took."""

    rows: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0
    bytes: int = 0

    @contextmanager
    def timed(self, rows: int) -> Iterator[None]:
        """Add what the block takes."""
        began = time.perf_counter(), time.process_time()
        yield
        self.seconds += time.perf_counter() - began[0]
        self.processor_seconds += time.process_time() - began[1]
        self.rows += rows

    def described(self) -> dict[str, Any]:
        """Return rates by the clock and by processor time."""
        return {
            "rows": self.rows,
            "seconds": round(self.seconds, 1),
            "processor_seconds": round(self.processor_seconds, 1),
            "rows_a_processor_second": round(self.rows / max(self.processor_seconds, 1e-9)),
            "bytes_a_row": round(self.bytes / max(self.rows, 1), 1),
        }


@dataclass(slots=True)
class ScaleCosts:
    """All kinds of work."""

    write: StepCost = field(default_factory=StepCost)
    merge: StepCost = field(default_factory=StepCost)
    keys: StepCost = field(default_factory=StepCost)
    warehouse: StepCost = field(default_factory=StepCost)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decision_log_scale")
    parser.add_argument("--rows", type=int, default=10**8, help="logged decisions")
    parser.add_argument("--minutes", type=float, default=1e9, help="write no longer than this")
    parser.add_argument("--folder", type=Path, help="where to write; default: a temporary one")
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="decision-log-scale-", dir=options.folder))
    try:
        report = _measured(folder, options.rows, options.minutes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    return 0


def _measured(folder: Path, rows: int, minutes: float) -> dict[str, Any]:
    report: dict[str, Any] = {"machine": machine.describe(), "load_average": os.getloadavg()}
    costs, log = ScaleCosts(), folder / "log"
    caller = _write_log(log, rows, costs, time.monotonic() + minutes * 60)
    report["wanted"], report["days"] = rows, len(_days(log))
    report["decisions"], report["log_bytes"] = costs.write.rows, _size(log, ".parquet")
    report["keys_bytes"] = _size(log, ".keys")
    costs.keys.bytes = report["keys_bytes"]
    _build_warehouse(folder, log, costs)
    report["steps"] = {
        "write": costs.write.described(),
        "merge": costs.merge.described(),
        "keys": costs.keys.described(),
        "warehouse": costs.warehouse.described(),
    }
    report["questions"] = {
        "log": _ask_log(log, caller),
        "warehouse": _ask_warehouse(folder / "warehouse", caller),
    }
    report["load_average_after"] = os.getloadavg()
    report["scaled"] = _scaled(report)
    return report


def _days(log: Path) -> list[str]:
    """Return the days that were written to their end."""
    return [day.name for day in logged_days(log, "call") if len(hours_of(day, "call")) == HOURS]


def _write_log(log: Path, rows: int, costs: ScaleCosts, until: float) -> int:
    """Write all days, or those until then; return a caller whom the log has."""
    chance, caller = np.random.default_rng(SEED), 0
    for number in range(DAYS * HOURS):
        if number % HOURS == 0 and number and time.monotonic() > until:
            break
        if shutil.disk_usage(log.parent).free < LEAST_FREE_BYTES:
            raise SystemExit("less than 8 GiB of the disk are free: no room for this")
        at_ms = START_MS + number * HOUR_MS
        for channel, share in SHARES.items():
            kind = schema.FOLDERS[channel]
            table = decision_log_days.decisions(
                channel, int(rows * share) // (DAYS * HOURS), at_ms, chance
            )
            hour = hour_of(log, kind, at_ms)
            if number % SAMPLED_HOURS == 0:
                _write_and_merge(hour, table, costs)
            else:
                _write(hour, table, "scale-1-1.parquet", costs.write)
            with costs.keys.timed(len(table)):
                for path in hour.segments():
                    segment_keys.write(path, [])
            if kind == "call" and not caller:
                caller = int(table["from_key"][0].as_py())
    return caller


def _write_and_merge(hour: HourPartition, table: pa.Table, costs: ScaleCosts) -> None:
    size = -(-len(table) // SMALL_SEGMENTS)
    for part in range(SMALL_SEGMENTS):
        _write(hour, table.slice(part * size, size), f"scale-1-{part}.parquet", costs.write)
    with costs.merge.timed(len(table)):
        merged = compaction.compact(hour, lambda: "scale-1-j99.parquet", hour.end_ms + HOUR_MS, [])
    if merged != SMALL_SEGMENTS:
        raise SystemExit(f"{merged} segments were merged: this is no measurement")
    costs.merge.bytes += sum(path.stat().st_size for path in hour.segments())


def _write(hour: HourPartition, table: pa.Table, name: str, cost: StepCost) -> None:
    parts = [
        table.slice(start, segment_files.ROW_GROUP)
        for start in range(0, len(table), segment_files.ROW_GROUP)
    ]
    with cost.timed(len(table)):
        cost.bytes += segment_files.write(
            parts, table.schema, hour.folder / name, SegmentMetadata(first_ms=hour.start_ms)
        )


def _build_warehouse(folder: Path, log: Path, costs: ScaleCosts) -> None:
    writer = PartitionWriter(WarehouseOptions(log=log, folder=folder / "warehouse", key=KEY))
    for name in _days(log)[::WAREHOUSE_DAYS]:
        for kind in KINDS:
            began = time.perf_counter(), time.process_time()
            built = writer.build(name, kind)
            if built is not None:
                costs.warehouse.seconds += time.perf_counter() - began[0]
                costs.warehouse.processor_seconds += time.process_time() - began[1]
                costs.warehouse.rows += built.rows
                costs.warehouse.bytes += built.bytes


def _ask_log(log: Path, caller: int) -> dict[str, Any]:
    query = DecisionQuery(log, HomePlan(), memory="2GB")
    number = number_text(caller)
    last_day_ms = layout.start_of(_days(log)[-1])
    return {
        "one number, all days": _timed(
            lambda: query.find(Conditions(since_ms=1, number=number)).total
        ),
        "one number, newest day": _timed(
            lambda: query.find(Conditions(since_ms=last_day_ms, number=number)).total
        ),
        "counts by action and reason, all days": _timed(
            lambda: len(query.stats(1, ["action", "reason"]))
        ),
        "counts by hour, newest day": _timed(lambda: len(query.stats(last_day_ms, ["hour"]))),
    }


def _ask_warehouse(warehouse: Path, caller: int) -> dict[str, Any]:
    who = int(hashed(KEY, np.array([caller], np.int64))[0])
    source = f"read_parquet('{warehouse}/*/*/*.parquet', hive_partitioning = true)"
    questions = Path("deploy/warehouse/duckdb")
    found = {}
    with duckdb.connect(config={"memory_limit": "2GB", "threads": "1"}) as connection:
        for file in sorted(questions.glob("*.sql")):
            text = file.read_text(encoding="utf-8").format(
                source=source, first="'2000-01-01'", last="'2100-01-01'", hash=who
            )
            found[file.stem] = _timed(lambda text=text: len(connection.execute(text).fetchall()))  # type: ignore[misc]
    return found


def _timed(ask: Callable[[], int]) -> dict[str, Any]:
    began = time.perf_counter(), time.process_time()
    answer = ask()
    return {
        "answer": answer,
        "seconds": round(time.perf_counter() - began[0], 2),
        "processor_seconds": round(time.process_time() - began[1], 2),
    }


def _scaled(report: dict[str, Any]) -> dict[str, Any]:
    """Scale to `SCALED` logged decisions, by rows and by processor time of one core."""
    steps, rows = report["steps"], report["decisions"]
    hours = {
        name: round(SCALED / step["rows_a_processor_second"] / 3600, 2)
        for name, step in steps.items()
    }
    scan = report["questions"]["log"]["counts by action and reason, all days"]
    return {
        "decisions": SCALED,
        "log_gib": round(report["log_bytes"] / rows * SCALED / 2**30, 1),
        "keys_gib": round(report["keys_bytes"] / rows * SCALED / 2**30, 1),
        "warehouse_gib": round(steps["warehouse"]["bytes_a_row"] * SCALED / 2**30, 1),
        "core_hours": hours,
        "whole_scan_core_seconds": round(scan["processor_seconds"] / rows * SCALED, 1),
    }


def _size(folder: Path, suffix: str) -> int:
    return sum(path.stat().st_size for path in folder.rglob(f"*{suffix}"))


if __name__ == "__main__":
    sys.exit(main())
