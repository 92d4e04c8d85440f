"""Time of a list change to reach every worker under load, and its effect on latency.

A change blocks one more number. Its time counts from the request to list administration until the
last worker blocks a call from the number, as a client sees it. The same load runs before without
changes; both p99 are reported.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import numpy as np

from benchmarks import scenarios, service
from benchmarks.load import progress_display
from benchmarks.load.generator_pool import Crew
from benchmarks.load.plan import Step
from benchmarks.service import Service
from benchmarks.sweep import watchers
from benchmarks.sweep.cells import Pace, RequestShape, plan
from benchmarks.sweep.watchers import Watchers
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import blocklist_pb2_grpc, decision_pb2

WORKERS = 2
LISTED, FEW_LISTED = 1_000_000, 10_000
CHANGES, FEW_CHANGES = 60, 5
ROWS = 64
SHARE_OF_CAPACITY = 0.4
FIRST_NUMBER = 8617199000000
"""Numbers that changes block: neither listed nor calling otherwise."""
_MOST_SECONDS = 30.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.3, 1.3


def run(pace: Pace, *, quick: bool) -> dict[str, Any]:
    """Measure under load with and without changes."""
    listed, changes = (FEW_LISTED, FEW_CHANGES) if quick else (LISTED, CHANGES)
    with service.running(workers=WORKERS, listed=listed, cores=pace.server_cores) as running:
        shape = RequestShape(channel="call", rows=ROWS, listed=listed, connections=16)
        with (
            Crew(plan(running, shape, pace), running.cpu_seconds) as crew,
            watchers.of_all(running.target, WORKERS) as watching,
            ThreadPoolExecutor(1) as beside,
        ):
            closed = progress_display.run(crew, Step(seconds=pace.seconds, in_flight=2), "capacity")
            rate = max(closed.per_second * SHARE_OF_CAPACITY, 1.0)
            step = Step(seconds=changes * (_LONGEST_PAUSE + 0.2), rate=rate)
            # The watchers send in both runs, so that they do not add to the difference.
            without = beside.submit(_watch_only, watching, step.seconds)
            still = progress_display.run(crew, step, "load without changes")
            without.result()
            made = beside.submit(_change, running, watching, changes)
            moving = progress_display.run(crew, step, f"load with {changes} changes")
            times = made.result()
    before, during = still.latencies.milliseconds(0.99), moving.latencies.milliseconds(0.99)
    return {
        "workers": WORKERS,
        "listed": listed,
        "changes": changes,
        "rate_rows_per_second": round(rate, 1),
        "to_every_worker_ms": quantiles(times),
        "p99_ms_without_changes": round(before, 3),
        "p99_ms_with_changes": round(during, 3),
        "p99_ratio": round(during / before, 3),
        "without_changes": still.figures(),
        "with_changes": moving.figures(),
    }


def quantiles(seconds: list[float]) -> dict[str, float]:
    """Return the usual quantiles, in milliseconds."""
    # "higher": of few changes, the 99th of a hundred is the slowest.
    values = np.quantile(np.array(seconds) * 1000, [0.5, 0.9, 0.99, 1.0], method="higher")
    names = ("p50", "p90", "p99", "max")
    return dict(zip(names, (round(value, 1) for value in values.tolist()), strict=True))


def _change(running: Service, watching: Watchers, changes: int) -> list[float]:
    chance, times = np.random.default_rng(scenarios.SEED), []
    with grpc.insecure_channel(running.admin) as channel:
        update = blocklist_pb2_grpc.BlocklistServiceStub(channel).UpdateEntries
        for number in range(FIRST_NUMBER, FIRST_NUMBER + changes):
            time.sleep(float(chance.uniform(_SHORTEST_PAUSE, _LONGEST_PAUSE)))
            times.append(_propagated(update, watching, f"+{number}"))
    return times


def _propagated(update: Callable[..., Any], watching: Watchers, number: str) -> float:
    entry = pb.Entry(
        pattern=number,
        action=decision_pb2.ACTION_BLOCK,
        source=decision_pb2.SOURCE_PROVINCE,
        reason="benchmark",
    )
    request = pb.UpdateEntriesRequest(additions=[entry], author="bench", reason="benchmark")
    began = time.monotonic()
    answer = update(request, timeout=_MOST_SECONDS)
    if answer.additions[0].outcome != pb.ROW_OUTCOME_ADDED:
        raise RuntimeError(f"{number} was not added: {answer}")
    return max(watching.seen(number, began + _MOST_SECONDS)) - began


def _watch_only(watching: Watchers, seconds: float) -> None:
    # Half as often as while a change is on its way, which it is about half of the time.
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        watching.seen(f"+{scenarios.FIRST_LISTED}", until)
        time.sleep(2 * watchers.LOOK_SECONDS)
