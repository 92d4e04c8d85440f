"""Writes the stalls of the machine, and which runs were repeated because of them."""

from collections.abc import Iterator
from typing import Any

from benchmarks.report.figures import Results
from benchmarks.report.markdown import words
from benchmarks.stall_detector import DISTURBED_MS


def stillness(results: Results) -> list[str]:
    """Return a table of the results that were watched; nothing when none was."""
    rows = []
    for kind, result in sorted(results.items()):
        runs = list(_runs(result))
        if not runs:
            continue
        still = [run["machine_stood_still"] for run in runs]
        rows.append(
            (
                kind,
                f"{len(runs)}",
                f"{sum(one['times'] for one in still)}",
                f"{max(one['longest_ms'] for one in still):.0f}",
                f"{sum(map(len, _put_aside(result)))}",
                "yes" if all(one["real_time"] for one in still) else "no",
            )
        )
    if not rows:
        return []
    head = ("result", "runs", "times", "longest, ms", "put aside", "seen with real-time priority")
    return [
        "A process on each core sleeps and sees how late it wakes; with real-time priority only "
        "the hypervisor or the kernel can delay it. Runs for a p99 in which the machine stood "
        f"still for {DISTURBED_MS:g} ms or more are put aside and made again; their figures are "
        "in the JSON.",
        "",
        *words(head, rows),
    ]


def _runs(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if "machine_stood_still" in part:
            yield part
        for value in part.values():
            yield from _runs(value)
    elif isinstance(part, list):
        for value in part:
            yield from _runs(value)


def _put_aside(part: Any) -> Iterator[list[Any]]:
    if isinstance(part, dict):
        yield part.get("put_aside", [])
        for value in part.values():
            yield from _put_aside(value)
    elif isinstance(part, list):
        for value in part:
            yield from _put_aside(value)
