"""Cost of the size of the lists: throughput and p99, memory an entry, import and start.

For each size a fresh service imports that many numbers, then decides calls; it imports that many
hosts, then decides links. Each load starts once the service is idle. 3 % of the traffic is listed.
One connection sends it, hence to one worker. Resident memory is measured after that traffic.
"""

import time
from dataclasses import replace
from typing import Any

from benchmarks import scenarios, service
from benchmarks.peers.workload import Work
from benchmarks.service import Service
from benchmarks.sweep import imports, memory, start
from benchmarks.sweep.cells import Pace, RequestShape, measure
from services.cli._common.console import err

SIZES, FEW_SIZES = (10_000, 100_000, 1_000_000, 10_000_000), (10_000, 100_000)
WORKERS_FOR_MEMORY = 2
ROWS = 256
IDLE_CORES, LOOK_SECONDS, MOST_IDLE_SECONDS = 0.2, 2.0, 300.0
"""A service is idle below this share of a core, for this long; and the longest wait for it."""


def run(pace: Pace, *, quick: bool) -> dict[str, Any]:
    """Measure all sizes."""
    points: list[dict[str, Any]] = []
    sizes = []
    for listed in FEW_SIZES if quick else SIZES:
        err.print(f"lists of {listed:,} numbers and {listed:,} hosts")
        # Two workers, to measure the memory of shared lists; only one gets load.
        with service.running(workers=WORKERS_FOR_MEMORY, cores=pace.server_cores) as running:
            sizes.append({"listed": listed} | _one_size(running, listed, pace, points))
    return {"workers": WORKERS_FOR_MEMORY, "sizes": sizes, "points": points}


def _one_size(
    running: Service, listed: int, pace: Pace, points: list[dict[str, Any]]
) -> dict[str, Any]:
    work = Work(listed=listed, folder=running.folder)
    first = scenarios.FIRST_LISTED
    numbers = imports.timed(running, imports.Patterns(
        name="numbers", count=listed, last=f"+{first + listed - 1}",
        lines=(f"+{number}" for number in range(first, first + listed)),
    ))  # fmt: skip
    calls = RequestShape(channel="call", rows=ROWS, listed=listed, connections=1)
    _point(running, calls, pace, points)
    of_numbers = memory.of_lists(running)
    hosts = imports.timed(running, imports.Patterns(
        name="hosts", count=listed, last=work.host(listed - 1),
        lines=(work.host(row) for row in range(listed)),
    ))  # fmt: skip
    file = work.write("links.csv", ["url", *work.urls()])
    _point(running, replace(calls, channel="link", file=file), pace, points)
    # The import made new files, whose pages no call has read yet.
    measure(running, calls, replace(pace, repeats=1), "calls again")
    of_both = memory.of_lists(running)
    return {
        "imports": [numbers, hosts],
        "memory": {"numbers": of_numbers, "numbers_and_hosts": of_both},
        "around_lists": memory.around_lists(running),
        "bytes_per_entry": bytes_per_entry(of_numbers, of_both, listed),
        "start_seconds": start.seconds(running, max(pace.repeats, 3)),
    }


def _point(running: Service, shape: RequestShape, pace: Pace, points: list[dict[str, Any]]) -> None:
    settled = until_idle(running)
    point = measure(running, shape, pace, f"{shape.channel}, {shape.listed:,} listed")
    points.append({"listed": shape.listed, "settled_seconds": settled} | point)


def until_idle(running: Service) -> float:
    """Wait until the service is idle, as after an import; return the seconds waited."""
    started = time.monotonic()
    while time.monotonic() < started + MOST_IDLE_SECONDS:
        before = running.cpu_seconds()
        time.sleep(LOOK_SECONDS)
        if running.cpu_seconds() - before < IDLE_CORES * LOOK_SECONDS:
            break
    return round(time.monotonic() - started, 1)


def bytes_per_entry(
    of_numbers: dict[str, Any], of_both: dict[str, Any], listed: int
) -> dict[str, float]:
    """Return the bytes of a number and of a host: in the files, and resident."""

    def each(figure: str) -> tuple[float, float]:
        numbers, both = of_numbers[figure], of_both[figure]
        return round(numbers / listed, 2), round((both - numbers) / listed, 2)

    in_files, resident = each("file_bytes"), each("mapped_pss_bytes")
    return {
        "number_in_files": in_files[0],
        "host_in_files": in_files[1],
        "number_resident": resident[0],
        "host_resident": resident[1],
    }
