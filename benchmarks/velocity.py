"""Cost of the velocity stage for a batch of 256 calls: recording, and scoring.

Once with callers that call rarely, which are not scored, and once with callers that all call
often. The least and the median time of many batches, in microseconds, on one core.

    python -m benchmarks.velocity
"""

import json
import sys
import time

import numpy as np
from numpy.random import Generator

from benchmarks import machine
from classifiers import bundles
from classifiers.caller.activity import ActivityTable
from classifiers.velocity.memory import VelocityMemory
from fanzha import numbering
from fanzha.tables import Calls
from services.decision.velocity import VelocityStage, always

SEED, ROWS, BATCHES, WARM = 20261125, 256, 2000, 500
CALLERS = {"rare callers": 10**9, "busy callers": 20_000}


def main() -> int:
    """Measure, and print JSON."""
    numbering.prepare()
    report = machine.describe() | {
        name: _measure(callers, np.random.default_rng(SEED)) for name, callers in CALLERS.items()
    }
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    return 0


def _measure(callers: int, chance: Generator) -> dict[str, float]:
    stage = VelocityStage(current=always(bundles.load_velocity()), memory=VelocityMemory())
    nothing, scored, times = np.zeros(ROWS, np.bool_), 0, []
    for number in range(WARM + BATCHES):
        calls = _calls(callers, number, chance)
        activity = ActivityTable(2).observe(calls)
        begin = time.perf_counter()
        found = stage.score(calls, activity, nothing, _raise)
        times.append((time.perf_counter() - begin) * 1e6)
        scored += len(found.rows)
    measured = np.array(times[WARM:])
    return {
        "least_microseconds": round(float(measured.min()), 1),
        "median_microseconds": round(float(np.median(measured)), 1),
        "rows_scored": round(scored / (ROWS * len(times)), 3),
    }


def _calls(callers: int, number: int, chance: Generator) -> Calls:
    return Calls(
        callers=8_610_000_000_000 + chance.integers(0, callers, ROWS),
        callees=chance.integers(8619800000000, 8619899999999, ROWS),
        attempted_at_ms=1_764_000_000_000 + number * 100 + np.sort(chance.integers(0, 100, ROWS)),
        ingress=np.full(ROWS, 2, np.uint8),
        attestations=np.zeros(ROWS, np.uint8),
        trunks=[""] * ROWS,
        names={},
        errors={},
    )


def _raise() -> None:
    raise SystemExit("the velocity model is broken")


if __name__ == "__main__":
    sys.exit(main())
