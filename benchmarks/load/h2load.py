"""Closed-loop capacity of one server, measured with h2load (Debian: nghttp2-client).

The generator is a C program that sends one prepared body over and over, so it costs little of the
machine: what is measured is the server. What it was asked last is what it is asked next, so its
memory of callers and hosts is warm: `fanzha bench sweep --only batch-size` asks for 16,384
different rows instead. A run in which more than a hundredth of the requests were refused fails.

    python -m benchmarks.load.h2load --listed 1000000 --server-cores 0 --generator-cores 1
    python -m benchmarks.load.h2load --listed 1000000 --target 127.0.0.1:7361
"""

import argparse
import statistics
import sys
from typing import Any

from benchmarks import h2load, results, scenarios
from benchmarks.load import options as common
from benchmarks.load import traffic
from benchmarks.load.plan import in_flight
from benchmarks.load.probe import probe
from services.cli._common import channel_words

BATCHES = (1, 16, 256, 1024)
_WARM_UP_SECONDS = 1


def main() -> int:
    """Run the measurement; return the exit status."""
    options = _options()
    cores = common.read_cores(options.generator_cores)
    with common.server(
        target=options.target, server_pid=0, workers=1, listed=options.listed,
        cores=options.server_cores,
    ) as server:  # fmt: skip
        found = _all(options, server.target)
    parameters = {"seed": scenarios.SEED, "seconds": options.seconds, "generator_pinned_to": cores}
    # A part must not take the place of the whole.
    whole = set(options.channels) == set(traffic.CHANNELS) and set(BATCHES) <= set(options.batches)
    kind = "h2load" if whole else "h2load-part"
    results.write(kind, server.words | parameters | {"results": found}, save=options.save)
    return 0


def _all(options: argparse.Namespace, target: str) -> list[dict[str, Any]]:
    bodies = {
        (channel, rows): traffic.one(channel, rows, options.listed, scenarios.SEED)
        for channel in options.channels
        for rows in options.batches
    }
    for body in bodies.values():
        probe(target, [body])
    runs: dict[tuple[str, int], list[dict[str, Any]]] = {cell: [] for cell in bodies}
    # In rounds: a machine that is slow for a minute is so for one run of each, not for all of one.
    for repeat in range(options.repeats):
        for (channel, rows), body in bodies.items():
            runs[channel, rows].append(_measure(options, target, body, rows, repeat))
            sys.stderr.write(
                f"round {repeat + 1} of {options.repeats}, {channel:5} batch {rows:5}: "
                f"{runs[channel, rows][-1]['rows_per_second']:10,.0f} rows/s\n"
            )
    return [_cell(channel, rows, made) for (channel, rows), made in runs.items()]


def _cell(channel: str, rows: int, runs: list[dict[str, Any]]) -> dict[str, Any]:
    rates = [run["rows_per_second"] for run in runs]
    median = statistics.median(rates)
    sys.stderr.write(
        f"{channel:5} batch {rows:5}: {median:10,.0f} rows/s "
        f"({min(rates):,.0f} to {max(rates):,.0f})\n"
    )
    return {"channel": channel, "batch": rows, "median": median, "runs": runs}


def _measure(
    options: argparse.Namespace, target: str, body: traffic.Body, rows: int, repeat: int
) -> dict[str, Any]:
    message = body.data[h2load.PREFIX_BYTES :]

    def run(seconds: int) -> tuple[float, h2load.Run]:
        return h2load.measure(
            target, body.path, message, seconds=seconds, clients=options.clients,
            streams=options.streams or in_flight(rows), core=options.generator_cores,
        )  # fmt: skip

    if not repeat:
        run(_WARM_UP_SECONDS)
    per_second, counted = run(options.seconds)
    return {
        "rows_per_second": round(per_second * rows, 1),
        "requests": counted.done,
        "refused": round(counted.done * (1 - per_second / counted.per_second)),
        "request_bytes": len(message),
        "request_time_min_max_mean": list(counted.times),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    common.add_arguments(parser)
    channels = traffic.CHANNELS
    word = channel_words.canonical
    parser.add_argument("--channels", nargs="+", type=word, choices=channels, default=channels)
    parser.add_argument("--batches", nargs="+", type=common.whole(1, 4096), default=BATCHES)
    parser.add_argument(
        "--listed", type=common.whole(0), default=0, help="listed numbers that may call"
    )
    parser.add_argument("--seconds", type=common.whole(1), default=4, help="of each measurement")
    parser.add_argument(
        "--repeats", type=common.whole(1), default=3, help="of each measurement; median"
    )
    parser.add_argument("--clients", type=common.whole(1), default=4, help="connections")
    parser.add_argument(
        "--streams", type=common.whole(0), default=0,
        help="requests under way on each connection; 0: by rows",
    )  # fmt: skip
    return parser.parse_args()


if __name__ == "__main__":
    common.run(main)
