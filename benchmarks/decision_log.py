"""What the decision log costs a worker, and how long a preview takes.

The cost: an engine decides batches; the log then observes them, as on the decision path; then their
segment is written, as by the writer thread. Reported is the least processor time of some rounds of
each. Observing slows decisions down; writing uses another core or, without one, slows them too.

Handsets: the log observes the same calls with and without a hash of the handset of each logged row,
in turns, so that both see the same machine.

The preview: a synthetic day with millions of logged decisions, and changes of one number, one
range and 100,000 numbers; medians.

    fanzha bench decision-log                # both; a minute or two, and 1 GB of disk
    fanzha bench decision-log --rows 1000000 # a shorter preview
    fanzha bench decision-log --only handsets  # some seconds
"""

import argparse
import json
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import cycle, islice, zip_longest
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.decision_log_days import a_day, changes
from benchmarks.micro import fixtures
from fanzha.decisions import Decisions
from fanzha.phone import HomePlan
from fanzha.tables import CallerActivity, Channel, Int64s
from infra.clock import now_ms
from services.decision.observer import Observer, Table
from services.decision.pipeline import DecisionPipeline
from services.decision_log.handsets.handset_hash import KEY_BYTES, HandsetHash
from services.decision_log.impact.estimator import ImpactEstimator
from services.decision_log.log import DecisionLog, LogOptions

ROUNDS, BATCHES, DIFFERENT = 11, 1000, 64


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


class Decided:
    """Records the calls of an engine to its observer, to replay them to the log alone."""

    def __init__(self) -> None:
        self.links: list[tuple[Sequence[str], Int64s]] = []
        self.activities: list[CallerActivity] = []
        self.batches: list[tuple[Channel, Table, Decisions]] = []

    def links_found(self, urls: Sequence[str], owners: Int64s) -> None:
        self.links.append((urls, owners))

    def callers_active(self, activity: CallerActivity) -> None:
        self.activities.append(activity)

    def decided(self, channel: Channel, table: Table, decisions: Decisions) -> None:
        self.batches.append((channel, table, decisions))

    def tell(self, log: DecisionLog) -> None:
        for links, activity, batch in zip_longest(self.links, self.activities, self.batches):
            if links is not None:
                log.links_found(*links)
            if activity is not None:
                log.callers_active(activity)
            log.decided(*batch)

    def forget(self) -> None:
        self.links.clear()
        self.activities.clear()
        self.batches.clear()


def main() -> int:
    """Measure, and print JSON."""
    parser = argparse.ArgumentParser(prog="fanzha bench decision-log", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="logged decisions of the day")
    parser.add_argument("--ends", type=int, default=10_000_000, help="logged ends of calls")
    parser.add_argument("--repeats", type=int, default=5, help="previews of each change")
    parser.add_argument("--folder", type=Path, help="folder of the day; written unless it exists")
    parser.add_argument("--only", choices=("cost", "handsets", "preview"), help="measure only this")
    options = parser.parse_args()
    report: dict[str, Any] = {"machine": machine.describe()}
    with tempfile.TemporaryDirectory(prefix="fanzha-log-") as scratch:
        if options.only in (None, "cost"):
            report["cost"] = _costs(Path(scratch) / "cost")
        if options.only in (None, "handsets"):
            report["handsets"] = [
                _handset_cost(Path(scratch) / "handsets", rows, one_in)
                for rows, one_in in ((16, 100), (256, 100), (16, 1), (256, 1))
            ]
        if options.only in (None, "preview"):
            folder = options.folder or Path(scratch) / "day"
            report["preview"] = _previews(folder, options.rows, options.ends, options.repeats)
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
    options = LogOptions(folder=folder, allowed_one_in=one_in, buffer_rows=10**7)
    log = DecisionLog(options, home=HomePlan(), now_ms=now_ms, counters=counts)
    recorded = Decided()
    engine = fixtures.engine(
        fixtures.listed_numbers(fixtures.LISTED),
        observer=Observer(
            links_found=recorded.links_found,
            callers_active=recorded.callers_active,
            decided=recorded.decided,
        ),
    )
    tables = _tables(channel, rows)
    batches = BATCHES // 10 if channel is not Channel.CALL else BATCHES
    seconds: dict[str, list[float]] = {"deciding": [], "telling": [], "writing": []}
    for _ in range(ROUNDS):
        moments = [time.thread_time()]
        _decide(engine, channel, islice(cycle(tables), batches))
        moments.append(time.thread_time())
        recorded.tell(log)
        moments.append(time.thread_time())
        log.writer.flush()
        moments.append(time.thread_time())
        recorded.forget()
        for name, begin, end in zip(seconds, moments, moments[1:], strict=False):
            seconds[name].append(end - begin)
    if counts.lost:
        raise SystemExit(f"{counts.lost} rows were lost: this is no measurement")
    least = {name: min(found) / batches * 1e6 for name, found in seconds.items()}
    return {
        "channel": channel.name.lower(),
        "rows": rows,
        "allowed_one_in": one_in,
        "batches_a_segment": batches,
        "rows_logged": counts.written // ROUNDS,
        "microseconds_a_batch": {name: round(found, 1) for name, found in least.items()},
        "telling_costs_percent": round(least["telling"] / least["deciding"] * 100, 1),
        "writing_costs_percent": round(least["writing"] / least["deciding"] * 100, 1),
    }


