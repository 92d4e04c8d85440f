"""Links looked up in one process: `adblock`, and tldextract with a set, against our index."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.peers import paired_runs
from benchmarks.peers.bench import Bench, python_version
from benchmarks.peers.outputs import Load
from benchmarks.peers.paired_runs import About, Contestant
from benchmarks.peers.processes import SERVER_CORE, run
from benchmarks.peers.table import Row

_SCRIPT = Path(__file__).with_name("inprocess.py")
_OURS = "index in process, batches of 256"
_BUILD_SECONDS = 600.0
_NOT_EQUAL = {
    "adblock": (
        "Brave's engine is Rust behind a Python binding and is asked for one link at a time, as "
        "its interface has it. It takes any URL and matches patterns anywhere in it; here it has "
        "only rules for whole names, its easiest case. Ours canonicalises, tries host suffixes "
        "and path prefixes, and says which entry decided. Memory is what library and "
        "index added to the process; ours is the mapped list file, with the numbers and each "
        "entry's source, reason and expiry in it, and exists once on a host."
    ),
    "tldextract": (
        "The usual few lines: registrable domain by tldextract, then a Python set. It knows "
        "neither names below a registrable domain nor paths, canonicalises nothing, and can be "
        "evaded by percent signs or a trailing dot; so it does less. Memory is what library and "
        "set added to the process."
    ),
}


def compare(bench: Bench) -> list[Row]:
    """Compare with both; no gRPC on any side."""
    bench.work.write("hosts.txt", bench.work.hosts())
    bench.work.write("urls.txt", bench.work.urls())
    return _against(bench, "adblock", bench.python) + _against(
        bench, "tldextract", Path(sys.executable)
    )


def _against(bench: Bench, peer: str, python: Path) -> list[Row]:
    about = About(
        channel="link",
        peer=peer,
        version=python_version(python, peer),
        work=f"links of 80 characters looked up among {bench.work.listed:,} names; 3 % listed",
        generator="a loop in the same process, on one core",
        not_equal=_NOT_EQUAL[peer],
    )
    if not about.version:
        return paired_runs.missing(
            about, f"{peer} is not installed; run benchmarks/peers/install.sh"
        )
    return paired_runs.guarded(about, lambda: _measured(bench, about, python))


def _measured(bench: Bench, about: About, python: Path) -> list[Row]:
    peer = about.peer
    listed: set[int] = set()
    memory: dict[str, int] = {}

    def way(name: str, command: list[str]) -> Callable[[], Load]:
        def load() -> Load:
            arguments = [*command, str(bench.work.folder), str(bench.seconds)]
            report = json.loads(run(arguments, core=SERVER_CORE, seconds=_BUILD_SECONDS))
            listed.add(report["listed"])
            memory[name] = report["memory"]
            return Load(per_second=report["per_second"], done=report["done"], failed=0, answers={})

        return load

    theirs = way("peer", [str(python), str(_SCRIPT), peer])
    ours = way("ours", [sys.executable, "-m", "benchmarks.peers.inprocess", "ours"])
    figures = paired_runs.in_turn(
        [Contestant(name=peer, load=theirs), Contestant(name=_OURS, load=ours)], bench.repeats
    )
    if len(listed) != 1:
        raise RuntimeError(f"{peer} and we found {listed} of the links listed")
    figures[peer].memory, figures[_OURS].memory = memory["peer"], memory["ours"]
    return paired_runs.rows(about, figures, [_OURS])
