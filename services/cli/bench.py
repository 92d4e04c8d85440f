"""`fanzha bench`: runs the benchmarks of a checkout, each in a process of its own.

Benchmarks may import anything, and nothing imports them: they are no part of the wheel, and a
running service must not depend on them. So a command here starts ``python -m benchmarks.…`` of
the checkout that this file lies in, hands all options on, and ends with its exit status.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from fanzha.translation.catalogue import gettext
from services.cli._common.console import fail

CHECKOUT = Path(__file__).resolve().parents[2]
COMMANDS = {
    "all": ("benchmarks.suite", "All of it from a clean commit, and the pages; --quick."),
    "load": ("benchmarks.load", "Load a server: open loop, closed loop, or the highest rate."),
    "quick": ("benchmarks.load.quick", "Every cell of thresholds.toml; fails when one is missed."),
    "overload": ("benchmarks.load.overload", "Offer more than a server can do; goodput."),
    "fairness": (
        "benchmarks.fairness",
        "What a modest login gets beside one that sends five times the capacity.",
    ),
    "half-load": (
        "benchmarks.load.half_load",
        "How long requests take inside a worker at half of its capacity.",
    ),
    "h2load": ("benchmarks.load.h2load", "Capacity by a C generator (Debian: nghttp2-client)."),
    "before-after": (
        "benchmarks.load.before_after",
        "An older commit and this checkout, alternately in one run (h2load).",
    ),
    "client": ("benchmarks.load.client_bench", "Single decisions through fanzha.client."),
    "sweep": ("benchmarks.sweep", "Over batch size, list size, workers, length of texts."),
    "faults": (
        "benchmarks.faults",
        "The store, a worker killed, lists and a model swapped under load.",
    ),
    "fleet": (
        "benchmarks.fleet",
        "Three hosts in namespaces through a plan of faults; needs root.",
    ),
    "soak": ("benchmarks.soak", "Hours of load with churn: does memory, a file or p99 grow?"),
    "footprint": ("benchmarks.footprint", "Memory of the whole, of a further worker; starts."),
    "decision-log": ("benchmarks.decision_log", "What logging decisions costs; previews."),
    "decision-search": (
        "benchmarks.decision_search",
        "Searches of the decision log with millions of rows.",
    ),
    "remote": ("benchmarks.load.remote", "A system that is not on this machine; asks first."),
    "micro": ("benchmarks.micro", "The hot functions, one by one."),
    "appeals": (
        "benchmarks.appeals",
        "From an upheld appeal until every worker lets calls through.",
    ),
    "changes": ("benchmarks.changes", "A change request of a million rows, applied and undone."),
    "warnings": ("benchmarks.warning.rate", "From hits to a message centre: rate and delay."),
    "warning-kill": (
        "benchmarks.warning.kill",
        "Kill the warning pipeline and its store while it works; count what was lost or doubled.",
    ),
    "outcome-kill": (
        "benchmarks.warning.outcome_kill",
        "Kill what learns from closed cases while they are closed; count what was lost or doubled.",
    ),
    "warning-report": ("benchmarks.warning.report", "The report on warnings over many cases."),
    "peers": ("benchmarks.peers", "Side by side with what a carrier would use instead."),
    "capacity": (
        "benchmarks.capacity",
        "Hosts, memory, disk, network and cost of a province, by a simulated day.",
    ),
    "report": ("benchmarks.report", "Make the page of benchmarks from the results of real runs."),
}
"""Module and help of each command."""

Options = Annotated[
    list[str] | None, typer.Argument(help="Options of the benchmark; --help lists them.")
]

app = typer.Typer(no_args_is_help=True, help="Measure speed; from a checkout only.")


@app.callback(invoke_without_command=True)
def bench(
    context: typer.Context,
    target: Annotated[str, typer.Option(help="Address of an interception server.")] = "",
    seconds: Annotated[float, typer.Option(help="Of each cell, with --target.")] = 5.0,
    json: Annotated[str, typer.Option(help="File for the figures, with --target.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Measure speed; from a checkout only."""
    if context.invoked_subcommand is not None:
        return
    if not target:
        fail(gettext("say what to measure: a command, or --target"))
    more = [*(("--json", json) if json else ()), *(("--yes",) if yes else ())]
    raise typer.Exit(run("remote", ["--target", target, "--seconds", str(seconds), *more]))


def module_file(checkout: Path, module: str) -> Path | None:
    """Return the file that ``python -m`` would run, None where the checkout has none."""
    path = checkout.joinpath(*module.split("."))
    found = (path / "__main__.py", path.with_suffix(".py"))
    return next((file for file in found if file.is_file()), None)


def run(name: str, options: list[str], checkout: Path = CHECKOUT) -> int:
    """Run a benchmark; return its exit status."""
    module, _ = COMMANDS[name]
    if not (checkout / "benchmarks").is_dir():
        fail(
            gettext(
                "benchmarks are no part of an installed fanzha: clone the repository, make "
                "install, and run fanzha bench there"
            ),
        )
    if module_file(checkout, module) is None:
        fail(gettext("this checkout has no {module}", module=module))
    paths = [str(checkout), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    # -P: the working directory may hold other benchmarks.
    command = [sys.executable, "-P", "-m", module, *options]
    # From before the start: a benchmark that runs must not outlive a termination.
    with _forwarding_signals() as termination:
        process = subprocess.Popen(command, env=environment)  # noqa: S603
        termination.forward_to(process)
        return process.wait()


class _Termination:
    """A request to end, which the benchmark gets, too, as soon as there is one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = False

    def ask(self, *_signal: object) -> None:
        """Ask the benchmark to end, or the one that is being started."""
        self._asked = True
        if self._process is not None:
            self._process.terminate()

    def forward_to(self, process: "subprocess.Popen[bytes]") -> None:
        """Let *process* be the benchmark."""
        self._process = process
        if self._asked:
            process.terminate()


@contextmanager
def _forwarding_signals() -> Iterator[_Termination]:
    """Forward termination to the benchmark, which stops its own children in order."""
    termination = _Termination()
    # Ctrl-C reaches both processes; SIGTERM reaches only this one.
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),
        signal.SIGTERM: signal.signal(signal.SIGTERM, termination.ask),
    }
    try:
        yield termination
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _add(name: str) -> None:
    def command(options: Options = None) -> None:
        raise typer.Exit(run(name, options or []))

    app.command(
        name,
        help=COMMANDS[name][1],
        add_help_option=False,
        context_settings={"ignore_unknown_options": True},
    )(command)


for _name in COMMANDS:
    _add(_name)
