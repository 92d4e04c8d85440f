"""Every cell of ``thresholds.toml``: capacity, and p99 at half of it; the exit status judges them.

A cell is a channel and a batch size. Its capacity is that of a closed loop. What is judged is what
it costs: rows for a second of the server's processor time, beside what the reference loop did for
one just before and after. `make bench` runs this.
"""

import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from benchmarks import results, stall_retry, thresholds
from benchmarks.load import machine_baseline, progress_display
from benchmarks.load import options as common
from benchmarks.load.generator_pool import Crew
from benchmarks.load.plan import Outcome, Plan, Step, in_flight
from benchmarks.thresholds import Cell, Floor, Verdict
from services.cli._common.console import err

HALF = 0.5
TIMEOUT = 10.0
"""Seconds: a slow answer is judged by p99."""


def main(
    *,
    floors: Annotated[Path, typer.Option(exists=True, help="Floors.")] = thresholds.FILE,
    seconds: Annotated[float, typer.Option(min=0.5, max=60, help="Of a measurement.")] = 3,
    repeats: Annotated[int, typer.Option(min=1, max=9, help="Of a measurement: medians.")] = 3,
    target: common.Target = "",
    server_pid: common.ServerPid = 0,
    workers: common.Workers = 1,
    listed: common.Listed = 1_000_000,
    seed: common.Seed = common.SEED,
    settings: common.Set = None,
    server_cores: common.Cores = "",
    generator_cores: common.Cores = "",
    save: common.Save = False,
) -> None:
    """Measure each cell, and hold it against its floor."""
    if target and not server_pid:
        common.wrong("floors need the server's processor time: name its process by --server-pid")
    cores = common.read_cores(generator_cores)
    try:
        minimums = thresholds.read(floors)
    except (ValueError, TypeError, KeyError) as error:
        common.wrong(f"{floors}: no floors: {error}")
    plan = Plan(target="", mix={}, rows=1, listed=listed, seed=seed, timeout=TIMEOUT, cores=cores)
    with common.server(
        target=target, server_pid=server_pid, workers=workers, listed=listed,
        cores=server_cores, settings=settings,
    ) as measured:  # fmt: skip
        cells, reported = _cells(measured, plan, minimums, seconds, repeats)
    verdicts = thresholds.judge(minimums, cells)
    _show(verdicts, reported)
    missed = sum(bool(verdict.faults) for verdict in verdicts)
    of_run = {"seed": seed, "generator_pinned_to": cores, "missed": missed, "cells": reported}
    results.write("quick", measured.words | of_run, save=save)
    raise typer.Exit(int(missed > 0))


def _cells(
    measured: common.Measured, plan: Plan, floors: Sequence[Floor], seconds: float, repeats: int
) -> tuple[list[Cell], list[dict[str, Any]]]:
    cells, reported = [], []
    for floor in floors:
        of_cell = replace(plan, target=measured.target, mix={floor.channel: 1.0}, rows=floor.batch)
        with Crew(of_cell, measured.cpu) as crew:
            cell, words = _measure(crew, floor, seconds, repeats)
        cells.append(cell)
        reported.append(words)
        err.print(
            f"{floor.channel:5} batch {floor.batch:5}: {words['rows_per_second']:10,.0f} rows/s"
            f"   p99 at half {cell.p99_ms:7.1f} ms"
        )
    return cells, reported


def _measure(crew: Crew, floor: Floor, seconds: float, repeats: int) -> tuple[Cell, dict[str, Any]]:
    name = f"{floor.channel} in batches of {floor.batch}"
    closed = Step(seconds=seconds, in_flight=in_flight(floor.batch))
    crew.run(replace(closed, seconds=1.0))
    rounds, capacities, ratios = [machine_baseline.rounds_per_cpu_second()], [], []
    for _ in range(repeats):
        outcome = progress_display.run(crew, closed, name)
        rounds.append(machine_baseline.rounds_per_cpu_second())
        capacities.append(outcome)
        ratios.append(outcome.per_cpu_second / statistics.mean(rounds[-2:]))
    capacity = statistics.median(outcome.per_second for outcome in capacities)
    half = Step(seconds=seconds, rate=max(capacity * HALF, 1.0))
    runs = stall_retry.measured(
        lambda: progress_display.run(crew, half, f"{name}, at half"),
        lambda one: one.stood_still,
        repeats,
    )
    opened = runs.counted
    everything = [*capacities, *opened]
    cell = Cell(
        channel=floor.channel,
        batch=floor.batch,
        per_round=statistics.median(ratios),
        p99_ms=statistics.median(outcome.latencies.milliseconds(0.99) for outcome in opened),
        failed_share=_failed_share(everything),
    )
    return cell, {
        "channel": floor.channel,
        "batch": floor.batch,
        "rows_per_second": round(capacity, 1),
        "rows_per_cpu_second": round(statistics.median(o.per_cpu_second for o in capacities), 1),
        "reference_rounds_per_cpu_second": round(statistics.median(rounds), 1),
        "rows_per_round": round(cell.per_round, 3),
        "p99_ms_at_half": round(cell.p99_ms, 3),
        "failed_share": round(cell.failed_share, 6),
        "closed": [outcome.figures() for outcome in capacities],
        "open_at_half": [outcome.figures() for outcome in opened],
        "put_aside": [outcome.figures() for outcome in runs.put_aside],
    }


def _failed_share(outcomes: list[Outcome]) -> float:
    offered = sum(outcome.offered for outcome in outcomes)
    return 1 - sum(outcome.answered for outcome in outcomes) / offered if offered else 1.0


def _show(verdicts: list[Verdict], reported: list[dict[str, Any]]) -> None:
    table = Table("channel", title="capacity of a closed loop, p99 at half of it")
    for heading in ("batch", "rows/s", "rows/round", "floor", "p99 ms", "most", ""):
        table.add_column(heading, justify="right")
    for verdict, words in zip(verdicts, reported, strict=True):
        floor = verdict.floor
        table.add_row(
            floor.channel,
            f"{floor.batch:,}",
            f"{words['rows_per_second']:,.0f}",
            f"{words['rows_per_round']:.2f}",
            f"{floor.per_round:g}",
            f"{words['p99_ms_at_half']:.1f}",
            f"{floor.p99_ms:g}",
            "[red]missed[/]" if verdict.faults else "held",
        )
    err.print(table)
    for verdict in verdicts:
        for fault in verdict.faults:
            err.print(f"missed: {verdict.floor.channel}, {verdict.floor.batch}: {fault}")


if __name__ == "__main__":
    typer.run(main)
