"""Time of one batch by stage, from the server's own metrics under load.

The stages cover deciding. The rest of the worker processes is gRPC, the event loop and background
tasks; the rest of the service is its parent, list administration and Valkey, which stores the hits.
"""

import re
from typing import Any
from urllib.request import urlopen

from benchmarks import processes, service
from benchmarks.load import progress_display
from benchmarks.load.generator_pool import Crew
from benchmarks.load.plan import Step, in_flight
from benchmarks.service import Service
from benchmarks.sweep.cells import Pace, RequestShape, plan

LISTED, FEW_LISTED = 1_000_000, 10_000
SIZES = (1, 256)
CHANNELS = ("call", "text", "link")
_FIGURE = re.compile(
    r'^fanzha_stage_seconds_(sum|count)\{([^}]*)\} ([0-9.e+-]+)$', re.MULTILINE
)  # fmt: skip
_LABEL = re.compile(r'(\w+)="([^"]*)"')


def run(pace: Pace, *, quick: bool) -> dict[str, Any]:
    """Measure each channel, one row a request and in batches."""
    listed = FEW_LISTED if quick else LISTED
    with service.running(workers=1, listed=listed, cores=pace.server_cores) as running:
        points = [
            _measure(running, RequestShape(channel=channel, rows=rows, listed=listed), pace)
            for channel in CHANNELS
            for rows in SIZES
        ]
    return {"workers": 1, "listed": listed, "points": points}


def _measure(running: Service, shape: RequestShape, pace: Pace) -> dict[str, Any]:
    step = Step(seconds=pace.seconds, in_flight=in_flight(shape.rows))
    with Crew(plan(running, shape, pace), running.cpu_seconds) as crew:
        crew.run(Step(seconds=1.0, in_flight=step.in_flight))
        workers_before = _worker_seconds(running.pid)
        before = stage_figures(_metrics(running), shape.channel)
        outcome = progress_display.run(crew, step, f"stages of {shape.channel}, {shape.rows} rows")
        after = stage_figures(_metrics(running), shape.channel)
        used = _worker_seconds(running.pid) - workers_before
    spent = {name: after[name][0] - before.get(name, (0.0, 0))[0] for name in after}
    batches = max(after[name][1] - before.get(name, (0.0, 0))[1] for name in after)
    if not batches:
        raise RuntimeError("the server counted no batch")
    each = {name: round(seconds / batches * 1e6, 2) for name, seconds in spent.items() if seconds}
    return {
        "channel": shape.channel,
        "rows_a_request": shape.rows,
        "rows_a_batch": round(outcome.answered * shape.rows / batches, 2),
        "rows_per_second": round(outcome.per_second, 1),
        "batches": batches,
        "stage_microseconds": each,
        "worker_microseconds": round(used / batches * 1e6, 2),
        "service_microseconds": round(outcome.server_cpu / batches * 1e6, 2),
    }


def stage_figures(page: str, channel: str) -> dict[str, tuple[float, int]]:
    """Read seconds and batches of each stage from a page of metrics, added up over workers."""
    found: dict[str, tuple[float, int]] = {}
    for kind, labels, value in _FIGURE.findall(page):
        named = dict(_LABEL.findall(labels))
        if named.get("channel") != channel:
            continue
        seconds, batches = found.get(named["stage"], (0.0, 0))
        if kind == "sum":
            found[named["stage"]] = seconds + float(value), batches
        else:
            found[named["stage"]] = seconds, batches + int(float(value))
    return found


def _metrics(running: Service) -> str:
    with urlopen(running.metrics, timeout=10) as page:  # noqa: S310  our own, on loopback
        text: str = page.read().decode()
    return text


def _worker_seconds(root: int) -> float:
    """Return the processor time of the worker processes."""
    return sum(processes.cpu_seconds(pid) for pid in processes.tree(root) if is_worker(pid))


def is_worker(pid: int) -> bool:
    """Whether a process of the service decides."""
    return "worker" in processes.command(pid)
