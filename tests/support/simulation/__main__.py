"""Runs seeds: ``python -m tests.support.simulation --seeds 1000``, and one again: ``--seed 17``.

A run is the same each time, step by step; ``--seed`` prints the steps. The status is 1 where an
invariant did not hold.
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
from pathlib import Path
from typing import TextIO

from tests.support.simulation.planted import PLANTED
from tests.support.simulation.runner import HISTORIES, Simulator
from tests.support.simulation.store_server import StoreServer
from tests.support.temporary_folder import prefer_memory

_PROGRESS_SECONDS = 10.0
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
    names = tuple(HISTORIES) if options.history == "all" else (options.history,)
    with tempfile.TemporaryDirectory() as folder, StoreServer(Path(folder)) as server:
        simulator = Simulator(server, Path(folder), names)
        if plants:
            return _find_planted(simulator, plants, options.seeds)
        if options.seed is not None:
            return _replay(simulator, options.seed)
        return _explore(simulator, options.first, options.seeds, options.minutes * 60)


def _say(*lines: str, to: TextIO = sys.stdout) -> None:
    to.write("\n".join(lines) + "\n")
    to.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, help="run one seed, and print its steps")
    parser.add_argument("--seeds", type=int, default=100, help="how many to run")
    parser.add_argument("--minutes", type=float, default=math.inf, help="the longest to run them")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument(
        "--plant", choices=("all", *PLANTED), nargs="+", default=[], help="take safeguards away"
    )
    parser.add_argument("--history", choices=("all", *HISTORIES), default="all")
    return parser.parse_args()


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


def _explore(simulator: Simulator, first: int, count: int, seconds: float) -> int:
    """Run *count* seeds, or those that *seconds* are enough for; return 1 if one fails."""
    done, failed, steps, crashes, faults = 0, 0, 0, 0, Counter[str]()
    began, shown, used = time.monotonic(), time.monotonic(), time.process_time()
    while done < count and time.monotonic() - began < seconds:
        seed = first + done
        found = simulator.run(seed)
        done += 1
        steps, crashes, faults = steps + found.steps, crashes + found.crashes, faults + found.faults
        if found.violations:
            failed += 1
            _say(f"seed {seed} ({found.history}): {found.violations[0]}")
        if time.monotonic() - shown > _PROGRESS_SECONDS:
            shown = time.monotonic()
            rate = done / (shown - began)
            _say(f"{done:,} of {count:,} seeds, {rate:.1f} a second", to=sys.stderr)
    used = time.process_time() - used
    injected = ", ".join(f"{name} {number:,}" for name, number in sorted(faults.items()))
    _say(
        f"{done:,} seeds from {first:,}: {failed:,} failed; {steps:,} steps, {crashes:,} crashes; "
        f"{injected}; {used:.1f} processor seconds, {time.monotonic() - began:.1f} in all"
    )
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
