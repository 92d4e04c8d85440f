"""Throughput and p99 before, during and after a fault, as a client sees them.

    fanzha bench faults --save

One service with two workers decides calls at a fixed rate, asked through `fanzha.client`, which
opens connections again. In short steps one after the other it is measured what was decided and how
long that took; meanwhile one thing happens: the store is killed, a worker is killed, a list of a
million entries comes on top, another model takes over. A call that got no decision in time counts
as failed: the client lets it through.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from benchmarks import footprint, processes, results, scenarios, service
from benchmarks.load import options as common
from benchmarks.load.generator_pool import Crew
from benchmarks.load.plan import Outcome, Plan, Step
from benchmarks.service import FANZHA, Service
from benchmarks.sweep import imports
from classifiers import bundles

WORKERS = 2
ROWS = 16
STEP_SECONDS = 0.5
BEFORE_SECONDS, AFTER_SECONDS = 3.0, 5.0
_MOST_SECONDS = 180.0
"""A fault that is not over by then is an error."""
_WARM_UP_SECONDS = 2.0
_FIRST_ADDED = 8617500000000
"""Numbers that come on top: neither listed nor calling otherwise."""

Fault = Callable[[Service], str]
"""Does what is to happen and returns when it is over; tells what it did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One step."""

    at: float
    """Seconds from the fault to the middle of the step."""
    outcome: Outcome

    def words(self) -> dict[str, Any]:
        """Write it, for JSON."""
        return {
            "at": round(self.at, 2),
            "rows_per_second": round(self.outcome.per_second, 1),
            "p99_ms": self.outcome.latencies.words()["p99_ms"],
            "failed_share": round(self.outcome.failed_share, 6),
        }


def main() -> int:
    """Measure every fault; return the exit status."""
    options = _options()
    cores = common.read_cores(options.generator_cores)
    with service.running(
        workers=WORKERS, listed=options.listed, cores=common.read_cores(options.server_cores)
    ) as running:
        plan = Plan(
            target=running.target, mix={"call": 1.0}, rows=ROWS, listed=options.listed,
            seed=scenarios.SEED, through="client", cores=cores, connections=8,
        )  # fmt: skip
        with Crew(plan, running.cpu_seconds) as crew:
            crew.run(Step(seconds=_WARM_UP_SECONDS, rate=options.rate))
            faults = [
                _measured(running, crew, options.rate, name, FAULTS[name](options))
                for name in options.only
            ]
    report = {
        "workers": WORKERS, "rows": ROWS, "listed": options.listed, "added": options.added,
        "rate": options.rate, "step_seconds": STEP_SECONDS, "seed": scenarios.SEED,
        "server_pinned_to": common.read_cores(options.server_cores),
        "generator_pinned_to": cores, "faults": faults,
    }  # fmt: skip
    results.write("faults", report, save=options.save)
    return 0


def _measured(running: Service, crew: Crew, rate: float, name: str, fault: Fault) -> dict[str, Any]:
    """Load before, during and after one fault."""
    step = Step(seconds=STEP_SECONDS, rate=rate)
    made: list[tuple[float, Outcome]] = []

    def load() -> None:
        began = time.monotonic()
        made.append((began + STEP_SECONDS / 2, crew.run(step)))

    for _ in range(round(BEFORE_SECONDS / STEP_SECONDS)):
        load()
    at = time.monotonic()
    with ThreadPoolExecutor(1) as beside:
        happening = beside.submit(fault, running)
        while not happening.done():
            load()
            if time.monotonic() > at + _MOST_SECONDS:
                raise RuntimeError(f"{name} takes more than {_MOST_SECONDS:.0f} s")
        took = time.monotonic() - at
        told = _told(happening)
        for _ in range(round(AFTER_SECONDS / STEP_SECONDS)):
            load()
    points = [Point(at=when - at, outcome=outcome) for when, outcome in made]
    _show(name, told, points, took)
    return {
        "name": name,
        "what": told,
        "over_after_seconds": round(took, 2),
        "points": [point.words() for point in points],
    }


def _told(happening: "Future[str]") -> str:
    return happening.result()


def _kill_store(_: argparse.Namespace) -> Fault:
    def kill(running: Service) -> str:
        (store,) = [one for one in processes.tree(running.pid) if footprint.role(one) == "valkey"]
        os.kill(store, signal.SIGKILL)
        _until(lambda: _others(running, "valkey", {store}))
        return "the embedded Valkey is killed, and started again"

    return kill


def _kill_worker(_: argparse.Namespace) -> Fault:
    def kill(running: Service) -> str:
        workers = {one for one in processes.tree(running.pid) if footprint.role(one) == "worker"}
        # The oldest lives on: a soak sees it grow old.
        victim = max(workers - {processes.oldest(workers)})
        os.kill(victim, signal.SIGKILL)
        _until(lambda: _others(running, "worker", workers))
        return "one of two workers is killed, and forked again"

    return kill


def _swap_lists(options: argparse.Namespace) -> Fault:
    def swap(running: Service) -> str:
        last = _FIRST_ADDED + options.added - 1
        imports.timed(running, imports.Patterns(
            name="added", count=options.added, last=f"+{last}",
            lines=(f"+{number}" for number in range(_FIRST_ADDED, last + 1)),
        ))  # fmt: skip
        return f"{options.added:,} numbers are imported until they act"

    return swap


def _swap_models(_: argparse.Namespace) -> Fault:
    def swap(running: Service) -> str:
        newest = bundles.newest(bundles.SHIPPED, "caller").name
        older = sorted(set(bundles.versions(bundles.SHIPPED, "caller")) - {newest})
        if not older:
            return f"the package has one version: {newest} is taken again"
        for version in (older[-1], newest):
            command = [
                *FANZHA, "models", "activate", "call", version, "--yes", "--by", "bench",
                "--target", running.admin,
            ]  # fmt: skip
            environment = os.environ | {"PYTHONPATH": str(service.CHECKOUT)}
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False, timeout=120
            )
            if done.returncode:
                raise RuntimeError(f"the model was not activated: {done.stdout}{done.stderr}")
        return f"the model of calls: {newest} to {older[-1]}, and back"

    return swap


FAULTS: dict[str, Callable[[argparse.Namespace], Fault]] = {
    "store killed": _kill_store,
    "worker killed": _kill_worker,
    "list swap": _swap_lists,
    "model swap": _swap_models,
}


def _others(running: Service, role: str, before: set[int]) -> bool:
    found = {one for one in processes.tree(running.pid) if footprint.role(one) == role}
    return bool(found - before)


def _until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + _MOST_SECONDS
    while not condition():
        if time.monotonic() > until:
            raise RuntimeError("it was not started again")
        time.sleep(0.05)


def _show(name: str, told: str, points: Sequence[Point], took: float) -> None:
    before = [point.outcome for point in points if point.at < 0]
    later = [point.outcome for point in points if point.at >= 0]
    sys.stderr.write(
        f"{name}: {told}, {took:.1f} s; rows/s "
        f"{sum(one.per_second for one in before) / len(before):,.0f} before, least "
        f"{min(one.per_second for one in later):,.0f}; p99 "
        f"{max(one.latencies.milliseconds(0.99) for one in before):.1f} ms before, most "
        f"{max(one.latencies.milliseconds(0.99) for one in later):.1f}; failed "
        f"{max(one.failed_share for one in later):.2%} at most\n"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="fanzha bench faults", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--only", nargs="+", choices=list(FAULTS), default=list(FAULTS))
    parser.add_argument("--listed", type=common.whole(0), default=100_000, help="numbers before")
    parser.add_argument("--added", type=common.whole(1), default=1_000_000, help="of the swap")
    parser.add_argument(
        "--rate", type=common.at_least(1), default=4000, help="calls a second; leave it room"
    )
    parser.add_argument("--server-cores", default="", help="cores of its workers; empty: any")
    parser.add_argument("--generator-cores", default="", help="cores of the generator")
    parser.add_argument("--save", action="store_true", help="keep JSON in benchmarks/results")
    return parser.parse_args()


if __name__ == "__main__":
    common.run(main)
