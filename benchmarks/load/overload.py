"""What a server does above its capacity: goodput, p99 of what it answers, and what it sheds.

Capacity is that of a closed loop; then an open loop offers parts and multiples of it. Goodput
counts rows that were decided before their deadline. A server that sheds well keeps it near the
peak; one that queues without end answers nobody in time. The generator must be able to offer
three times what the server can do: see its cores and its lag in the result. All loads are offered
in turn, several rounds of them; of each load the round with the median goodput counts.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import grpc
import typer
from rich.table import Table

from benchmarks import results
from benchmarks.load import options as common
from benchmarks.load import progress_display
from benchmarks.load.generator_pool import Crew
from benchmarks.load.plan import Outcome, Plan, Step
from services.cli._common.console import err, fail

SHED = (grpc.StatusCode.RESOURCE_EXHAUSTED.name, grpc.StatusCode.CANCELLED.name)
"""The second is how gRPC's core cuts a server's line."""
CAPACITY_TIMEOUT = 5.0
"""Seconds: capacity is what is decided at all."""
FACTORS = (0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
JUDGED_FACTOR = 3.0
"""The load at which the share of the peak is judged."""


def main(
    *,
    seconds: Annotated[float, typer.Option(min=0.5, max=600, help="Of each step.")] = 5,
    repeats: Annotated[int, typer.Option(min=1, max=9, help="Rounds; the median counts.")] = 3,
    goodput_share: Annotated[
        float, typer.Option(min=0, max=1, help="Of the peak's goodput, at three times capacity.")
    ] = 0.8,
    in_flight: Annotated[int, typer.Option(min=1, help="On a connection, for capacity.")] = 16,
    mix: common.Mix = "call",
    rows: common.Rows = 1,
    through: common.ThroughOption = "grpc",
    target: common.Target = "",
    server_pid: common.ServerPid = 0,
    workers: common.Workers = 1,
    listed: common.Listed = 0,
    generators: common.Generators = 1,
    connections: common.Connections = 4,
    timeout_ms: common.TimeoutMs = 100,
    seed: common.Seed = common.SEED,
    settings: common.Set = None,
    server_cores: common.Cores = "",
    generator_cores: common.Cores = "",
    save: common.Save = False,
) -> None:
    """Draw the curve; the exit status is 1 when goodput at three times capacity is not kept."""
    plan = common.plan(
        mix=mix, file=None, rows=rows, through=through, listed=listed, seed=seed,
        timeout_ms=timeout_ms, connections=connections, generators=generators,
        cores=generator_cores,
    )  # fmt: skip
    closed = Step(seconds=seconds, in_flight=in_flight)
    with common.server(
        target=target, server_pid=server_pid, workers=workers, listed=listed,
        cores=server_cores, settings=settings,
    ) as measured:  # fmt: skip
        report, share = _measure(measured, plan, closed, repeats)
    report |= {"seed": seed, "kept_share_wanted": goodput_share}
    results.write("overload", report, save=save)
    raise typer.Exit(int(share < goodput_share))


def _measure(
    measured: common.Measured, plan: Plan, closed: Step, repeats: int
) -> tuple[dict[str, Any], float]:
    """Draw the curve; return the report, and the share of the peak kept at three times capacity."""
    plan = replace(plan, target=measured.target)
    with Crew(replace(plan, timeout=CAPACITY_TIMEOUT), measured.cpu) as crew:
        capacity = progress_display.run(crew, closed, "capacity", warm_up=1).per_second
    if not capacity:
        fail("the server decided nothing")
    with Crew(plan, measured.cpu) as crew:
        rounds = [_round(crew, closed.seconds, capacity) for _ in range(repeats)]
    points = list(zip(FACTORS, map(_median, zip(*rounds, strict=True)), strict=True))
    peak = max(outcome.per_second for _, outcome in points)
    judged = dict(points)[JUDGED_FACTOR]
    share = judged.per_second / peak if peak else 0.0
    _show(capacity, points)
    err.print(f"goodput at {JUDGED_FACTOR:g} times capacity: {share:.0%} of the peak")
    if not judged.failed_share:
        err.print("three times the capacity was decided wholly: this server was not overloaded")
    return measured.words | {
        "generator_pinned_to": plan.cores, "mix": plan.mix, "rows": plan.rows,
        "through": plan.through, "generators": plan.generators,
        "timeout_ms": round(plan.timeout * 1000),
        "capacity_rows_per_second": round(capacity, 1), "kept_share": round(share, 4),
        "points": [_words(capacity, factor, outcome) for factor, outcome in points],
        "rounds": [[outcome.figures() for outcome in one] for one in rounds],
    }, share  # fmt: skip


def _round(crew: Crew, seconds: float, capacity: float) -> list[Outcome]:
    """Offer every load once."""
    return [
        progress_display.run(
            crew, Step(seconds=seconds, rate=capacity * factor), f"{factor:g} times capacity"
        )
        for factor in FACTORS
    ]


def _median(outcomes: Sequence[Outcome]) -> Outcome:
    ordered = sorted(outcomes, key=lambda outcome: outcome.per_second)
    return ordered[(len(ordered) - 1) // 2]


def _words(capacity: float, factor: float, outcome: Outcome) -> dict[str, Any]:
    return {
        "factor": factor,
        "offered_rows_per_second": round(capacity * factor, 1),
        "goodput_rows_per_second": round(outcome.per_second, 1),
        "goodput_rows_per_server_core": round(outcome.per_cpu_second, 1),
        "shed_share": round(shed_share(outcome), 6),
        **outcome.words(),
    }


def shed_share(outcome: Outcome) -> float:
    """Return the share of requests that were refused at once."""
    shed = sum(outcome.statuses[name] for name in SHED)
    return shed / outcome.offered if outcome.offered else 0.0


def _show(capacity: float, points: list[tuple[float, Outcome]]) -> None:
    table = Table(
        "offered",
        title=f"capacity {capacity:,.0f} rows/s",
        caption="p50, p99 of answers and p99 of the generator's lag in ms; processors in cores",
    )
    for heading in (
        "rows/s",
        "goodput",
        "per core",
        "shed",
        "late",
        "p50",
        "p99",
        "server",
        "generator",
        "lag",
    ):
        table.add_column(heading, justify="right")
    for factor, outcome in points:
        shed, seconds = shed_share(outcome), outcome.seconds or 1.0
        table.add_row(
            f"{factor:g} ×",
            f"{capacity * factor:,.0f}",
            f"{outcome.per_second:,.0f}",
            f"{outcome.per_cpu_second:,.0f}",
            f"{shed:.1%}",
            f"{max(outcome.failed_share - shed, 0):.1%}",
            f"{outcome.latencies.milliseconds(0.5):.1f}",
            f"{outcome.latencies.milliseconds(0.99):.1f}",
            f"{outcome.server_cpu / seconds:.2f}",
            f"{outcome.generator_cpu / seconds:.2f}",
            f"{outcome.lags.milliseconds(0.99):.1f}",
        )
    err.print(table)


if __name__ == "__main__":
    typer.run(main)
