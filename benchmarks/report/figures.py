"""Takes single figures out of results, each with the target it answers."""

import statistics
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from benchmarks.report import day, targets
from benchmarks.report.latest_results import Result
from benchmarks.report.targets import Target

Results = Mapping[str, Result]
LARGEST = 10_000_000
TRANSPORT = "gRPC and loop"
STAGES = ("convert", "lists", "model", "velocity", "policy", "shadow", "respond", TRANSPORT)
"""Of a batch; the last is what a worker uses of its processor beyond the others."""


class Figure(NamedTuple):
    """One measured figure."""

    target: Target
    about: str
    """Subject of the figure, such as a channel."""
    measured: float


def rates(results: Results) -> dict[tuple[str, int], float]:
    """Return rows a second by channel and batch size: by the C generator, else by ours."""
    found: dict[tuple[str, int], float] = {}
    for point in results.get("sweep-batch-size", {}).get("points", []):
        found[point["channel"], point["batch"]] = point["rows_per_second"]
    for point in results.get("h2load", {}).get("results", []):
        found[point["channel"], point["batch"]] = point["median"]
    return found


def all_figures(results: Results) -> Iterator[Figure]:
    """Return every figure that was measured and has a target, save the rates."""
    for kind, read in _READERS.items():
        if kind in results:
            yield from read(results[kind])


def worker_gains(result: Result) -> dict[str, float]:
    """Return by channel what two workers do by one, each with a core of its own.

    By processor time: where both share cores with the generator, their rates say nothing of that.
    """
    rates = {
        (p["channel"], p["workers"]): p["rows_per_server_core"] or 0.0 for p in result["points"]
    }
    channels = dict.fromkeys(channel for channel, _ in rates)
    return {
        name: 2 * rates[name, 2] / rates[name, 1]
        for name in channels
        if (name, 2) in rates and rates.get((name, 1))
    }


def stage_of(point: Result, stage: str) -> float:
    """Return microseconds of a batch."""
    spent: dict[str, float] = point["stage_microseconds"]
    if stage == TRANSPORT:
        return max(float(point["worker_microseconds"]) - sum(spent.values()), 0.0)
    return float(spent.get(stage, 0.0))


def _of_workers(result: Result) -> Iterator[Figure]:
    for channel, gain in worker_gains(result).items():
        yield Figure(targets.TWO_WORKERS, f"{channel}s", gain)


def _of_lists(result: Result) -> Iterator[Figure]:
    for channel in dict.fromkeys(point["channel"] for point in result["points"]):
        rates = [p["rows_per_second"] for p in result["points"] if p["channel"] == channel]
        yield Figure(targets.LIST_SIZES, f"{channel}s", max(rates) / min(rates))
    largest = max(result["sizes"], key=lambda size: size["listed"])
    of, each = f"of {largest['listed']:,}", largest["bytes_per_entry"]
    for target, what in ((targets.NUMBER_BYTES, "number"), (targets.HOST_BYTES, "host")):
        about = f"{of}; {each[f'{what}_in_files']:.1f} in the files"
        yield Figure(target, about, each[f"{what}_resident"])
    starts = statistics.median(largest["start_seconds"])
    yield Figure(targets.START, f"{of} numbers and as many hosts", starts)
    if largest["listed"] == LARGEST:
        for done in largest["imports"]:
            yield Figure(targets.IMPORT, done["what"], done["seconds"])


def _of_propagation(result: Result) -> Iterator[Figure]:
    about = f"of {result['changes']} changes, {result['workers']} workers"
    yield Figure(targets.PROPAGATION, about, result["to_every_worker_ms"]["p99"])
    yield Figure(targets.BUMP, "calls", result["p99_ratio"])


def _of_client(result: Result) -> Iterator[Figure]:
    runs = result["runs"]
    rate = statistics.median(run["per_second"] for run in runs)
    yield Figure(targets.CLIENT_RATE, "calls", rate)
    yield Figure(targets.CLIENT_P99, "calls", statistics.median(run["p99_ms"] for run in runs))


def _plural(mix: Result) -> str:
    return ", ".join(f"{channel}s" for channel in mix)


def _of_overload(result: Result) -> Iterator[Figure]:
    yield Figure(targets.GOODPUT, _plural(result["mix"]), result["kept_share"])


def _of_half_load(result: Result) -> Iterator[Figure]:
    for point in result["points"]:
        about = f"{point['channel']}s, {result['rows']} rows a request"
        yield Figure(targets.HALF_LOAD_P99, about, point["server_p99_ms"])


def _of_h2load(result: Result) -> Iterator[Figure]:
    if hours := day.mixed({"h2load": result}):
        yield Figure(targets.DAY, "a third each of calls, texts, links", hours)


def _of_footprint(result: Result) -> Iterator[Figure]:
    whole = {one["workers"]: sum(one["pss_mib"].values()) for one in result["memory"]}
    about = f"one worker, {result['listed']:,} entries"
    if 1 in whole:
        yield Figure(targets.WHOLE_MEMORY, about, whole[1])
    if {1, 2} <= whole.keys():
        yield Figure(targets.WORKER_MEMORY, "the second", whole[2] - whole[1])
    starts = statistics.median(one["seconds"] for one in result["start"])
    yield Figure(targets.START_FROM_FILES, f"{result['listed']:,} numbers", starts)
    yield Figure(targets.HELP, "", statistics.median(one["seconds"] for one in result["help"]))


_READERS: dict[str, Callable[[Result], Iterator[Figure]]] = {
    "h2load": _of_h2load,
    "sweep-worker-count": _of_workers,
    "sweep-list-size": _of_lists,
    "sweep-propagation": _of_propagation,
    "client": _of_client,
    "footprint": _of_footprint,
    "overload": _of_overload,
    "half-load": _of_half_load,
}
