"""Three hosts, six store nodes, and everything that can go wrong with them.

    sudo make fleet
    python -m benchmarks.fleet --list

Real processes in network namespaces: on each host ``fanzha up`` with TLS and identities, two Valkey
nodes and a Sentinel. A gateway asks for decisions, people change lists, approve, decide on appeals
and confirm hits, and people are warned by webhook, while the faults of `plan.toml` happen one after
the other. After each, all is healed and checked: no acknowledged write is lost, all hosts have the
same entries and decide by them, the audit logs verify, each confirmed hit made one warning. The
table says how much load was held; the status is 1 when an expectation does not hold. Needs root,
and leaves nothing behind.
"""

import argparse
import dataclasses
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import results
from benchmarks.fleet import fleet as fleets
from benchmarks.fleet import isolation, memory_limit, older_version, plan
from benchmarks.fleet.bureau import CARRIER, Bureau
from benchmarks.fleet.fault_run import FaultRun
from benchmarks.fleet.fleet import Fleet
from benchmarks.fleet.gateway import Gateway
from benchmarks.fleet.host import DECISIONS
from benchmarks.fleet.load import LoadPlan
from benchmarks.fleet.network import CLIENTS
from benchmarks.fleet.plan import PlannedFault
from benchmarks.fleet.table import FaultResult, table
from benchmarks.fleet.warned import VoiceRobot
from benchmarks.service import CHECKOUT

_TIMEOUT_SECONDS = 0.5
_NOT_POSSIBLE = 2


def main() -> int:
    """Run the plan; return the exit status."""
    options = _options()
    try:
        faults = plan.chosen(plan.read(options.plan), options.only)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return _NOT_POSSIBLE
    if options.list:
        sys.stdout.writelines(f"{one.name:24} {one.about}\n" for one in faults)
        return 0
    if not isolation.inside():
        missing = isolation.missing()
        if missing:
            sys.stderr.write("a fleet needs " + "; ".join(missing) + "\n")
            return _NOT_POSSIBLE
        return _enter(options, plan.older_version(faults))
    found = _run(faults, Path(options.folder), options)
    sys.stdout.write(table(found))
    report = {
        "hosts": len(fleets.HOSTS), "workers": fleets.WORKERS, "store": options.store,
        "requests_per_second": options.rate, "faults": [_words(one) for one in found],
    }  # fmt: skip
    if options.save:
        results.write("fleet", report, save=True)
    return int(any(one.broken for one in found))


def _enter(options: argparse.Namespace, older: str) -> int:
    folder = Path(tempfile.mkdtemp(prefix="fanzha-fleet-"))
    more = ["--folder", str(folder)]
    try:
        if older:
            more += _older_code(older, folder)
        return isolation.enter("benchmarks.fleet", [*sys.argv[1:], *more])
    finally:
        memory_limit.remove_all(folder.name)
        if options.keep:
            sys.stderr.write(f"logs: {folder / 'logs'}\n")
        else:
            fleets.remove(folder)


def _older_code(commit: str, folder: Path) -> list[str]:
    """Install an older version; without it, the row of the upgrade is skipped and says so."""
    sys.stderr.write(f"building the wheel of {commit[:8]}\n")
    try:
        return ["--code", str(older_version.install(commit, folder / "older"))]
    except RuntimeError as error:
        sys.stderr.write(f"no upgrade: {error}\n")
        return []


def _run(
    faults: Sequence[PlannedFault], folder: Path, options: argparse.Namespace
) -> list[FaultResult]:
    began = time.monotonic()

    def say(what: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:6.1f} s  {what}\n")
        sys.stderr.flush()

    say("starting three hosts")
    found = []
    with ExitStack() as stack:
        robot = stack.enter_context(VoiceRobot(CLIENTS))
        fleet = stack.enter_context(Fleet(folder, options.store, options.code))
        people = stack.enter_context(Bureau([one.address for one in fleet.hosts], fleet.logins))
        people.list_known()
        load = stack.enter_context(Gateway(_load(fleet, options.rate)))
        load.wait_asking()
        running = FaultRun(fleet, people, load, robot)
        running.settle()
        say("all hosts agree")
        for number, fault in enumerate(faults, 1):
            say(f"{number}/{len(faults)} {fault.name}: {fault.about}")
            result = running.run(fault)
            found.append(result)
            say(f"{number}/{len(faults)} {' | '.join(result.row())}  [{result.what}]")
            for missing, seconds in result.waited.items():
                say(f"    {seconds:.1f} s: {missing or 'all there'}")
            for why in filter(None, [result.skipped, *result.broken]):
                say(f"    {why}")
    return found


def _load(fleet: Fleet, rate: float) -> LoadPlan:
    return LoadPlan(
        targets=",".join(f"{one.address}:{DECISIONS}" for one in fleet.hosts),
        token_file=str(fleet.folder.token(CARRIER)),
        ca=str(fleet.folder.identity.authority),
        requests_per_second=rate,
        timeout_seconds=_TIMEOUT_SECONDS,
    )


def _words(result: FaultResult) -> dict[str, object]:
    words = dataclasses.asdict(result)
    return words | {"load_held": result.load.share if result.load else None}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="fanzha bench fleet", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--list", action="store_true", help="say what the plan has, and end")
    parser.add_argument("--only", nargs="+", default=[], metavar="FAULT", help="these faults alone")
    parser.add_argument("--plan", type=Path, default=plan.FILE, help="another plan")
    parser.add_argument(
        "--rate", type=float, default=20.0, help="requests for eight decisions a second"
    )
    parser.add_argument(
        "--store", choices=sorted(fleets.STORES), default="cluster",
        help="how the six nodes belong together",
    )  # fmt: skip
    parser.add_argument("--keep", action="store_true", help="keep the logs of the hosts")
    parser.add_argument("--save", action="store_true", help="keep JSON in benchmarks/results")
    parser.add_argument("--folder", default="", help=argparse.SUPPRESS)
    parser.add_argument("--code", type=Path, default=CHECKOUT, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
