"""Finds half of what a service can do: the load of a soak, measured as it begins.

What it can do is the highest rate of an open loop at which all but `MOST_FAILED` of the requests
have an answer in time. It is searched for by steps, from a closed loop's rate on, before anything
is changed or killed; the generator works on the same machine, as it does in the soak.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.load import search
from benchmarks.load.plan import Outcome, Step, in_flight

SHARE = 0.5
MOST_FAILED = 0.001
"""Of requests, those without an answer in time."""
STEP_SECONDS = 10.0
_FIRST_SHARE = 0.8
"""Of a closed loop's rate is tried first: there requests wait for each other."""
_PRECISION = 0.05
_USUAL_CONNECTIONS = 4
"""Of a closed loop, whose requests all find room in the line of the service."""


@dataclass(slots=True)
class LoadSearch:
    """A search for half load, and what was tried."""

    load: Callable[[Step], Outcome]
    """Offers a step, as `Crew.run` does."""
    rows: int
    connections: int
    steps: list[dict[str, Any]] = field(default_factory=list)
    capacity: float = 0.0
    """Rows a second."""

    def run(self) -> float:
        """Return half of what the service can do in rows a second.

        Raises:
            RuntimeError: No rate was held.
        """
        requests = in_flight(self.rows) * _USUAL_CONNECTIONS // self.connections
        closed = Step(seconds=STEP_SECONDS, in_flight=max(requests, 1))
        first = self._tried("closed loop", closed).per_second * _FIRST_SHARE
        self.capacity = search.highest(self._holds, max(first, 1.0), _PRECISION)
        if not self.capacity:
            raise RuntimeError("the service holds no rate: is the machine busy?")
        return round(self.capacity * SHARE)

    def words(self) -> dict[str, Any]:
        """Write the rule and what was tried, for JSON; nothing where a rate was given."""
        if not self.steps:
            return {}
        return {
            "rows_per_second": round(self.capacity, 1),
            "share": SHARE,
            "most_failed": MOST_FAILED,
            "step_seconds": STEP_SECONDS,
            "steps": self.steps,
        }

    def _holds(self, rate: float) -> bool:
        step = Step(seconds=STEP_SECONDS, rate=rate)
        outcome = self._tried(f"{rate:,.0f} rows/s", step)
        return outcome.answered > 0 and outcome.failed_share < MOST_FAILED

    def _tried(self, name: str, step: Step) -> Outcome:
        outcome = self.load(step)
        p99 = outcome.latencies.milliseconds(0.99) if outcome.answered else 0.0
        self.steps.append({
            "rate": round(step.rate, 1),
            "rows_per_second": round(outcome.per_second, 1),
            "failed_share": round(outcome.failed_share, 6),
            "p99_ms": round(p99, 2),
            "server_cores": round(outcome.server_cpu / outcome.seconds, 2),
            "generator_cores": round(outcome.generator_cpu / outcome.seconds, 2),
        })  # fmt: skip
        sys.stderr.write(
            f"{name}: {outcome.per_second:,.0f} rows/s, p99 {p99:.1f} ms, "
            f"{outcome.failed_share:.3%} without an answer in time\n"
        )
        return outcome
