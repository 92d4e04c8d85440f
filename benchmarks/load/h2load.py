"""Closed-loop capacity of one server, measured with h2load (Debian: nghttp2-client).

The generator is a C program that sends one prepared body over and over, so it costs
little of the machine: what is measured is the server. Every answer must be status 200
with gRPC status 0, or the run fails.

    python -m benchmarks.load.h2load --listed 1000000 --server-cores 0 --generator-cores 1
    python -m benchmarks.load.h2load --listed 1000000 --target 127.0.0.1:7361
"""

import argparse
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc

from benchmarks import results, scenarios
from benchmarks.load import options as common
from fanzha.v1 import interception_pb2_grpc

BATCHES = (1, 16, 256, 1024)
CHANNELS = ("call", "text", "link")
_RATE = re.compile(r"finished in [^,]+, ([0-9.]+) req/s")
_DONE = re.compile(r"requests: (\d+) total.*?(\d+) succeeded, (\d+) failed")
_TIMES = re.compile(r"time for request: +(\S+) +(\S+) +(\S+)")


def main() -> int:
    """Run the measurement; return the exit status."""
    options = _options()
    if not shutil.which("h2load"):
        sys.stderr.write("h2load is missing; on Debian: apt install nghttp2-client\n")
        return 2
    with common.server(
        target=options.target, server_pid=0, workers=1, listed=options.listed,
        cores=options.server_cores,
    ) as server:  # fmt: skip
        options.target = server.target
        found = _all(options)
    pinned = {"generator_pinned_to": common.read_cores(options.generator_cores)}
    results.write("h2load", server.words | pinned | {"results": found}, save=options.save)
    return 0


def _all(options: argparse.Namespace) -> list[dict[str, Any]]:
    found = []
    for channel in options.channels:
        for rows in options.batches:
            _probe(options.target, channel, rows, options.listed)
            runs = [_measure(options, channel, rows) for _ in range(options.repeats)]
            median = statistics.median(run["rows_per_second"] for run in runs)
            found.append({"channel": channel, "batch": rows, "median": median, "runs": runs})
            sys.stderr.write(
                f"{channel:5} batch {rows:5}: {median:10,.0f} rows/s "
                f"({min(r['rows_per_second'] for r in runs):,.0f} to "
                f"{max(r['rows_per_second'] for r in runs):,.0f})\n"
            )
    return found


def _probe(target: str, channel: str, rows: int, listed: int) -> None:
    """Send the body once as a client would, and insist on an answer for every row."""
    method, request = scenarios.request(channel, rows, listed)
    with grpc.insecure_channel(target) as connection:
        stub = interception_pb2_grpc.InterceptionServiceStub(connection)
        answer = getattr(stub, method)(request, timeout=30)
    if rows > 1 and len(answer.decisions.actions) != rows:
        raise SystemExit(f"{channel}: {rows} rows asked, {len(answer.decisions.actions)} answered")


def _measure(options: argparse.Namespace, channel: str, rows: int) -> dict[str, Any]:
    method, request = scenarios.request(channel, rows, options.listed)
    body = request.SerializeToString()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "body"
        file.write_bytes(b"\0" + len(body).to_bytes(4, "big") + body)
        command = [
            "h2load", f"--duration={options.seconds}", "--warm-up-time=1",
            f"--clients={options.clients}", "--threads=1",
            f"--max-concurrent-streams={16 if rows == 1 else 2}",
            f"--data={file}", "-H", "content-type: application/grpc", "-H", "te: trailers",
            f"http://{options.target}/fanzha.v1.InterceptionService/{method}",
        ]  # fmt: skip
        if options.generator_cores:
            command = ["taskset", "--cpu-list", options.generator_cores, *command]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=options.seconds + 60
        )
    rate, counts = _RATE.search(done.stdout), _DONE.search(done.stdout)
    if rate is None or counts is None or int(counts[3]):
        raise SystemExit(f"h2load failed:\n{done.stdout}\n{done.stderr}")
    times = _TIMES.search(done.stdout)
    return {
        "rows_per_second": float(rate[1]) * rows,
        "requests": int(counts[2]),
        "request_bytes": len(body),
        "request_time_min_max_mean": list(times.groups()) if times else None,
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    common.add_arguments(parser)
    parser.add_argument("--channels", nargs="+", choices=CHANNELS, default=CHANNELS)
    parser.add_argument("--batches", nargs="+", type=int, default=BATCHES)
    parser.add_argument("--listed", type=int, default=0, help="listed numbers that may call")
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--clients", type=int, default=4, help="connections")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
