"""Options that the commands of the load test share, and the server that they measure."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from benchmarks import processes, scenarios, service
from benchmarks.load import traffic
from benchmarks.load.plan import Plan, Through
from services.cli.console import err, fail

SEED = scenarios.SEED

Target = Annotated[
    str, typer.Option(help="Server to measure. Empty: one is started, and ends with the test.")
]
ServerPid = Annotated[
    int, typer.Option(help="Process of --target on this machine, to tell its processor time.")
]
Workers = Annotated[int, typer.Option(min=1, help="Workers of the server that is started.")]
Listed = Annotated[int, typer.Option(min=0, help="Numbers on its list; 3 % of the calls hit.")]
Mix = Annotated[str, typer.Option(help="Channels by rows: call=7,text=2,link=1, or one alone.")]
File = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="Traffic of the one channel in --mix, a file "
                 "as for fanzha replay, instead of seeded scenarios."),
]  # fmt: skip
Rows = Annotated[int, typer.Option(min=1, max=4096, help="Rows a request; 1: unary methods.")]
ThroughOption = Annotated[
    Through, typer.Option(help="grpc: prepared requests. client: fanzha.client, which gathers.")
]
Generators = Annotated[int, typer.Option(min=1, max=64, help="Processes that make the load.")]
Connections = Annotated[int, typer.Option(min=1, max=256, help="Of each generator.")]
TimeoutMs = Annotated[float, typer.Option(min=1, help="Deadline of a request.")]
Seed = Annotated[int, typer.Option(help="Of traffic and arrivals.")]
Cores = Annotated[str, typer.Option(help="Cores such as 0 or 0,1; empty: any.")]
Save = Annotated[bool, typer.Option(help="Keep the JSON in benchmarks/results, too.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The server under test."""

    target: str
    cpu: Callable[[], float]
    words: dict[str, Any]
    """What a reader of the figures must know about it."""


@contextmanager
def server(
    *, target: str, server_pid: int, workers: int, listed: int, cores: str
) -> Iterator[Measured]:
    """Yield the server at *target*, or one that is started for the test."""
    words: dict[str, Any] = {"listed": listed, "server_pinned_to": read_cores(cores)}
    if target:
        pid = server_pid
        cpu = (lambda: processes.cpu_seconds(pid)) if pid else (lambda: 0.0)
        yield Measured(target=target, cpu=cpu, words=words | {"target": target, "workers": None})
        return
    err.print(f"starting a service with {workers} workers and {listed:,} listed numbers")
    with service.running(workers=workers, listed=listed, cores=read_cores(cores)) as running:
        yield Measured(
            target=running.target, cpu=running.cpu_seconds, words=words | {"workers": workers}
        )


def plan(
    measured: Measured,
    *,
    mix: str,
    file: Path | None,
    rows: int,
    through: Through,
    listed: int,
    seed: int,
    timeout_ms: float,
    connections: int,
    generators: int,
    cores: str,
) -> Plan:
    """Make a plan of options; ends the command with a sentence when they make no sense."""
    try:
        shares = traffic.read_mix(mix)
    except ValueError as error:
        wrong(str(error))
    if file is not None and len(shares) != 1:
        wrong("a file holds one channel: name it with --mix, such as --mix text")
    return Plan(
        target=measured.target, mix=shares, file=file, rows=rows, through=through, listed=listed,
        seed=seed, timeout=timeout_ms / 1000, connections=connections, generators=generators,
        cores=read_cores(cores),
    )  # fmt: skip


def read_cores(text: str) -> tuple[int, ...]:
    """Read ``0,1``."""
    try:
        cores = tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        wrong(f"{text}: cores look like 0,1")
    if absent := set(cores) - os.sched_getaffinity(0):
        wrong(f"no core {', '.join(map(str, sorted(absent)))} for us on this machine")
    return cores


def wrong(message: str) -> NoReturn:
    """End the command: it was asked for the wrong thing."""
    fail(message, status=2)
