"""Throughput of an older commit and of this checkout, measured alternately in one run.

    fanzha bench before-after --before COMMIT --server-cores 0 --generator-cores 1 --listed 100000

Both services run all the time, each with the code and the models of its commit and with the
packages that are installed here; what is older is taken out of git into a temporary folder. Each
cell is measured in pairs, the first of which changes from round to round, and the ratio is taken
within a pair: a minute in which the machine is slow slows both. h2load sends a prepared body on
each of four connections, over and over, so what a second look says of them is cached;
``--different`` asks for 16,384 different rows instead, by a generator in Python, which takes more
of its core. Beside rows a second stand rows a second of the server's processor time, which say more
on a machine that others use, too.
"""

import argparse
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from io import BytesIO
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from benchmarks import h2load, results, scenarios, service
from benchmarks.load import options as common
from benchmarks.load import progress_display, traffic
from benchmarks.load.generator_pool import Crew
from benchmarks.load.plan import Plan, Step, in_flight
from benchmarks.load.probe import probe
from benchmarks.report.before_after import Sides, cell, comparison
from benchmarks.service import CHECKOUT
from services.cli._common import channel_words

BATCHES = (256,)
_WARM_UP_SECONDS = 1
_CLIENTS = 4

Measure: TypeAlias = Callable[[], float]
"""Loads a server once; returns rows a second."""


def main() -> int:
    """Run the measurement; return the exit status."""
    options = _options()
    cores = common.read_cores(options.generator_cores)
    try:
        with _both(options) as servers:
            cells = _cells(options, servers, cores)
    except RuntimeError as error:
        common.wrong(str(error))
    report = {
        "before": options.before,
        "before_commit": _resolved(options.before),
        "workers": 1,
        "listed": options.listed,
        "seconds": options.seconds,
        "repeats": options.repeats,
        "generator": "different rows" if options.different else "h2load",
        "server_pinned_to": common.read_cores(options.server_cores),
        "generator_pinned_to": cores,
        "seed": scenarios.SEED,
        "cells": cells,
    }
    sys.stderr.write("\n".join(comparison(report)) + "\n")
    results.write("before-after", report, save=options.save)
    return 0


@contextmanager
def _both(options: argparse.Namespace) -> Iterator[Mapping[str, service.Service]]:
    """Start a service of each commit, both on the same cores."""
    with ExitStack() as stack:
        old = Path(stack.enter_context(TemporaryDirectory(prefix="fanzha-before-")))
        take_out(options.before, old)
        yield {
            name: stack.enter_context(
                service.running(
                    workers=1,
                    listed=options.listed,
                    cores=common.read_cores(options.server_cores),
                    checkout=checkout,
                )
            )
            for name, checkout in (("before", old), ("after", CHECKOUT))
        }


