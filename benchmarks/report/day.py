"""A day of a large carrier in core-hours, from the processor time that a decision was measured at.

Four billion decisions are 46,300 a second on average. Processor time is that of the whole service
(workers, their parent, administration of lists, store), not of the network's own servers.
"""

from collections.abc import Mapping

from benchmarks.report import targets
from benchmarks.report.latest_results import Result
from benchmarks.report.markdown import count, missing, table

Results = Mapping[str, Result]

A_DAY = 4_000_000_000
ROWS = (1, 16)
"""Of a request: more than these a switch does not gather."""
MIXES: Mapping[str, Mapping[str, float]] = {
    "a third each of calls, texts, links": {"call": 1 / 3, "text": 1 / 3, "link": 1 / 3},
    "seven calls, two texts, one link": {"call": 0.7, "text": 0.2, "link": 0.1},
    "calls alone": {"call": 1.0},
}
_SECONDS_AN_HOUR = 3600


def microseconds(results: Results) -> dict[tuple[str, int], float]:
    """Return the processor time of a row by channel and rows a request, where it was measured."""
    return {
        (cell["channel"], cell["batch"]): cell["cpu_microseconds_a_row"]
        for cell in results.get("h2load", {}).get("results", [])
        if cell.get("cpu_microseconds_a_row")
    }


def core_hours(mix: Mapping[str, float], rows: int, cost: Mapping[tuple[str, int], float]) -> float:
    """Return the core-hours of a day, 0 where a channel was not measured."""
    if any((channel, rows) not in cost for channel in mix):
        return 0.0
    each = sum(share * cost[channel, rows] for channel, share in mix.items())
    return A_DAY * each / 1e6 / _SECONDS_AN_HOUR


def mixed(results: Results) -> float:
    """Return the core-hours of the first mix in requests of 16 rows, 0 where not measured."""
    return core_hours(next(iter(MIXES.values())), max(ROWS), microseconds(results))


def section(results: Results) -> list[str]:
    """Write the table."""
    cost = microseconds(results)
    if not cost:
        return missing("fanzha bench h2load --save")
    rows = [
        (name, *(_cell(core_hours(mix, size, cost)) for size in ROWS))
        for name, mix in MIXES.items()
    ]
    return [
        f"Core-hours of {A_DAY:,} decisions, {count(A_DAY / 24 / _SECONDS_AN_HOUR)} a second on "
        "average, by the processor time of the whole service that h2load measured for a row. The "
        f"aim is {targets.DAY.words()} for a third of each at {max(ROWS)} rows a request. Hosts "
        "must be sized for the busy hour, not for the average.",
        "",
        *table(("", *(f"{size} a request" for size in ROWS)), rows),
    ]


def _cell(hours: float) -> str:
    return count(hours) if hours else "not measured"
