"""Measures one point of a sweep: the capacity of a closed loop, and p99 at half of it."""

import statistics
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks import scenarios, stall_retry
from benchmarks.load import progress_display
from benchmarks.load.generator_pool import Crew
from benchmarks.load.plan import Outcome, Plan, Step, in_flight
from benchmarks.service import Service

HALF = 0.5
_WARM_UP_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Duration, repeats and cores of each point."""

    seconds: float
    repeats: int
    server_cores: tuple[int, ...] = ()
    generator_cores: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestShape:
    """The requests of one point."""

    channel: str
    rows: int
    listed: int = 0
    file: Path | None = None
    """Traffic instead of that of the scenarios."""
    connections: int = 4


def measure(service: Service, shape: RequestShape, pace: Pace, name: str) -> dict[str, Any]:
    """Return medians of the repeats, and every repeat."""
    closed = Step(seconds=pace.seconds, in_flight=in_flight(shape.rows))
    with Crew(plan(service, shape, pace), service.cpu_seconds) as crew:
        crew.run(replace(closed, seconds=_WARM_UP_SECONDS))
        loads = [progress_display.run(crew, closed, name) for _ in range(pace.repeats)]
        capacity = statistics.median(load.per_second for load in loads)
        half = Step(seconds=pace.seconds, rate=max(capacity * HALF, 1.0))
        runs = stall_retry.measured(
            lambda: progress_display.run(crew, half, f"{name}, at half"),
            lambda one: one.stood_still,
            pace.repeats,
        )
    halves = runs.counted
    return {
        "channel": shape.channel,
        "batch": shape.rows,
        "rows_per_second": round(capacity, 1),
        "p99_ms_at_half": round(_median_p99(halves), 3),
        "server_cores": _median_cores(loads, "server_cpu"),
        "generator_cores": _median_cores(loads, "generator_cpu"),
        "failed_share": round(_failed_share([*loads, *halves]), 6),
        "closed": [load.figures() for load in loads],
        "open_at_half": [load.figures() for load in halves],
        "put_aside": [load.figures() for load in runs.put_aside],
    }


def plan(service: Service, shape: RequestShape, pace: Pace) -> Plan:
    """Return the load plan of one point."""
    return Plan(
        target=service.target,
        mix={shape.channel: 1.0},
        file=shape.file,
        rows=shape.rows,
        listed=shape.listed,
        seed=scenarios.SEED,
        connections=shape.connections,
        cores=pace.generator_cores,
    )


def _median_p99(outcomes: list[Outcome]) -> float:
    return statistics.median(outcome.latencies.milliseconds(0.99) for outcome in outcomes)


def _median_cores(outcomes: list[Outcome], name: str) -> float:
    cores: list[float] = [getattr(outcome, name) / (outcome.seconds or 1.0) for outcome in outcomes]
    return round(statistics.median(cores), 3)


def _failed_share(outcomes: list[Outcome]) -> float:
    offered = sum(outcome.offered for outcome in outcomes)
    return 1 - sum(outcome.answered for outcome in outcomes) / offered if offered else 1.0
