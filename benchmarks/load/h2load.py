"""Closed-loop capacity of one server, measured with h2load (Debian: nghttp2-client).

The generator is a C program that sends prepared bodies over and over, so it costs little of the
machine: what is measured is the server. On each connection another body is sent, in each round
others; still the memory of callers and hosts is warm: `fanzha bench sweep --only batch-size` asks
for 16,384 different rows instead. A run in which more than a hundredth of the requests were refused
fails. Beside rows a second stands the processor time that the server spent on a row.

    python -m benchmarks.load.h2load --listed 1000000 --server-cores 0 --generator-cores 1
    python -m benchmarks.load.h2load --listed 1000000 --target 127.0.0.1:7361
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
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
        cores=options.server_cores, settings=options.set,
    ) as server:  # fmt: skip
        found = _all(options, server)
    parameters = {
        "seed": scenarios.SEED, "seconds": options.seconds, "generator_pinned_to": cores,
        "bodies": options.clients * options.repeats,
    }  # fmt: skip
    # A part must not take the place of the whole.
    whole = (
        not options.set
        and set(options.channels) == set(traffic.CHANNELS)
        and set(BATCHES) <= set(options.batches)
    )
    kind = "h2load" if whole else "h2load-part"
    results.write(kind, server.words | parameters | {"results": found}, save=options.save)
    return 0


def _all(options: argparse.Namespace, server: common.Measured) -> list[dict[str, Any]]:
    count = options.clients * options.repeats
    bodies = {
        (channel, rows): traffic.several(channel, rows, options.listed, scenarios.SEED, count)
        for channel in options.channels
        for rows in options.batches
    }
    for prepared in bodies.values():
        probe(server.target, prepared)
    runs: dict[tuple[str, int], list[dict[str, Any]]] = {cell: [] for cell in bodies}
    # In rounds: a machine that is slow for a minute is so for one run of each, not for all of one.
    for repeat in range(options.repeats):
        for (channel, rows), prepared in bodies.items():
            of_round = prepared[repeat * options.clients :][: options.clients]
            runs[channel, rows].append(_measure(options, server, of_round, rows, repeat))
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
    return {
        "channel": channel,
        "batch": rows,
        "median": median,
        "cpu_microseconds_a_row": statistics.median(run["cpu_microseconds_a_row"] for run in runs),
        "runs": runs,
    }


def _measure(
    options: argparse.Namespace,
    server: common.Measured,
    bodies: Sequence[traffic.Body],
    rows: int,
    repeat: int,
) -> dict[str, Any]:
    messages = [body.data[h2load.PREFIX_BYTES :] for body in bodies]

    def run(seconds: int) -> tuple[float, list[h2load.Run]]:
        return h2load.measure(
            server.target, bodies[0].path, messages, seconds=seconds, clients=options.clients,
            streams=options.streams or in_flight(rows), core=options.generator_cores,
        )  # fmt: skip

    if not repeat:
        run(_WARM_UP_SECONDS)
    used = server.cpu()
    per_second, counted = run(options.seconds)
    used = server.cpu() - used
    requests = sum(one.done for one in counted)
    asked = sum(one.per_second for one in counted)
    return {
        "rows_per_second": round(per_second * rows, 1),
        "cpu_microseconds_a_row": round(used * 1e6 / (requests * rows), 4),
        "requests": requests,
        "refused": round(requests * (1 - per_second / asked)),
        "request_bytes": [len(message) for message in messages],
        "request_time_min_max_mean": [list(one.times) for one in counted],
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
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE",
        help="setting of the service that is started, such as max_wait_ms=200; repeats",
    )  # fmt: skip
    parser.add_argument(
        "--clients", type=common.whole(1), default=4, help="connections, each with its body"
    )
    parser.add_argument(
        "--streams", type=common.whole(0), default=0,
        help="requests under way on each connection; 0: by rows",
    )  # fmt: skip
    return parser.parse_args()


if __name__ == "__main__":
    common.run(main)
