"""Runs all comparisons, one after the other, and writes ``…-peers.json``.

    python -m benchmarks.peers --data FOLDER
    python -m benchmarks.peers --only names --add benchmarks/results/…-peers.json

Both sides of a row are measured in one run, but rows are independent: a day's table may be made in
several runs (``--add``). A peer that is not installed, or does not start, gets a row with the
reason. Needs two cores: the servers get the first, generators the second.
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import machine, scenarios
from benchmarks.peers import (
    accuracy,
    calls,
    fanzha_server,
    index,
    lists,
    models,
    resolver,
    table,
    texts,
    usual,
)
from benchmarks.peers.accuracy import Judged
from benchmarks.peers.bench import Bench
from benchmarks.peers.processes import GENERATOR_CORE, SERVER_CORE
from benchmarks.peers.table import Row
from benchmarks.peers.workload import Work

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / "data" / "peers" / "venv" / "bin" / "python"
RESULTS = ROOT / "benchmarks" / "results"
COMPARISONS: dict[str, Callable[[Bench], list[Row]]] = {
    "calls": calls.compare,
    "texts": texts.compare,
    "names": resolver.compare,
    "links": index.compare,
    "models": models.compare,
    "lists": lists.compare,
    "usual": usual.compare,
}


def main() -> int:
    """Measure, show, write; return the exit status."""
    options = _options()
    cores = os.sched_getaffinity(0)
    if not {0, 1} <= cores:
        sys.stderr.write("two cores are needed, 0 and 1: one for servers, one for generators\n")
        return 2
    if options.add is not None:
        _comparable(options)  # fail now, not after half an hour
    os.sched_setaffinity(0, {GENERATOR_CORE})
    # On SIGTERM, stop all child processes first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    report, shown = _measured(options)
    file = options.add or options.out or _usual_file(report)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    sys.stdout.write(f"{shown}\n\n{file}\n")
    return 0


def _usual_file(report: Mapping[str, Any]) -> Path:
    return RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-{report['kind']}.json"


def _measured(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Return the report, and its tables for a terminal."""
    began = machine.describe()
    with TemporaryDirectory(prefix="fanzha-peers-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # spamd's children are another user
        found = _all_rows(options, Work(listed=options.listed, folder=folder))
        judged = _judged(options, folder)
    rows, judgements = [_written(began, row) for row in found], [asdict(one) for one in judged]
    if options.add is not None:
        before = _comparable(options)
        rows = table.added(before["rows"], rows)
        judgements = judgements or before["accuracy"]
    channels = {row["channel"] for row in rows}
    whole = len(channels) == len(COMPARISONS) and bool(judgements)
    report = began | {
        "kind": "peers" if whole else "peers-part",  # a partial result must not replace a full one
        "seed": scenarios.SEED,
        "workers": 1,
        "server_pinned_to": [SERVER_CORE],
        "generator_pinned_to": [GENERATOR_CORE],
        "listed": options.listed,
        "seconds": options.seconds,
        "repeats": options.repeats,
        "load_average_at_end": os.getloadavg(),
        "rows": rows,
        "accuracy": judgements,
    }
    return report, f"{table.as_text(found)}\n\n{accuracy.as_text(judged)}"


def _comparable(options: argparse.Namespace) -> dict[str, Any]:
    before: dict[str, Any] = json.loads(options.add.read_text())
    for name in ("listed", "seconds", "repeats"):
        if (chosen := getattr(options, name)) != before[name]:
            sys.exit(f"{options.add}: was measured with --{name} {before[name]}, not {chosen}")
    return before


def _written(began: Mapping[str, Any], row: Row) -> dict[str, Any]:
    return asdict(row) | {name: began[name] for name in ("at", "commit", "load_average")}


def _judged(options: argparse.Namespace, folder: Path) -> list[Judged]:
    if "accuracy" not in options.only:
        return []
    _say("accuracy")
    return accuracy.compare(
        options.data, folder, learnt=options.learn_rows, tested=options.test_rows
    )


def _all_rows(options: argparse.Namespace, work: Work) -> list[Row]:
    selected = {name: way for name, way in COMPARISONS.items() if name in options.only}
    if not selected:
        return []
    _say("starting our service and importing the lists")
    with fanzha_server.running(work, options.seconds) as service:
        bench = Bench(
            work=work,
            ours=service,
            seconds=options.seconds,
            repeats=options.repeats,
            python=options.python,
        )
        found = []
        for name, compare in selected.items():
            _say(name)
            rows = compare(bench)
            _say(table.as_text(rows))
            found += rows
    return found


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def _options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="Measure peers")
    names = [*COMPARISONS, "accuracy"]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--listed", type=int, default=1_000_000, help="listed numbers and names")
    parser.add_argument("--seconds", type=int, default=4, help="of each measurement")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--data", type=Path, help="folder of labelled texts, for accuracy")
    parser.add_argument("--learn-rows", type=int, default=10_000, help="of each kind")
    parser.add_argument("--test-rows", type=int, default=1_000, help="of each kind and split")
    parser.add_argument("--python", type=Path, default=PYTHON, help="of peers from PyPI")
    into = parser.add_mutually_exclusive_group()
    into.add_argument("--out", type=Path, help="file of results")
    into.add_argument("--add", type=Path, help="file of results that keeps its other channels")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
