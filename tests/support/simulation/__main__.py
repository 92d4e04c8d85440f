"""Runs seeds: ``python -m tests.support.simulation --seeds 1000``, and one again: ``--seed 17``.

A run is the same each time, step by step; ``--seed`` prints the steps. ``--jobs`` runs seeds by
several processes, ``--record FILE`` notes which were run and goes on with the others. The status is
1 where an invariant did not hold.
"""

import argparse
import logging
import math
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.support.simulation import exploration
from tests.support.simulation.planted import PLANTED
from tests.support.simulation.runner import HISTORIES, Simulator
from tests.support.simulation.store_server import StoreServer
from tests.support.simulation.tally import SeedRange, SeedRecord, run_range
from tests.support.temporary_folder import prefer_memory

_TERMINATED = 128 + signal.SIGTERM


def main() -> int:
    """Run what the command line says."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets of texts is another in each process, unless it is fixed.
        os.environ["PYTHONHASHSEED"] = "0"
        command = [sys.executable, "-m", "tests.support.simulation", *sys.argv[1:]]
        os.execv(sys.executable, command)  # noqa: S606 - this program again
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))  # the store ends, too
    prefer_memory()
    logging.disable(logging.CRITICAL)
    plants = list(PLANTED) if "all" in options.plant else options.plant
    names = tuple(HISTORIES) if "all" in options.history else tuple(options.history)
    if options.jobs > 1 and not (plants or options.worker or options.seed is not None):
        return _explore_by_workers(options)
    with tempfile.TemporaryDirectory() as folder, StoreServer(Path(folder)) as server:
        simulator = Simulator(server, Path(folder), names)
        run = partial(run_range, simulator, _turns(options), twice=options.twice)
        if options.worker:
            return exploration.serve(run, sys.stdin, sys.stdout)
        if plants:
            return _find_planted(simulator, plants, options.seeds)
        if options.seed is not None:
            return _replay(simulator, options.seed)
        return _explore([run], options)


def _explore_by_workers(options: argparse.Namespace) -> int:
    arguments = ["--history", *options.history, *(["--twice"] if options.twice else [])]
    with exploration.workers(options.jobs, arguments) as runners:
        return _explore(runners, options)


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, help="run one seed, and print its steps")
    parser.add_argument("--seeds", type=int, default=100, help="how many to run")
    parser.add_argument("--minutes", type=float, default=math.inf, help="the longest to run them")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument(
        "--plant", choices=("all", *PLANTED), nargs="+", default=[], help="take safeguards away"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes that run them")
    parser.add_argument("--record", type=Path, help="a file of the seeds that were run")
    parser.add_argument("--twice", action="store_true", help="run each again, and compare")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--history",
        choices=("all", *HISTORIES),
        nargs="+",
        default=["all"],
        help="which take turns: one that is named twice has two turns",
    )
    return parser.parse_args()


def _turns(options: argparse.Namespace) -> str:
    """Name the histories that take turns: seeds of other turns are other runs."""
    turns = Counter[str](options.history)
    return ", ".join(name if count == 1 else f"{name} x{count}" for name, count in turns.items())


def _replay(simulator: Simulator, seed: int) -> int:
    found = simulator.run(seed, traced=True)
    _say(*found.trace)
    _say(*found.violations or ("every invariant holds",))
    return bool(found.violations)


def _find_planted(simulator: Simulator, names: Sequence[str], most: int) -> int:
    """Run up to *most* seeds with each planted fault; return 1 if one is not found."""
    missed = 0
    for name in names:
        fault = PLANTED[name]
        simulator.names = (fault.history,)
        with fault.planted():
            runs = (simulator.run(seed) for seed in range(most))
            found = next((one for one in runs if one.violations), None)
        missed += found is None
        what = "not found" if found is None else f"seed {found.seed}: {found.violations[0]}"
        _say(f"{name}: {what.splitlines()[0]}")
    return bool(missed)


def _explore(runners: Sequence[exploration.RunRange], options: argparse.Namespace) -> int:
    """Run the seeds of the command line, or those that its minutes are enough for."""
    began = time.monotonic()
    record = SeedRecord(options.record, _turns(options))
    if record.total.count:
        _say(f"{record.total.count:,} seeds are on record")
    seeds = SeedRange(options.first, options.seeds)
    total = exploration.explore(runners, record, seeds, options.minutes * 60)
    injected = ", ".join(f"{name} {number:,}" for name, number in sorted(total.faults.items()))
    _say(
        f"{total.count:,} seeds of {_turns(options)}: {len(total.failures):,} failed; "
        f"{total.steps:,} steps, {total.crashes:,} crashes; {injected}; "
        f"{total.processor_seconds:.1f} processor seconds, {time.monotonic() - began:.1f} in all"
    )
    return bool(total.failures)


if __name__ == "__main__":
    sys.exit(main())
