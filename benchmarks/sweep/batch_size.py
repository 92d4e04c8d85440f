"""Throughput and p99 over batch size, each channel alone, one worker."""

from typing import Any

from benchmarks import service
from benchmarks.sweep.cells import Pace, RequestShape, measure

SIZES, FEW_SIZES = (1, 4, 16, 64, 256, 1024, 4096), (1, 16, 256)
LISTED, FEW_LISTED = 1_000_000, 10_000
CHANNELS = ("call", "text", "link")


def run(pace: Pace, *, quick: bool) -> dict[str, Any]:
    """Measure all sizes."""
    listed = FEW_LISTED if quick else LISTED
    with service.running(workers=1, listed=listed, cores=pace.server_cores) as running:
        points = [
            measure(
                running,
                RequestShape(channel=channel, rows=rows, listed=listed),
                pace,
                f"{channel} in batches of {rows}",
            )
            for channel in CHANNELS
            for rows in (FEW_SIZES if quick else SIZES)
        ]
    return {"workers": 1, "listed": listed, "points": points}
