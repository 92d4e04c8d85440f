"""Throughput of an older commit and of this checkout, measured alternately in one run.

    fanzha bench before-after --before COMMIT --server-cores 0 --generator-cores 1 --listed 100000

Both services run all the time, each with the code and the models of its commit and with the
packages that are installed here; what is older is taken out of git into a temporary folder. Each
cell is measured in pairs, the first of which changes from round to round, and the ratio is taken
within a pair: a minute in which the machine is slow slows both. h2load sends a prepared body on
each of four connections, over and over, so what a second look says of them is cached;
``--different`` asks for 16,384 different rows instead, by a generator in Python, which takes more
of its core. Where one side refuses some of what is sent, both are sent less at a time, and the cell
tells how much. Beside rows a second stand rows a second of the server's processor time, which say
more on a machine that others use, too.
"""

import argparse
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
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

Measure: TypeAlias = Callable[[int, int], float]
"""Loads a server for so many seconds with so many requests at a time on each connection.

Returns rows a second; raises `h2load.Refused`."""


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
        found = [
            PairedCell(
                shape=shape, streams=in_flight(shape[1]), seconds=options.seconds,
                cpu={side: server.cpu_seconds for side, server in servers.items()},
                measures={
                    side: _measure(stack, options, server, shape, cores)
                    for side, server in servers.items()
                },
            )
            for shape in shapes
        ]  # fmt: skip
        while left := [one for one in found if one.pairs < options.repeats]:
            for one in left:
                sys.stderr.write(f"{one.name}: {one.measure_pair()}\n")
    return [
        cell(*one.shape, one.sides)
        | {"streams": one.streams, "usual_streams": in_flight(one.shape[1])}
        for one in found
    ]


@dataclass(slots=True, kw_only=True)
class PairedCell:
    """One channel and size of requests, measured on both sides alike."""

    shape: tuple[str, int]
    streams: int
    """Requests under way on each connection; fewer after a side refused some."""
    seconds: int
    cpu: Mapping[str, Callable[[], float]]
    measures: Mapping[str, Measure]
    sides: Sides = field(default_factory=Sides)
    warm_streams: int = 0

    @property
    def name(self) -> str:
        return f"{self.shape[0]}, {self.shape[1]} rows"

    @property
    def pairs(self) -> int:
        return len(self.sides.after)

    def measure_pair(self) -> str:
        """Measure one side and the other; say what was found."""
        order = ("before", "after") if self.pairs % 2 == 0 else ("after", "before")
        try:
            if self.warm_streams != self.streams:
                for side in order:
                    self.measures[side](_WARM_UP_SECONDS, self.streams)
                self.warm_streams = self.streams
            pair = {side: self._measured(side) for side in order}
        except h2load.Refused:
            if self.streams == 1:
                raise
            # What was measured with more at a time is not comparable.
            self.streams, self.sides = self.streams // 2, Sides()
            return f"some were refused; {self.streams} at a time on each connection from now on"
        for side, (rate, of_cpu) in pair.items():
            self.sides.add(side, rate, of_cpu)
        return f"{pair['before'][0]:,.0f} before, {pair['after'][0]:,.0f} after"

    def _measured(self, side: str) -> tuple[float, float]:
        used = self.cpu[side]()
        rate = self.measures[side](self.seconds, self.streams)
        used = self.cpu[side]() - used
        return rate, rate * self.seconds / used if used > 0 else 0.0


def _measure(
    stack: ExitStack,
    options: argparse.Namespace,
    server: service.Service,
    shape: tuple[str, int],
    cores: tuple[int, ...],
) -> Measure:
    """Return what measures one cell of one server."""
    channel, rows = shape
    if options.different:
        return _different(stack, options, server, shape, cores)
    bodies = traffic.several(channel, rows, options.listed, scenarios.SEED, _CLIENTS)
    probe(server.target, bodies)
    messages = [body.data[h2load.PREFIX_BYTES :] for body in bodies]

    def run(seconds: int, streams: int) -> float:
        per_second, _ = h2load.measure(
            server.target, bodies[0].path, messages, seconds=seconds, clients=_CLIENTS,
            streams=streams, core=options.generator_cores,
        )  # fmt: skip
        return per_second * rows

    return run


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
    name = f"{channel}, {rows} rows"

    def run(seconds: int, streams: int) -> float:
        closed = Step(seconds=seconds, in_flight=streams)
        return progress_display.run(crew, closed, name).per_second

    return run


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
