"""How long a search of the decision log takes that has millions of rows.

Each search is asked again and again through the service that RPCs call, masked and with the first
page of fifty, on the log of one day (72 large segments) or of many (three segments an hour). The
first answer, with nothing in memory, is told apart. Of hosts, numbers and ids, each time another
one is asked for.

    fanzha bench decision-search                  # 10 million rows in one day; 1 GB of disk
    fanzha bench decision-search --hours 720      # the same rows in thirty days
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import results
from benchmarks.decision_log_days import SEED, START_MS, a_day
from blocklists.queries import MatchingEntries
from fanzha.decisions import Action, Reason
from fanzha.phone import HomePlan
from fanzha.tables import Channel
from services.audit.events import NoAudit
from services.decision_log import compaction, schema
from services.decision_log.conditions import Conditions
from services.decision_log.partitions import HOUR_MS, logged_hours
from services.decision_log.query import DecisionQuery
from services.decision_log.search import segment_keys
from services.decision_log.service import DecisionLogReader

PAGE = 50


async def _no_entries(_pattern: str) -> MatchingEntries:
    return MatchingEntries(entries=(), version=0, protected_because="")


def main() -> int:
    """Measure, and print JSON."""
    parser = argparse.ArgumentParser(prog="fanzha bench decision-search", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="logged decisions")
    parser.add_argument("--hours", type=int, default=24, help="hours they are spread over")
    parser.add_argument("--repeats", type=int, default=40, help="searches of each kind")
    parser.add_argument("--folder", type=Path, help="folder of the log; written unless it exists")
    parser.add_argument("--save", action="store_true", help="keep the result")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fanzha-search-") as scratch:
        folder = options.folder or Path(scratch) / "log"
        day = a_day(folder, options.rows, 0, hours=options.hours)
        keys = _write_keys(folder, day.now_ms)
        found = asyncio.run(_measure(folder, options.repeats))
    report = {
        "rows": options.rows,
        "hours": options.hours,
        "log": day.described(folder),
        "keys": keys,
        "searches": found,
        "load_average_after": os.getloadavg(),
    }
    results.write("decision-search", report, save=options.save)
    return 0


def _write_keys(folder: Path, now_ms: int) -> dict[str, float]:
    """Write what maintenance writes beside the segments of hours that are over."""
    began, written = time.perf_counter(), 0
    for channel in schema.FOLDERS.values():
        for hour in logged_hours(folder, channel):
            written += compaction.write_keys(hour, now_ms + HOUR_MS, [])
    size = sum(path.stat().st_size for path in folder.rglob(f"*{segment_keys.SUFFIX}"))
    seconds = round(time.perf_counter() - began, 1)
    return {"segments": written, "seconds": seconds, "bytes": size}


async def _measure(folder: Path, repeats: int) -> dict[str, dict[str, float]]:
    log = DecisionQuery(folder, HomePlan())
    reader = DecisionLogReader(log, find_entries=_no_entries, audit=NoAudit())
    return {
        name: await _time(reader, conditions, repeats) for name, conditions in _searches().items()
    }


def _searches() -> dict[str, Iterator[Conditions]]:
    return {
        "newest": _endless(lambda _: {}),
        "host": _endless(lambda chance: {"host": f"h{chance.integers(0, 50_000)}.example"}),
        "host that is nowhere": _endless(lambda _: {"host": "nowhere.example"}),
        "number": _endless(lambda chance: {"number": f"+{_number(chance)}"}),
        "sender": _endless(lambda chance: {"sender": f"+{_number(chance)}"}),
        "range": _endless(lambda chance: {"number": f"+{str(_number(chance))[:9]}*"}),
        "blocked": _endless(lambda _: {"action": Action.BLOCK}),
        "reason and channel": _endless(
            lambda _: {"reason": Reason.BLOCKLISTED, "channel": Channel.LINK}
        ),
        "carrier that is nowhere": _endless(lambda _: {"carrier": "nowhere"}),
    }


def _number(chance: np.random.Generator) -> int:
    return int(8_617_000_000_000 + chance.integers(0, 100_000_000))


def _endless(fields: Any) -> Iterator[Conditions]:
    chance = np.random.default_rng(SEED)
    while True:
        yield Conditions(since_ms=START_MS, **fields(chance))


async def _time(
    reader: DecisionLogReader, searches: Iterator[Conditions], repeats: int
) -> dict[str, float]:
    milliseconds, rows, spent = [], 0, time.process_time()
    for _ in range(repeats + 1):
        search = next(searches)
        began = time.perf_counter()
        found = await reader.find(
            search, unmasked=False, page_size=PAGE, page_token="", counted=False
        )
        milliseconds.append((time.perf_counter() - began) * 1000)
        rows += len(found.rows)
    first, *later = milliseconds
    return {
        "first_ms": round(first, 1),
        "p50_ms": round(float(np.percentile(later, 50)), 1),
        "processor_ms": round((time.process_time() - spent) * 1000 / (repeats + 1), 1),
        "p95_ms": round(float(np.percentile(later, 95)), 1),
        "rows_a_search": round(rows / (repeats + 1), 1),
    }


if __name__ == "__main__":
    raise SystemExit(main())
