"""Sweeps one parameter at a time, and stores each result in ``benchmarks/results``.

    python -m benchmarks.sweep --save
    python -m benchmarks.sweep --only batch-size --only propagation --quick

Without --quick all takes the better part of an hour, most of it importing ten million entries.
JSON goes to standard output, one document for each sweep.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from benchmarks import results, scenarios
from benchmarks.load import options as common
from benchmarks.sweep import (
    batch_size,
    large_list,
    list_size,
    propagation,
    stages,
    text_length,
    worker_count,
)
from benchmarks.sweep.cells import Pace
from services.cli._common.console import err


class Sweep(StrEnum):
    """The swept parameter."""

    BATCH_SIZE = "batch-size"
    TEXT_LENGTH = "text-length"
    WORKER_COUNT = "worker-count"
    STAGES = "stages"
    PROPAGATION = "propagation"
    LIST_SIZE = "list-size"
    LARGE_LIST = "large-list"


@dataclass(frozen=True, slots=True)
class _Length:
    seconds: float
    repeats: int


_QUICK, _FULL = _Length(1.0, 1), _Length(4.0, 3)
_SWEEPS: dict[Sweep, Callable[..., dict[str, Any]]] = {
    Sweep.BATCH_SIZE: batch_size.run,
    Sweep.TEXT_LENGTH: text_length.run,
    Sweep.WORKER_COUNT: worker_count.run,
    Sweep.STAGES: stages.run,
    Sweep.PROPAGATION: propagation.run,
    Sweep.LIST_SIZE: list_size.run,
    Sweep.LARGE_LIST: large_list.run,
}


def main(
    *,
    only: Annotated[list[Sweep] | None, typer.Option(help="Again for more; none: all.")] = None,
    quick: Annotated[bool, typer.Option(help="Few points, small lists, once: to try.")] = False,
    seconds: Annotated[float, typer.Option(min=0, help="Of a measurement; 0: as usual.")] = 0,
    repeats: Annotated[int, typer.Option(min=0, max=9, help="0: as usual.")] = 0,
    server_cores: common.Cores = "",
    generator_cores: common.Cores = "",
    save: common.Save = False,
) -> None:
    """Sweep."""
    length = _QUICK if quick else _FULL
    pace = Pace(
        seconds=seconds or length.seconds,
        repeats=repeats or length.repeats,
        server_cores=common.read_cores(server_cores),
        generator_cores=common.read_cores(generator_cores),
    )
    for sweep in only or list(Sweep):
        err.print(f"sweep: {sweep}")
        report = {
            "quick": quick,
            "seed": scenarios.SEED,
            "seconds": pace.seconds,
            "repeats": pace.repeats,
            "server_pinned_to": pace.server_cores,
            "generator_pinned_to": pace.generator_cores,
        } | _SWEEPS[sweep](pace, quick=quick)
        # A quick result must not replace a full one.
        results.write(f"sweep-{sweep}{'-quick' if quick else ''}", report, save=save)


if __name__ == "__main__":
    typer.run(main)