def take_out(commit: str, folder: Path, checkout: Path = CHECKOUT) -> None:
    """Write the files of *commit* into *folder*; `RuntimeError` where git has no such commit."""
    archive = _git(checkout, "archive", "--format=tar", _resolved(commit, checkout))
    with tarfile.open(fileobj=BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    _build(folder)


def _build(folder: Path) -> None:
    """Compile the kernels of a checkout; a commit from before there were any has no such script."""
    script = folder / "hatch_build.py"
    if not script.exists():
        return
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the kernels do not compile:\n{done.stderr}")


def _resolved(commit: str, checkout: Path = CHECKOUT) -> str:
    # Never an option of git, whatever it begins with.
    found = _git(checkout, "rev-parse", "--verify", "--end-of-options", f"{commit}^{{commit}}")
    return found.decode().strip()


def _git(checkout: Path, *arguments: str) -> bytes:
    git = shutil.which("git")
    if git is None:
        raise RuntimeError("git is missing, which has the older commit")
    done = subprocess.run([git, "-C", str(checkout), *arguments], capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _cells(
    options: argparse.Namespace, servers: Mapping[str, service.Service], cores: tuple[int, ...]
) -> list[dict[str, Any]]:
    """Measure every cell in pairs, and return their figures."""
    shapes = list(product(options.channels, options.batches))
    with ExitStack() as stack:
        measures = {
            (shape, side): _measure(stack, options, servers[side], shape, cores)
            for shape in shapes
            for side in servers
        }
        rates: dict[tuple[str, int], Sides] = {shape: Sides() for shape in shapes}
        for repeat in range(options.repeats):
            order = ("before", "after") if repeat % 2 == 0 else ("after", "before")
            for shape in shapes:
                for side in order:
                    used = servers[side].cpu_seconds()
                    rate = measures[shape, side]()
                    used = servers[side].cpu_seconds() - used
                    rates[shape].add(side, rate, rate * options.seconds / used if used > 0 else 0.0)
                pair = f"{rates[shape].before[-1]:,.0f} before, {rates[shape].after[-1]:,.0f} after"
                sys.stderr.write(f"round {repeat + 1}: {shape[0]}, {shape[1]} rows: {pair}\n")
    return [cell(channel, rows, rates[channel, rows]) for channel, rows in shapes]


def _measure(
    stack: ExitStack,
    options: argparse.Namespace,
    server: service.Service,
    shape: tuple[str, int],
    cores: tuple[int, ...],
) -> Measure:
    """Return what measures one cell of one server, warmed up."""
    channel, rows = shape
    if options.different:
        return _different(stack, options, server, shape, cores)
    bodies = traffic.several(channel, rows, options.listed, scenarios.SEED, _CLIENTS)
    probe(server.target, bodies)
    messages = [body.data[h2load.PREFIX_BYTES :] for body in bodies]

    def run(seconds: int) -> float:
        per_second, _ = h2load.measure(
            server.target,
            bodies[0].path,
            messages,
            seconds=seconds,
            clients=_CLIENTS,
            streams=in_flight(rows),
            core=options.generator_cores,
        )
        return per_second * rows

    run(_WARM_UP_SECONDS)
    return lambda: run(options.seconds)


def _different(
    stack: ExitStack,
    options: argparse.Namespace,
    server: service.Service,
    shape: tuple[str, int],
    cores: tuple[int, ...],
) -> Measure:
    channel, rows = shape
    plan = Plan(
        target=server.target,
        mix={channel: 1.0},
        rows=rows,
        listed=options.listed,
        seed=scenarios.SEED,
        connections=_CLIENTS,
        cores=cores,
    )
    crew = stack.enter_context(Crew(plan, server.cpu_seconds))
    closed = Step(seconds=options.seconds, in_flight=in_flight(rows))
    crew.run(replace(closed, seconds=_WARM_UP_SECONDS))
    name = f"{channel}, {rows} rows"
    return lambda: progress_display.run(crew, closed, name).per_second


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--before", required=True, help="the older commit, as git names it")
    channels, word = traffic.CHANNELS, channel_words.canonical
    parser.add_argument("--channels", nargs="+", type=word, choices=channels, default=channels)
    parser.add_argument("--batches", nargs="+", type=common.whole(1, 4096), default=BATCHES)
    parser.add_argument(
        "--listed", type=common.whole(0), default=0, help="listed numbers that may call"
    )
    parser.add_argument("--seconds", type=common.whole(1), default=3, help="of each measurement")
    parser.add_argument("--repeats", type=common.whole(1), default=5, help="pairs of each cell")
    parser.add_argument(
        "--different", action="store_true", help="16,384 different rows, which nothing has cached"
    )
    parser.add_argument("--server-cores", default="", help="cores of both servers; empty: any")
    parser.add_argument("--generator-cores", default="", help="cores of the generator")
    parser.add_argument("--save", action="store_true", help="keep JSON in benchmarks/results")
    return parser.parse_args()


if __name__ == "__main__":
    common.run(main)
