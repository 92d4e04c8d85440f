"""What the one command runs, in order, and how long each step takes."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One benchmark: a module that keeps its own results."""

    name: str
    about: str
    module: str
    kinds: tuple[str, ...]
    """Results of which it must keep one; the first is that of a whole run."""
    arguments: tuple[str, ...]
    minutes: float
    """On two cores of a virtual machine; a quiet one."""
    quick: tuple[str, ...] | None = None
    """Arguments of a quick run; None where there is none."""
    quick_minutes: float = 0.0
    pinned: bool = True
    """Whether it takes cores for the server and for the generator."""

    def estimate(self, *, quick: bool) -> float:
        """Return the minutes it takes."""
        return self.quick_minutes if quick else self.minutes


BEFORE, DATA = "{before}", "{data}"
"""Stand for the older commit, and for the folder of labelled texts."""
BASELINE = "0a6340fc7074"
"""The last commit before anything of the path was compiled."""
_MILLION = ("--listed", "1000000")
_SAVE = "--save"

STEPS = (
    Step(
        name="h2load", about="rates of every channel and batch size",
        module="benchmarks.load.h2load",
        kinds=("h2load",),
        arguments=(*_MILLION, _SAVE), minutes=4,
        quick=(*_MILLION, "--seconds", "1", "--repeats", "2", _SAVE), quick_minutes=1.5,
    ),
    Step(
        name="before-after", about="an older commit and this one, in turn",
        module="benchmarks.load.before_after", kinds=("before-after",),
        arguments=(
            "--before", BEFORE, "--batches", "1", "16", "256", "1024", "--listed", "100000",
            "--seconds", "2", "--repeats", "5", _SAVE,
        ),
        minutes=7,
        quick=(
            "--before", BEFORE, "--batches", "1", "16", "256", "1024", "--listed", "100000",
            "--seconds", "1", "--repeats", "2", _SAVE,
        ),
        quick_minutes=2,
    ),
    Step(
        name="client", about="single calls through the client",
        module="benchmarks.load.client_bench",
        kinds=("client",),
        arguments=("--rate", "40000", *_MILLION, "--p99-ms", "8", _SAVE), minutes=1,
        quick=("--rate", "40000", *_MILLION, "--p99-ms", "8", "--seconds", "3", _SAVE),
        quick_minutes=0.7,
    ),
    Step(
        name="stages", about="where the time of a batch goes", module="benchmarks.sweep",
        kinds=("sweep-stages",),
        arguments=("--only", "stages", _SAVE), minutes=1,
        quick=("--only", "stages", "--seconds", "1", "--repeats", "1", _SAVE), quick_minutes=0.7,
    ),
    Step(
        name="overload", about="goodput above the capacity", module="benchmarks.load.overload",
        kinds=("overload",),
        arguments=("--goodput-share", "0.9", _SAVE), minutes=2,
        quick=("--goodput-share", "0.9", "--seconds", "2", _SAVE), quick_minutes=1,
    ),
    Step(
        name="fairness", about="a modest login beside a greedy one",
        module="benchmarks.fairness", kinds=("fairness",),
        arguments=(_SAVE,), minutes=1.8,
    ),
    Step(
        name="half-load", about="how long requests take in a worker at half its capacity",
        module="benchmarks.load.half_load", kinds=("half-load",),
        arguments=(*_MILLION, _SAVE), minutes=1.2,
        quick=(*_MILLION, "--channels", "call", "--seconds", "2", "--repeats", "1", _SAVE),
        quick_minutes=0.3,
    ),
    Step(
        name="faults", about="throughput and p99 around four faults", module="benchmarks.faults",
        kinds=("faults",),
        arguments=(_SAVE,), minutes=1.3,
        quick=(_SAVE,), quick_minutes=1.3, pinned=False,
    ),
    Step(
        name="footprint", about="memory of the whole, of a further worker, and starts",
        module="benchmarks.footprint", kinds=("footprint",),
        arguments=(_SAVE,), minutes=2.5,
        quick=("--repeats", "3", _SAVE), quick_minutes=1.5, pinned=False,
    ),
    Step(
        name="workers", about="two workers by one", module="benchmarks.sweep",
        kinds=("sweep-worker-count",),
        arguments=("--only", "worker-count", _SAVE), minutes=4,
        quick=("--only", "worker-count", "--seconds", "1", "--repeats", "1", _SAVE),
        quick_minutes=1, pinned=False,
    ),
    Step(
        name="sweeps", about="batch size, length of texts, a list change under load, size of lists",
        module="benchmarks.sweep",
        kinds=("sweep-batch-size", "sweep-text-length", "sweep-propagation", "sweep-list-size"),
        arguments=(
            "--only", "batch-size", "--only", "text-length", "--only", "propagation",
            "--only", "list-size", _SAVE,
        ),
        minutes=45,
    ),
    Step(
        name="floors", about="floors of thresholds.toml", module="benchmarks.load.quick",
        kinds=("quick",), arguments=(_SAVE,), minutes=5,
    ),
    Step(
        name="micro", about="the hot functions one by one", module="benchmarks.micro",
        kinds=("micro",), arguments=(_SAVE,), minutes=2, pinned=False,
    ),
    Step(
        name="peers", about="side by side with what a carrier would use instead",
        module="benchmarks.peers", kinds=("peers", "peers-part"),
        arguments=("--data", DATA), minutes=25,
        quick=("--only", "calls", "names", "lists", "usual", "--seconds", "1", "--repeats", "2"),
        quick_minutes=2, pinned=False,
    ),
)  # fmt: skip


def selected(only: Sequence[str], *, quick: bool) -> list[Step]:
    """Return the steps of a run; of a quick one those that have a quick way."""
    return [
        step
        for step in STEPS
        if (not only or step.name in only) and (not quick or step.quick is not None)
    ]


def command_of(
    step: Step, *, quick: bool, before: str, data: str, server_cores: str, generator_cores: str
) -> list[str]:
    """Return module and arguments of a step; an option without a value is left out."""
    chosen = (step.quick or ()) if quick else step.arguments
    values = {BEFORE: before, DATA: data}
    command = [step.module]
    for at, word in enumerate(chosen):
        following = chosen[at + 1] if at + 1 < len(chosen) else ""
        if not values.get(following, "value") or not values.get(word, "value"):
            continue
        command.append(values.get(word, word))
    if step.pinned and server_cores:
        command += ["--server-cores", server_cores]
    if step.pinned and generator_cores:
        command += ["--generator-cores", generator_cores]
    return command
