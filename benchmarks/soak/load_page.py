"""What the page of a soak says of its load: how much, how it was found, what came of it."""

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.load.connection import OK

_UNMARKED = "scored"
"""The reason of what is let through without a mark."""


def text(report: Mapping[str, Any]) -> str:
    """Return the section on the load."""
    service, generator = report["server_cores"], report["generator_cores"]
    decided = "\n".join(_decided_rows(report["decided"]))
    return f"""## The load

{_half_load(report["capacity"])}

{report["subscribers"]:,} subscribers call, write, and are called and written to, each as often as
any other; digits of texts and links change each time. Of the rows {report["fraud_share"]:.2%} are
fraud: half by listed numbers, half by what they do. {report["connections"]} connections, each left
for another after {report["renew_seconds"]:g} seconds. The service took {service:.2f} cores, the
generator {generator:.2f}: {generator / (service + generator):.0%} of both together. What was
decided, in rows:

| channel | rows | blocked | by | let through, marked | by |
| --- | ---: | ---: | --- | ---: | --- |
{decided}
"""


def failures(report: Mapping[str, Any]) -> str:
    """Say how many requests had no answer in time, and why."""
    offered = report["answered"] + report["failed"]
    statuses = ", ".join(
        f"{count:,} {name}" for name, count in sorted(report["statuses"].items()) if name != OK
    )
    return f"{report['failed']:,}, {report['failed'] / offered:.3%} of all ({statuses or 'none'})"


def _half_load(capacity: Mapping[str, Any]) -> str:
    if not capacity:
        return "The rate was given."
    steps = "\n".join(
        f"| {one['rate']:,.0f} | {one['rows_per_second']:,.0f} | {one['failed_share']:.3%} "
        f"| {one['p99_ms']:,.1f} | {one['server_cores']:.2f} | {one['generator_cores']:.2f} |"
        for one in capacity["steps"]
    )
    return f"""The load is {capacity["share"]:.0%} of what the service can do, as the command found
right before: {capacity["rows_per_second"]:,.0f} rows a second is the highest rate of an open loop
at which fewer than {capacity["most_failed"]:.1%} of the requests had no answer in time, by steps of
{capacity["step_seconds"]:g} seconds. The first step, at no rate, is a closed loop.

| rows a second | answered | no answer in time | p99, ms | cores, service | generator |
| ---: | ---: | ---: | ---: | ---: | ---: |
{steps}"""


def _decided_rows(made: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    for channel, counts in made.items():
        rows = sum(counts.values())
        blocked = {name: count for name, count in counts.items() if name.startswith("block")}
        marked = {
            name: count
            for name, count in counts.items()
            if name not in blocked and not name.endswith(_UNMARKED)
        }
        cells = (
            f"{sum(some.values()) / rows:.3%} | {_by_reason(some)}" for some in (blocked, marked)
        )
        yield f"| {channel} | {rows:,} | {' | '.join(cells)} |"


def _by_reason(counts: Mapping[str, int]) -> str:
    reasons = sorted(counts.items(), key=lambda one: -one[1])
    return ", ".join(f"{name.partition(', ')[2]} {count:,}" for name, count in reasons)
