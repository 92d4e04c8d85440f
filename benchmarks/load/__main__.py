"""A load test: open loop at a rate, closed loop for capacity, or a search for the highest rate.

    python -m benchmarks.load --rate 2000 --mix call=7,text=2,link=1
    python -m benchmarks.load --mode closed --rows 256
    python -m benchmarks.load --mode search --rows 16 --budget-ms 50

Latency counts from when a request was due. A table goes to standard error, JSON to standard
output. The exit status is 1 when requests failed, or when p99 of an open loop is above the budget.
"""

import math
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import typer

from benchmarks import results
from benchmarks.load import options as common
from benchmarks.load import progress_display, search
from benchmarks.load.arrivals import Arrivals
from benchmarks.load.generator_pool import Crew
from benchmarks.load.plan import Outcome, Plan, Step
from services.cli._common.console import err

Mode = Literal["open", "closed", "search"]
MOST_FAILED = 0.0001
"""Share of requests without a decision with which a rate still counts as held."""


def main(
    *,
    mode: Annotated[Mode, typer.Option(help="What to do.")] = "open",
    rate: Annotated[float, typer.Option(min=1, help="Rows a second, open loop.")] = 1000,
    arrivals: Annotated[Arrivals, typer.Option(help="How requests come, open loop.")] = "even",
    in_flight: Annotated[int, typer.Option(min=1, help="On a connection, closed loop.")] = 16,
    seconds: Annotated[float, typer.Option(min=0.1, max=3600, help="Of one step.")] = 10,
    warm_up: Annotated[float, typer.Option(min=0, help="Seconds, not counted.")] = 2,
    repeats: Annotated[int, typer.Option(min=1, max=100, help="Not for a search.")] = 1,
    budget_ms: Annotated[float, typer.Option(min=0.1, help="Of p99, from due.")] = 50,
    mix: common.Mix = "call",
    file: common.File = None,
    rows: common.Rows = 1,
    through: common.ThroughOption = "grpc",
    target: common.Target = "",
    server_pid: common.ServerPid = 0,
    workers: common.Workers = 1,
    listed: common.Listed = 0,
    generators: common.Generators = 1,
    connections: common.Connections = 4,
    timeout_ms: common.TimeoutMs = 1000,
    seed: common.Seed = common.SEED,
    settings: common.Set = None,
    server_cores: common.Cores = "",
    generator_cores: common.Cores = "",
    save: common.Save = False,
) -> None:
    """Measure a server under load."""
    plan = common.plan(
        mix=mix, file=file, rows=rows, through=through, listed=listed, cores=generator_cores,
        seed=seed, timeout_ms=timeout_ms, connections=connections, generators=generators,
    )  # fmt: skip
    step = Step(seconds=seconds, rate=rate, in_flight=in_flight, arrivals=arrivals)
    with common.server(
        target=target, server_pid=server_pid, workers=workers, listed=listed,
        cores=server_cores, settings=settings,
    ) as measured:  # fmt: skip
        report, held = LoadTest(mode, plan, step, warm_up, repeats, budget_ms).run(measured)
    results.write("load", report | {"seed": seed}, save=save)
    raise typer.Exit(int(not held))


@dataclass(frozen=True, slots=True)
class LoadTest:
    """What is offered to a server, and what counts as held."""

    mode: Mode
    plan: Plan
    step: Step
    warm_up: float
    repeats: int
    budget_ms: float

    def run(self, measured: common.Measured) -> tuple[dict[str, Any], bool]:
        """Offer the load; return the report, and whether the load was held."""
        plan = self.plan
        step = replace(self.step, rate=0.0) if self.mode == "closed" else self.step
        found, outcomes = 0.0, list[tuple[str, Outcome]]()
        with Crew(replace(plan, target=measured.target), measured.cpu) as crew:
            if self.mode == "search":
                found, outcomes = _search(crew, step, self.warm_up, self.budget_ms)
            else:
                for _ in range(self.repeats):
                    done = progress_display.run(crew, step, _name(step), warm_up=self.warm_up)
                    outcomes.append((_name(step), done))
        mix = ", ".join(f"{channel} {share:.0%}" for channel, share in plan.mix.items())
        progress_display.table(f"{mix}, {plan.rows} rows a request, {self.mode} loop", outcomes)
        if self.mode == "closed":
            err.print("a closed loop waits when the server does: for latencies, offer a --rate")
        report: dict[str, Any] = measured.words | {
            "mode": self.mode, "in_flight": step.in_flight, "arrivals": step.arrivals,
            "plan": _plan_words(plan), "generators": plan.generators,
            "budget_ms": self.budget_ms,
            "outcomes": [{"load": name} | outcome.words() for name, outcome in outcomes],
        }  # fmt: skip
        if self.mode == "search":
            report["highest_rows_per_second"] = round(found, 1)
            err.print(f"highest rate with p99 under {self.budget_ms:g} ms: {found:,.0f} rows/s")
            return report, found > 0
        # A closed loop waits for each answer, so its p99 says little about the server.
        most_ms = math.inf if self.mode == "closed" else self.budget_ms
        return report, all(holds(outcome, most_ms) for _, outcome in outcomes)


def holds(outcome: Outcome, budget_ms: float) -> bool:
    """Whether all was decided, and in time."""
    p99 = outcome.latencies.milliseconds(0.99)
    return outcome.answered > 0 and outcome.failed_share <= MOST_FAILED and p99 <= budget_ms


def _search(
    crew: Crew, step: Step, warm_up: float, budget_ms: float
) -> tuple[float, list[tuple[str, Outcome]]]:
    closed = Step(seconds=max(step.seconds / 2, 1.0), in_flight=step.in_flight)
    first = progress_display.run(crew, closed, "closed loop, for a first guess", warm_up=warm_up)
    tried = [("closed loop", first)]

    def held(rate: float) -> bool:
        attempt = Step(seconds=step.seconds, rate=rate, arrivals=step.arrivals)
        outcome = progress_display.run(crew, attempt, _name(attempt))
        tried.append((_name(attempt), outcome))
        return holds(outcome, budget_ms)

    return search.highest(held, max(first.per_second * 0.8, 1.0)), tried


def _name(step: Step) -> str:
    return f"{step.rate:,.0f}/s" if step.rate else "closed loop"


def _plan_words(plan: Any) -> dict[str, Any]:
    names = ("mix", "rows", "through", "timeout", "connections", "generators", "cores", "file")
    return {name: getattr(plan, name) for name in names}


if __name__ == "__main__":
    typer.run(main)
