"""The part of the page on faults: throughput and p99 before, during and after each."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report.figures import Results
from benchmarks.report.markdown import count, missing, plot, share, table

AFTER_SECONDS = 2.5
"""So long after a fault is over begins what counts as after."""


def section(results: Results) -> list[str]:
    """Write the table and the plots."""
    if "faults" not in results:
        return missing("fanzha bench faults --save")
    result = results["faults"]
    lines = [
        f"{result['workers']} workers, {result['rows']} calls a request through `fanzha.client`, "
        f"{count(result['rate'])} a second offered whatever happens, in steps of "
        f"{result['step_seconds']:g} s. Before are the steps before the fault, during those until "
        f"{AFTER_SECONDS:g} s after it is over, of which the worst counts, after the others. "
        "Failed: no decision in time, so that the client lets the call through.",
        "",
        *table(
            ("", "over after, s", "decided/s: before, least during, after",
             "p99 ms: before, most during, after", "failed: most during, after"),
            [_row(fault) for fault in result["faults"]],
        ),
    ]  # fmt: skip
    for fault in result["faults"]:
        lines += plot(plot_name(fault["name"]), fault["name"])
    return lines


def plot_name(name: str) -> str:
    """Return the name of the plot of a fault."""
    return f"fault-{name.replace(' ', '-')}"


def _row(fault: Mapping[str, Any]) -> tuple[str, ...]:
    end = fault["over_after_seconds"] + AFTER_SECONDS
    before = [point for point in fault["points"] if point["at"] < 0]
    during = [point for point in fault["points"] if 0 <= point["at"] < end]
    after = [point for point in fault["points"] if point["at"] >= end]
    rates = (
        _middle(before, "rows_per_second"),
        min(point["rows_per_second"] for point in during),
        _middle(after, "rows_per_second"),
    )
    waits = (
        _middle(before, "p99_ms"),
        max(point["p99_ms"] or math.inf for point in during),
        _middle(after, "p99_ms"),
    )
    failed = (
        max(point["failed_share"] for point in during),
        max((point["failed_share"] for point in after), default=0.0),
    )
    return (
        f"{fault['name']}: {fault['what']}",
        f"{fault['over_after_seconds']:.1f}",
        ", ".join(map(count, rates)),
        ", ".join(f"{wait:.1f}" for wait in waits),
        ", ".join(map(share, failed)),
    )


def _middle(points: Sequence[Mapping[str, Any]], name: str) -> float:
    return statistics.median([point[name] or 0.0 for point in points] or [0.0])
