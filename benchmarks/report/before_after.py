"""An older commit and a newer one side by side: medians, and ratios within pairs."""

import statistics
from collections.abc import Mapping
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


def cell(channel: str, rows: int, sides: Sides) -> dict[str, Any]:
    """Return the figures of one cell; the ratio of a pair is after over before."""
    ratios = [new / old for old, new in zip(sides.before, sides.after, strict=True)]
    return {
        "channel": channel,
        "batch": rows,
        "before": statistics.median(sides.before),
        "after": statistics.median(sides.after),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_lowest": round(min(ratios), 3),
        "ratio_highest": round(max(ratios), 3),
        "before_runs": sides.before,
        "after_runs": sides.after,
    }


def comparison(report: Mapping[str, Any]) -> list[str]:
    """Write the table of a result."""
    rows = [
        (
            f"{one['channel']}s, {one['batch']:,} rows",
            count(one["before"]),
            count(one["after"]),
            f"{one['ratio']:.2f}",
            f"{one['ratio_lowest']:.2f} to {one['ratio_highest']:.2f}",
        )
        for one in report["cells"]
    ]
    commit = str(report["before_commit"])[:8]
    head = ("rows a second", f"commit {commit}", "now", "ratio", "of pairs")
    return [
        f"Medians of {report['repeats']} pairs of {report['seconds']} s each, one worker, "
        f"{report['listed']:,} listed numbers, generator: {report['generator']}. Ratios are of "
        "measurements one after the other.",
        "",
        *table(head, rows),
    ]


def section(results: Results) -> list[str]:
    """Write the part of the page on benchmarks."""
    found = results.get("before-after")
    if found is None:
        return [f"Not measured yet: `{_COMMAND}`.", ""]
    return comparison(found)
