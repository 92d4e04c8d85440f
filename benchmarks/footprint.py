"""What a host pays for the service: memory of the whole and of a further worker, and a start.

    fanzha bench footprint --save

Starts `fanzha up` as shipped (decisions, administration, warnings, console, the embedded store),
imports a list, asks for decisions of each channel, ends it and starts it again, as hosts do; then
what all processes hold is added up: PSS, which shares out pages that several hold. The same with
one worker more tells what that one costs. A start is from exec to SERVING out of the list file with
the store away (``fanzha serve``); and help is what a person waits for ``fanzha --help``. Starts are
medians, of the seconds and of the processor seconds of all processes.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import processes, results, scenarios, service
from benchmarks.load import options as common
from benchmarks.load.generator_pool import Crew
from benchmarks.load.plan import Plan, Step
from benchmarks.service import CHECKOUT, Service
from benchmarks.sweep import start

_CHANNELS = ("call", "text", "link")
_TRAFFIC_SECONDS = 1.0
_SETTLE_SECONDS = 5.0
"""After a start or an import: what is written or given back once nothing is asked."""
_MIB = 1024.0
"""KiB, as the kernel tells PSS."""


def main() -> int:
    """Measure; return the exit status."""
    options = _options()
    by_workers = [_memory(options, workers) for workers in options.workers]
    report = {
        "listed": options.listed,
        "memory": by_workers,
        "help": [_help() for _ in range(options.repeats)],
    }
    with service.running(workers=1, listed=options.listed) as running:
        report["start"] = start.measured(running, options.repeats)
    _show(report)
    results.write("footprint", report, save=options.save)
    return 0


def _memory(options: argparse.Namespace, workers: int) -> dict[str, Any]:
    found = []
    with TemporaryDirectory(prefix="fanzha-footprint-") as name:
        # The second start has the list already: an import leaves more behind than a start.
        for listed in (options.listed, 0):
            with service.running(
                workers=workers, listed=listed, data=Path(name),
                FANZHA_WARNING_ENABLED="true", FANZHA_CONSOLE="true",
            ) as running:  # fmt: skip
                _traffic(running, options.listed)
                time.sleep(_SETTLE_SECONDS)
                found.append(by_role(running.pid))
    imported, restarted = found
    return {"workers": workers, "pss_mib": restarted, "pss_mib_after_the_import": imported}


def _traffic(running: Service, listed: int) -> None:
    """Ask for decisions of each channel, on enough connections to reach every worker."""
    for channel in _CHANNELS:
        plan = Plan(
            target=running.target, mix={channel: 1.0}, rows=256, listed=listed,
            seed=scenarios.SEED, connections=16,
        )  # fmt: skip
        with Crew(plan, running.cpu_seconds) as crew:
            crew.run(Step(seconds=_TRAFFIC_SECONDS, in_flight=1))


def by_role(root: int) -> dict[str, float]:
    """Return the PSS of a service in MiB, by role; workers are added up."""
    found: dict[str, float] = defaultdict(float)
    for process in processes.tree(root):
        found[role(process)] += pss_mib(process)
    return {name: round(mib, 1) for name, mib in sorted(found.items())}


def pss_mib(process: int) -> float:
    """Return the PSS of a process in MiB; 0 if it has ended."""
    with suppress(OSError):
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
        pss = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
        if pss is not None:
            return int(pss[1]) / _MIB
    return 0.0


def role(process: int) -> str:
    """Return what a process of the service does."""
    words = processes.command(process)
    if any("valkey-server" in word for word in words):
        return "valkey"
    if "services.cli.role_forks" in words:
        return "forks"
    return words[-1] if words else "ended"


def _help() -> dict[str, float]:
    command = [sys.executable, "-c", "from services.start import main; main()", "--help"]
    began, used = time.monotonic(), os.times()
    subprocess.run(command, env=os.environ, stdout=subprocess.DEVNULL, check=True, cwd=CHECKOUT)
    now = os.times()
    cpu = now.children_user + now.children_system - used.children_user - used.children_system
    return {"seconds": round(time.monotonic() - began, 3), "cpu_seconds": round(cpu, 3)}


def _show(report: dict[str, Any]) -> None:
    say = sys.stderr.write
    for one in report["memory"]:
        roles = ", ".join(f"{name} {mib:.0f}" for name, mib in one["pss_mib"].items())
        say(f"{one['workers']} workers: {sum(one['pss_mib'].values()):.0f} MiB: {roles}\n")
        after = one["pss_mib_after_the_import"]
        roles = ", ".join(f"{name} {mib:.0f}" for name, mib in after.items())
        say(f"  after the import, before a restart: {sum(after.values()):.0f} MiB: {roles}\n")
    for what in ("start", "help"):
        for unit in ("seconds", "cpu_seconds"):
            say(f"{what}: {statistics.median(one[unit] for one in report[what]):.2f} {unit}\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="fanzha bench footprint", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--listed", type=common.whole(0), default=1_000_000, help="listed numbers")
    parser.add_argument("--workers", nargs="+", type=common.whole(1, 64), default=[1, 2])
    parser.add_argument("--repeats", type=common.whole(1), default=5, help="of each start")
    parser.add_argument("--save", action="store_true", help="keep JSON in benchmarks/results")
    return parser.parse_args()


if __name__ == "__main__":
    common.run(main)
