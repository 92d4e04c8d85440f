"""Throughput over worker processes, and the processor time of the generator.

Workers share a port, and the kernel assigns each connection to one of them at random; so many
connections are needed to keep all workers busy. With as few cores as workers the generator competes
for them: rows per second of the server's processor time show the rate of an exclusive core.
"""

from typing import Any

from benchmarks import service
from benchmarks.sweep.cells import Pace, RequestShape, measure

WORKERS = (1, 2)
LISTED, FEW_LISTED = 1_000_000, 10_000
ROWS = 256
CONNECTIONS = 32


def run(pace: Pace, *, quick: bool) -> dict[str, Any]:
    """Measure each channel with one and two workers."""
    listed = FEW_LISTED if quick else LISTED
    points = []
    for workers in WORKERS:
        with service.running(workers=workers, listed=listed, cores=pace.server_cores) as running:
            for channel in ("call",) if quick else ("call", "text", "link"):
                shape = RequestShape(
                    channel=channel, rows=ROWS, listed=listed, connections=CONNECTIONS
                )
                point = measure(running, shape, pace, f"{channel}, {workers} workers")
                rate, cores = point["rows_per_second"], point["server_cores"]
                per_core = round(rate / cores, 1) if cores else None
                points.append({"workers": workers, "rows_per_server_core": per_core} | point)
    return {"listed": listed, "connections": CONNECTIONS, "points": points}
