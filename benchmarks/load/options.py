"""Options that the commands of the load test share, and the server that they measure."""

import argparse
import math
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from benchmarks import processes, scenarios, service
from benchmarks.load import traffic
from benchmarks.load.plan import Plan, Through
from services.auth.exposure import is_loopback
from services.cli._common.console import err, fail
from services.settings.settings import Settings
from services.settings.variables import PREFIX

SEED = scenarios.SEED
_INTERRUPTED = 128 + signal.SIGINT

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
Cores = Annotated[str, typer.Option(help="Cores of workers, of generators: 0 or 0,1; empty: any.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="Setting of the server that is started: max_wait_ms=200. Repeats."),
]
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
    *,
    target: str,
    server_pid: int,
    workers: int,
    listed: int,
    cores: str,
    settings: Sequence[str] | None = None,
) -> Iterator[Measured]:
    """Yield the server at *target*, or one that is started for the test.

    What goes wrong with it or with a generator ends the command with a sentence.
    """
    changed = read_settings(settings or ())
    if target:
        check_target(target)
    words: dict[str, Any] = {
        "workers": None, "listed": listed, "settings": changed,
        "server_pinned_to": read_cores(cores),
    }  # fmt: skip
    if target and changed:
        wrong("--set is for a server that is started, and --target names one that runs")
    try:
        if target:
            cpu = partial(processes.cpu_seconds, server_pid) if server_pid else float
            yield Measured(target=target, cpu=cpu, words=words | {"target": target})
        else:
            err.print(f"starting a service with {workers} workers and {listed:,} listed numbers")
            with service.running(
                workers=workers, listed=listed, cores=words["server_pinned_to"],
                checkout=service.CHECKOUT, data=None, **changed,
            ) as started:  # fmt: skip
                words["workers"] = workers
                yield Measured(target=started.target, cpu=started.cpu_seconds, words=words)
    except typer.Exit:  # It is a RuntimeError, and its sentence was said.
        raise
    except RuntimeError as error:
        fail(str(error))


def check_target(target: str) -> None:
    """End the command when *target* is no server of this machine: load is for our own."""
    host, _, port = target.rpartition(":")
    if not host or not port.isdigit():
        wrong(f"{target}: a target looks like 127.0.0.1:7361")
    if not is_loopback(host):
        wrong(f"{target}: load goes to this machine only; run the benchmark where the server is")


def at_least(least: float) -> Callable[[str], float]:
    """Return what argparse reads a number with that must not be less."""

    def number(text: str) -> float:
        value = float(text)
        if not least <= value < math.inf:
            raise argparse.ArgumentTypeError(f"{text}: {least:g} is the least")
        return value

    return number


def whole(least: int, most: int = 10**9) -> Callable[[str], int]:
    """Return what argparse reads a whole number with that must be in a range."""

    def whole_number(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text}: from {least:,} to {most:,}")
        return value

    return whole_number


def run(main: Callable[[], int]) -> NoReturn:
    """Run a command that reads its options with argparse; a sentence that ended it is enough."""
    try:
        sys.exit(main())
    except typer.Exit as ended:
        sys.exit(ended.exit_code)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the benchmarks that read their options with argparse share with the others."""
    parser.add_argument("--target", default="", help="server; empty: one is started for the test")
    parser.add_argument("--server-cores", default="", help="cores of its workers; empty: any")
    parser.add_argument("--generator-cores", default="", help="cores of the generator")
    parser.add_argument("--save", action="store_true", help="keep JSON in benchmarks/results")


def plan(
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
    """Make a plan of options, without a target; ends the command when they make no sense."""
    try:
        shares = traffic.read_mix(mix)
    except ValueError as error:
        wrong(str(error))
    if file is not None and len(shares) != 1:
        wrong("a file holds one channel: name it with --mix, such as --mix text")
    return Plan(
        target="", mix=shares, file=file, rows=rows, through=through, listed=listed,
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


def read_settings(pairs: Sequence[str]) -> dict[str, str]:
    """Read ``max_wait_ms=200`` as the variable of that setting."""
    changed = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name not in Settings.model_fields:
            wrong(f"{pair}: a setting looks like max_wait_ms=200")
        changed[PREFIX + name.upper()] = value
    return changed


def wrong(message: str) -> NoReturn:
    """End the command: it was asked for the wrong thing."""
    fail(message)
