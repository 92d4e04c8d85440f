"""Assembles the page on benchmarks."""

from pathlib import Path

from benchmarks.report import before_after, cost, faults, peers, throughput
from benchmarks.report.figures import Results
from benchmarks.report.latest_results import Result
from benchmarks.report.markdown import words
from benchmarks.report.stalls import stillness

REMARKS = Path(__file__).with_name("remarks.md")
"""Hand-written remarks on missed targets: the limit, what was tried, what it would take."""

_HEAD = """# Benchmarks

Made by `fanzha bench all` or `report` from the JSON of real runs in `benchmarks/results`, of trees
without uncommitted changes, with the remarks of `benchmarks/report/remarks.md`. How load is
generated and latency measured: [load tests](../how-to/load-tests.md). What a carrier needs:
[capacity](capacity.md).
"""

_REPEAT = """```sh
make install
.venv/bin/pip install -e '.[bench]'              # matplotlib, pytest-benchmark
fanzha bench all --quick                         # from a clean commit; without --quick, everything
CORES="--server-cores 0 --generator-cores 1"      # of two
fanzha bench quick --save $CORES                 # every floor of thresholds.toml; make bench
fanzha bench h2load --listed 1000000 --save $CORES
fanzha bench client --rate 20000 --listed 1000000 --save $CORES
fanzha bench before-after --before COMMIT --listed 100000 --save $CORES
fanzha bench overload --save $CORES
fanzha bench half-load --listed 1000000 --save $CORES
fanzha bench fairness --save $CORES
fanzha bench sweep --save $CORES                 # most of an hour; --quick to try
fanzha bench micro --save
fanzha bench peers --data FOLDER                 # what it needs: benchmarks/peers/install.sh
fanzha bench report                              # this page and the plots
```
"""


def write(results: Results, remarks: str = "") -> str:
    """Return the page, with *remarks* on missed targets."""
    sections = {
        "Targets": throughput.targets(results),
        "Missed targets": [*throughput.missed(results), *([remarks] if remarks else [])],
        "Beside an older commit": before_after.section(results),
        "Sweeps": throughput.sweeps(results),
        "Lists: import, memory, start": cost.lists(results),
        "Lists of numbers alone": cost.large_list(results),
        "Memory and start of the whole": cost.footprint(results),
        "A list change under load": cost.propagation(results),
        "Half load": throughput.half_load(results),
        "Overload": throughput.overload(results),
        "Fairness": throughput.fairness(results),
        "Faults": faults.section(results),
        "The client": throughput.client(results),
        "Where the time goes": cost.stages(results),
        "Single functions": cost.functions(results),
        "Peers": peers.peers(results),
        "Machine": [*machine(results), *stillness(results)],
        "How to repeat": [_REPEAT],
    }
    lines = [_HEAD]
    for heading, body in sections.items():
        lines += [f"## {heading}", "", *body]
    return "\n".join(lines).rstrip("\n") + "\n"


def machine(results: Results) -> list[str]:
    """Write the machine of each result, once if all results share it."""
    machines = {_machine(result) for result in results.values()}
    one_set = len(machines) == 1
    rows = [
        (
            kind,
            result.get("at", "–"),
            str(result.get("commit", "–")),
            _pinned(result),
            ", ".join(f"{load:.1f}" for load in result.get("load_average", [])),
            *(() if one_set else (_machine(result),)),
        )
        for kind, result in sorted(results.items())
    ]
    if not rows:
        return ["No results yet.", ""]
    head = ("result", "at", "commit", "pinned", "load average")
    return [
        "The load average covers 1, 5 and 15 minutes before a result was written (of peers: before "
        "their measurement began) and includes the benchmark's own load. Pinned are workers and "
        "generators, to these cores.",
        *((f"All with {machines.pop()}.",) if one_set else ()),
        "",
        *words(head if one_set else (*head, "machine"), rows),
    ]


def _machine(result: Result) -> str:
    packages = ", ".join(f"{name} {of}" for name, of in result.get("packages", {}).items())
    cores = f"{result.get('cores', '–')} cores, {result.get('cpu', '–')}"
    return f"{cores}, Python {result.get('python', '–')}, {packages}"


def _pinned(result: Result) -> str:
    """Say on which cores server and generator ran; a dash where a result does not."""
    if "server_pinned_to" not in result:
        return "–"
    cores = {
        "server": result.get("server_pinned_to"),
        "generator": result.get("generator_pinned_to"),
    }
    return ", ".join(f"{who} {_cores(which)}" for who, which in cores.items() if which) or "no"


def _cores(which: list[int]) -> str:
    return " and ".join(map(str, which))
