"""An older commit and a newer one side by side: medians, and ratios within pairs."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.report.figures import Results
from benchmarks.report.markdown import count, table

_COMMAND = "fanzha bench before-after --before COMMIT"


@dataclass(slots=True, kw_only=True)
class Sides:
    """Rows a second of one cell, in pairs: item i of both was measured one after the other."""

    before: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)
    before_cpu: list[float] = field(default_factory=list)
    """Rows a second of the server's processor time; 0 where a process of it ended meanwhile."""
    after_cpu: list[float] = field(default_factory=list)

    def add(self, side: str, rate: float, of_cpu: float) -> None:
        """Add a measurement of *side*, ``before`` or ``after``."""
        getattr(self, side).append(round(rate, 1))
        getattr(self, f"{side}_cpu").append(round(of_cpu, 1))


def cell(channel: str, rows: int, sides: Sides) -> dict[str, Any]:
    """Return the figures of one cell; the ratio of a pair is after over before."""
    return {
        "channel": channel,
        "batch": rows,
        **_compared(sides.before, sides.after),
        "of_processor_time": _compared(sides.before_cpu, sides.after_cpu),
    }


def _compared(before: list[float], after: list[float]) -> dict[str, Any]:
    known = [(old, new) for old, new in zip(before, after, strict=True) if old and new]
    ratios = [new / old for old, new in known] or [0.0]
    return {
        "before": statistics.median([old for old, _ in known] or [0.0]),
        "after": statistics.median([new for _, new in known] or [0.0]),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_lowest": round(min(ratios), 3),
        "ratio_highest": round(max(ratios), 3),
        "before_runs": before,
        "after_runs": after,
    }


def comparison(report: Mapping[str, Any]) -> list[str]:
    """Write the table of a result."""
    rows = [
        (
            f"{one['channel']}s, {one['batch']:,} rows",
            *_cells(one),
            *_cells(one["of_processor_time"]),
        )
        for one in report["cells"]
    ]
    commit = str(report["before_commit"])[:8]
    sides = (f"commit {commit}", "now", "ratio (pairs)")
    head = ("", *sides, *(f"{side}, of processor time" for side in sides))
    return [
        f"Medians of {report['repeats']} pairs of {report['seconds']} s each, one worker, "
        f"{report['listed']:,} listed numbers, generator: {report['generator']}. Ratios are of "
        "measurements one after the other. Rows a second, and rows a second of the server's "
        "processor time.",
        "",
        *table(head, rows),
        *_streams(report["cells"]),
    ]


def _streams(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    """Write the load of cells where it differs from that of others with as many rows."""
    named = [
        f"{one['channel']}s, {one['batch']:,} rows: {one['streams']}"
        for one in cells
        if one.get("streams", 0) < one.get("usual_streams", 0)
    ]
    if not named:
        return []
    return [
        "A side refused some requests of these, so both were sent fewer at a time on each of four "
        f"connections: {', '.join(named)}.",
        "",
    ]


def _cells(found: Mapping[str, Any]) -> tuple[str, str, str]:
    low, high = found["ratio_lowest"], found["ratio_highest"]
    return (
        count(found["before"]),
        count(found["after"]),
        f"{found['ratio']:.2f} ({low:.2f} to {high:.2f})",
    )


def section(results: Results) -> list[str]:
    """Write the part of the page on benchmarks."""
    found = results.get("before-after")
    if found is None:
        return [f"Not measured yet: `{_COMMAND}`.", ""]
    return comparison(found)