def _handset_cost(folder: Path, rows: int, one_in: int) -> dict[str, Any]:
    counts, recorded = Counts(), Decided()
    logs = {
        name: DecisionLog(
            LogOptions(folder=folder / name, allowed_one_in=one_in, handsets=handsets),
            home=HomePlan(),
            now_ms=now_ms,
            counters=counts,
        )
        for name, handsets in (("without", None), ("with", HandsetHash(bytes(KEY_BYTES))))
    }
    observer = Observer(callers_active=recorded.callers_active, decided=recorded.decided)
    engine = fixtures.engine(fixtures.listed_numbers(fixtures.LISTED), observer=observer)
    sent = [f"35209900{serial:06}" for serial in range(rows)]
    calls = [replace(one, handset_texts=sent) for one in _tables(Channel.CALL, rows)]
    least = dict.fromkeys(logs, math.inf)
    for _ in range(ROUNDS):
        _decide(engine, Channel.CALL, calls)
        for name, log in logs.items():
            began = time.thread_time()
            recorded.tell(log)
            least[name] = min(least[name], (time.thread_time() - began) / len(calls) * 1e6)
            log.writer.flush()
        recorded.forget()
    if counts.lost:
        raise SystemExit(f"{counts.lost} rows were lost: this is no measurement")
    return {
        "rows": rows,
        "allowed_one_in": one_in,
        "rows_logged_of_a_batch": round(counts.written / (2 * ROUNDS * len(calls)), 2),
        "microseconds_a_batch": {name: round(found, 2) for name, found in least.items()},
        "microseconds_a_row": round((least["with"] - least["without"]) / rows, 4),
    }


def _tables(channel: Channel, rows: int) -> list[Any]:
    if channel is Channel.CALL:
        return list(islice(fixtures.call_batches(rows), DIFFERENT))
    made: Callable[[int], Any] = fixtures.texts if channel is Channel.TEXT else fixtures.links
    return [made(rows)]


def _decide(engine: DecisionPipeline, channel: Channel, tables: Iterable[Any]) -> None:
    decide = {
        Channel.CALL: engine.decide_calls,
        Channel.TEXT: engine.decide_texts,
        Channel.LINK: engine.decide_links,
    }[channel]
    for table in tables:
        decide(table, fixtures.NOW_S)  # type: ignore[operator]


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
        impact = ImpactEstimator(folder).of(*change, hours=24, now_ms=at_ms)
        seconds.append(time.perf_counter() - began[0])
        processor.append(time.process_time() - began[1])
    if impact is None:
        raise SystemExit("--repeats: at least 1")
    return {
        "median_seconds": round(statistics.median(seconds), 2),
        "least_seconds": round(min(seconds), 2),
        "most_seconds": round(max(seconds), 2),
        "median_processor_seconds": round(statistics.median(processor), 2),
        "rows_examined": impact.rows_examined,
        "events": impact.calls + impact.texts + impact.links,
        "parties": impact.parties,
        "known_contacts": impact.known_contacts,
        "known": impact.known,
    }


if __name__ == "__main__":
    sys.exit(main())
