"""What the decision log costs a worker, and how long a preview takes.

The cost: one engine decides the same batches with the log and without, in turn; the least processor
time of many rounds, of the deciding thread alone and of the whole process, so with the writer's
thread. The preview: synthetic segments of a day with millions of logged decisions, and changes of
one number, one range and 100,000 numbers; medians.

    fanzha bench decision-log                # both; a minute or two, and 1 GB of disk
    fanzha bench decision-log --rows 1000000 # a shorter preview
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.decision_log_days import a_day, changes
from benchmarks.micro import material
from fanzha.phone import HomePlan
from fanzha.tables import Channel
from services.clock import now_ms
from services.decision_log.impact import Preview
from services.decision_log.log import DecisionLog, LogOptions
from services.engine import Engine
from services.observer import Observer

ROUNDS, BATCHES = 30, 40


class Counts:
    """What the log counted."""

    def __init__(self) -> None:
        self.written = self.lost = self.size = 0

    def log_buffered(self, rows: int) -> None:
        """Forget it."""

    def log_dropped(self, rows: int) -> None:
        self.lost += rows

    def log_failed(self, rows: int) -> None:
        self.lost += rows

    def log_written(self, rows: int, size: int) -> None:
        self.written += rows
        self.size += size


def main() -> int:
    """Measure, and print JSON."""
    parser = argparse.ArgumentParser(prog="fanzha bench decision-log", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="logged decisions of the day")
    parser.add_argument("--ends", type=int, default=10_000_000, help="logged ends of calls")
    parser.add_argument("--repeats", type=int, default=5, help="previews of each change")
    parser.add_argument("--folder", type=Path, help="where the day is written, or is already")
    parser.add_argument("--only", choices=("cost", "preview"), help="measure only one of the two")
    wanted = parser.parse_args()
    report: dict[str, Any] = {"machine": machine.describe()}
    with tempfile.TemporaryDirectory(prefix="fanzha-log-") as scratch:
        if wanted.only != "preview":
            report["cost"] = _costs(Path(scratch) / "cost")
        if wanted.only != "cost":
            folder = wanted.folder or Path(scratch) / "day"
            report["preview"] = _previews(folder, wanted.rows, wanted.ends, wanted.repeats)
    report["load_average_after"] = os.getloadavg()
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    return 0


def _costs(folder: Path) -> list[dict[str, Any]]:
    return [
        _cost(folder, Channel.CALL, 256, 100),
        _cost(folder, Channel.CALL, 1024, 100),
        _cost(folder, Channel.TEXT, 256, 100),
        _cost(folder, Channel.LINK, 256, 100),
        _cost(folder, Channel.CALL, 256, 1),
    ]


def _cost(folder: Path, channel: Channel, rows: int, one_in: int) -> dict[str, Any]:
    counts = Counts()
    options = LogOptions(folder=folder, allowed_one_in=one_in)
    log = DecisionLog(options, home=HomePlan(), now_ms=now_ms, counters=counts)
    without = material.engine(material.listed_numbers(material.LISTED))
    logged = material.engine(
        material.listed_numbers(material.LISTED),
        observer=Observer(links_found=log.links_found, decided=log.decided),
    )
    log.start()
    tables = _tables(channel, rows)
    decide: dict[str, Callable[[], None]] = {
        "without": partial(_decide, without, channel, tables),
        "logged": partial(_decide, logged, channel, tables),
    }
    thread: dict[str, list[float]] = {name: [] for name in decide}
    whole: dict[str, list[float]] = {name: [] for name in decide}
    for turn in range(ROUNDS):
        for name in decide if turn % 2 else reversed(decide):
            before = time.thread_time(), time.process_time()
            decide[name]()
            if name == "logged":
                # The writer's work for these rows, and its disk, belongs to them.
                log.writer.flush()
            thread_seconds = time.thread_time() - before[0]
            whole[name].append((time.process_time() - before[1]) / BATCHES * 1e6)
            thread[name].append(thread_seconds / BATCHES * 1e6)
    log.close(10)
    if counts.lost:
        raise SystemExit(f"{counts.lost} rows were lost: this is no measurement")
    least = min(whole["without"]), min(whole["logged"])
    return {
        "channel": channel.name.lower(),
        "rows": rows,
        "allowed_one_in": one_in,
        "microseconds_without": round(least[0], 1),
        "microseconds_logged_and_written": round(least[1], 1),
        "costs_percent": round((least[1] / least[0] - 1) * 100, 1),
        "rows_logged": counts.written,
        "bytes_a_row": round(counts.size / max(counts.written, 1), 1),
    }


def _tables(channel: Channel, rows: int) -> list[Any]:
    if channel is Channel.CALL:
        return list(islice(material.call_batches(rows), BATCHES))
    made: Callable[[int], Any] = material.texts if channel is Channel.TEXT else material.links
    return [made(rows)] * BATCHES


def _decide(engine: Engine, channel: Channel, tables: list[Any]) -> None:
    decide = {
        Channel.CALL: engine.decide_calls,
        Channel.TEXT: engine.decide_texts,
        Channel.LINK: engine.decide_links,
    }[channel]
    for table in tables:
        decide(table, material.NOW_S)  # type: ignore[operator]


def _previews(folder: Path, rows: int, ends: int, repeats: int) -> dict[str, Any]:
    began = time.perf_counter()
    day = a_day(folder, rows, ends)
    made = time.perf_counter() - began
    found = {name: _preview(folder, change, day.now_ms, repeats) for name, change in changes()}
    return {"day": day.described(folder), "seconds_to_make_it": round(made, 1), "changes": found}


def _preview(folder: Path, change: Any, at_ms: int, repeats: int) -> dict[str, Any]:
    seconds, processor, impact = [], [], None
    for _ in range(repeats):
        began = time.perf_counter(), time.process_time()
        impact = Preview(folder).of(*change, hours=24, now_ms=at_ms)
        seconds.append(time.perf_counter() - began[0])
        processor.append(time.process_time() - began[1])
    if impact is None:
        raise SystemExit("--repeats: at least 1")
    return {
        "median_seconds": round(statistics.median(seconds), 2),
        "least_seconds": round(min(seconds), 2),
        "most_seconds": round(max(seconds), 2),
        "median_processor_seconds": round(statistics.median(processor), 2),
        "rows_looked_at": impact.rows_looked_at,
        "events": impact.calls + impact.texts + impact.links,
        "parties": impact.parties,
        "good_standing": impact.good_standing,
        "known": impact.known,
    }


if __name__ == "__main__":
    sys.exit(main())
