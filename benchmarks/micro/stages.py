"""Processor time of a batch by stage, in this process: ``python -m benchmarks.micro.stages``.

Each size is decided again and again, from the bytes of a request to those of its response, by the
shipped models and a list of hosts. Rows that reach the second stage of their model were scored by
it before, as those of a campaign are. Times are medians of processor time, so that others at work
on the machine matter less. Started in another checkout, the same file measures that one:
``PYTHONPATH=<checkout> python benchmarks/micro/stages.py``.
"""

import argparse
import json
import time
from statistics import median
from typing import Any

from benchmarks.micro import fixtures
from fanzha.phone import HomePlan
from services.decision.observer import Observer
from services.rpc.decide.columnar_decoder import ColumnarDecoder
from services.rpc.decide.encoder import BatchResponses

SIZES = (1, 16, 256, 1024)
CHANNELS = ("call", "text", "link")
LISTED = 10_000
_REQUESTS, _LEAST = 4, 12
"""Different requests of a size, decided in turn, and batches of each size at least."""


class StageClock:
    """Microseconds of processor time of each stage, batch by batch."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = {}
        self._since = 0.0

    def start(self) -> None:
        """Begin a batch."""
        self._since = time.process_time()

    def stage_done(self, _channel: object, stage: str) -> None:
        """Count what passed since the stage before."""
        now = time.process_time()
        self.spent.setdefault(stage, []).append((now - self._since) * 1e6)
        self._since = time.process_time()


def measure(channel: str, rows: int, seconds: float) -> dict[str, Any]:
    """Return rows a second and microseconds a batch by stage."""
    clock, decoder = StageClock(), ColumnarDecoder(HomePlan())
    engine = fixtures.engine(
        fixtures.listed_hosts(LISTED), observer=Observer(stage_done=clock.stage_done)
    )
    decode, decide = getattr(decoder, f"{channel}s"), getattr(engine, f"decide_{channel}s")
    requests = [fixtures.request(channel, rows, 0, seed=seed) for seed in range(_REQUESTS)]

    def run(request: bytes) -> None:
        clock.start()
        table = decode(request, rows, fixtures.NOW_MS)
        clock.stage_done(channel, "convert")
        decisions = decide(table, fixtures.NOW_S)
        BatchResponses(decisions).write(decisions.details, 0, rows)
        clock.stage_done(channel, "respond")

    for request in requests * 3:
        run(request)
    clock.spent.clear()
    batches, end = 0, time.process_time() + seconds
    while batches < _LEAST or time.process_time() < end:
        run(requests[batches % _REQUESTS])
        batches += 1
    stages = {stage: round(median(spent), 1) for stage, spent in clock.spent.items()}
    whole = sum(stages.values())
    return {
        "channel": channel,
        "rows": rows,
        "rows_per_second": round(rows / whole * 1e6),
        "microseconds": round(whole, 1),
        "stages": stages,
    }


def main() -> None:
    """Measure, and print a line of JSON for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", nargs="+", choices=CHANNELS, default=CHANNELS)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    parser.add_argument("--seconds", type=float, default=1.0, help="of processor time, each")
    chosen = parser.parse_args()
    for channel in chosen.channels:
        for rows in chosen.sizes:
            found = measure(channel, rows, chosen.seconds)
            print(json.dumps(found), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
