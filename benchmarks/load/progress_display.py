"""Shows a load test to a person, on standard error: JSON goes to standard output."""

from collections.abc import Iterable

from rich.table import Table

from benchmarks.load.generator_pool import Crew
from benchmarks.load.plan import Outcome, Step
from services.cli._common.console import err, progress

SATURATED = 0.9
"""Cores of a generator above which it may be what was measured."""

_UNITS = "latency in milliseconds from when a request was due; server and generator in cores"


def run(crew: Crew, step: Step, what: str, *, warm_up: float = 0.0) -> Outcome:
    """Run a step after a warm-up of the same kind, with progress while it runs."""
    with progress() as display:
        task = display.add_task(what, total=step.seconds, note="")

        def show(answered: int, offered: int) -> None:
            note = f"{answered:,} of {offered:,} requests answered"
            display.update(task, completed=display.tasks[0].elapsed or 0.0, note=note)

        if warm_up:
            crew.run(_for(step, warm_up), show)
            display.reset(task)
        return crew.run(step, show)


def table(title: str, outcomes: Iterable[tuple[str, Outcome]]) -> None:
    """Print outcomes, one a line."""
    shown = Table("load", title=title, caption=_UNITS, title_justify="left", caption_justify="left")
    for heading in ("rows/s", "p50", "p99", "p99.9", "max", "failed", "server", "generator"):
        shown.add_column(heading, justify="right")
    notes = []
    for name, outcome in outcomes:
        shown.add_row(name, *_cells(outcome))
        if outcome.stood_still.disturbed:
            still = f"{outcome.stood_still.longest_ms:.0f} ms"
            notes.append(f"{name}: the machine itself stood still, for {still} at the longest")
        if outcome.busiest_generator > SATURATED:
            notes.append(f"{name}: a generator used {outcome.busiest_generator:.2f} cores")
        if failed := {k: n for k, n in outcome.statuses.items() if k != "OK"}:
            notes.append(f"{name}: {failed}")
    err.print(shown)
    for note in notes:
        err.print(note)


def _cells(outcome: Outcome) -> list[str]:
    seconds = outcome.seconds or 1.0
    quantiles = [f"{outcome.latencies.milliseconds(share):.2f}" for share in (0.5, 0.99, 0.999, 1)]
    return [
        f"{outcome.per_second:,.0f}",
        *quantiles,
        f"{outcome.failed_share:.2%}",
        f"{outcome.server_cpu / seconds:.2f}",
        f"{outcome.generator_cpu / seconds:.2f}",
    ]


def _for(step: Step, seconds: float) -> Step:
    return Step(seconds=seconds, rate=step.rate, in_flight=step.in_flight, arrivals=step.arrivals)
