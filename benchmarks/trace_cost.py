"""What traces cost: processor time of a decision with no collector, and with 0, 1 and 100 % traced.

    python -m benchmarks.trace_cost --repeats 3

Each condition starts a service of its own, which h2load asks (Debian: nghttp2-client), in turn. The
collector drops what it gets, in a process of its own, whose time is not counted.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from benchmarks import results

CONDITIONS: dict[str, float | None] = {"no collector": None, "0 %": 0.0, "1 %": 0.01, "100 %": 1.0}
_COLLECTOR = """
import sys
from concurrent.futures import ThreadPoolExecutor
import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as pb_grpc

class Sink(pb_grpc.TraceServiceServicer):
    def Export(self, request, context):
        return pb.ExportTraceServiceResponse()

server = grpc.server(ThreadPoolExecutor(2))
pb_grpc.add_TraceServiceServicer_to_server(Sink(), server)
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
sys.stdin.read()
"""


def main(
    *,
    repeats: Annotated[int, typer.Option(min=1, help="Rounds of all conditions.")] = 3,
    seconds: Annotated[int, typer.Option(min=1, help="Of each measurement.")] = 2,
    channels: Annotated[str, typer.Option(help="Separated by commas.")] = "call,text",
    batches: Annotated[str, typer.Option(help="Rows a request, separated by commas.")] = "1,16",
    save: Annotated[bool, typer.Option("--save", help="Keep it in benchmarks/results.")] = False,
) -> None:
    """Measure, and print microseconds of processor time a row, and the ratio to no collector."""
    cells: dict[tuple[str, int], dict[str, list[float]]] = {}
    with _collector() as endpoint:
        for _ in range(repeats):
            for name, share in CONDITIONS.items():
                for cell in _measure(_settings(share, endpoint), channels, batches, seconds):
                    of_cell = cells.setdefault((cell["channel"], cell["batch"]), {})
                    of_cell.setdefault(name, []).append(cell["cpu_microseconds_a_row"])
    report = [
        {
            "channel": channel,
            "batch": batch,
            "condition": name,
            "cpu_microseconds_a_row": statistics.median(values),
            "runs": values,
            "ratio": statistics.median(
                value / base for value, base in zip(values, found["no collector"], strict=True)
            ),
        }
        for (channel, batch), found in cells.items()
        for name, values in found.items()
    ]
    results.write(
        "trace-cost", {"seconds": seconds, "repeats": repeats, "cells": report}, save=save
    )


def _settings(share: float | None, endpoint: str) -> list[str]:
    if share is None:
        return []
    told = {
        "trace_endpoint": endpoint,
        "trace_share": str(share),
        "trace_most_per_second": "1000000",
    }
    return [f"--set={name}={value}" for name, value in told.items()]


def _measure(
    settings: list[str], channels: str, batches: str, seconds: int
) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "benchmarks.load.h2load", "--listed", "1000"]
    command += ["--seconds", str(seconds), "--repeats", "1"]
    command += ["--channels", *channels.split(","), "--batches", *batches.split(",")]
    command += settings
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)["results"]
    return found


@contextmanager
def _collector() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-c", _COLLECTOR], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


if __name__ == "__main__":
    typer.run(main)
