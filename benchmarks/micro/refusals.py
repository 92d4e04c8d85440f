"""Processor time of a request that gRPC's core refuses: ``python -m benchmarks.micro.refusals``.

A server with the options of ours answers one request, then accepts no more: its core cancels all
that come beyond its queue. Offered are more than it could decide and fewer than it can refuse. Each
set of experiments of the core (``GRPC_EXPERIMENTS``) has a process of its own; sets are measured in
turn, several rounds of them.

    python -m benchmarks.micro.refusals --experiments "" fuse_filters --server-cores 0 \
        --generator-cores 1
"""

import argparse
import multiprocessing
import os
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from benchmarks import processes, results
from benchmarks.load import options as common
from benchmarks.load.generator_pool import Crew
from benchmarks.load.plan import Plan, Step
from benchmarks.scenarios import SEED
from fanzha.v1 import decision_pb2
from fanzha.v1 import interception_pb2 as pb
from services.rpc.core import api
from services.rpc.core.api import CoreCall, Event
from services.rpc.server_options import (
    EXPERIMENTS,
    MERGED_FILTERS,
    ConnectionTimes,
    channel_options,
)
from services.settings.settings import Settings

TIMEOUT = 0.1
CONNECTIONS = 4
MESSAGE_BYTES = 2**22
START_SECONDS = 60


def main() -> int:
    """Measure; return the exit status."""
    options = _options()
    cores = common.read_cores(options.server_cores)
    found: dict[str, list[float]] = {experiments: [] for experiments in options.experiments}
    for _ in range(options.repeats):
        for experiments, costs in found.items():
            costs.append(_microseconds(experiments, cores, options))
            sys.stderr.write(f"{experiments or 'none':30} {costs[-1]:6.2f} µs a refused request\n")
    medians = {name: round(statistics.median(costs), 2) for name, costs in found.items()}
    report = {"options": vars(options), "microseconds": found, "medians": medians}
    results.write("refusals", report, save=options.save)
    return 0


def _microseconds(experiments: str, cores: tuple[int, ...], options: argparse.Namespace) -> float:
    """Return the processor time of one refused request."""
    with _server(experiments, cores) as (port, pid):
        plan = Plan(
            target=f"127.0.0.1:{port}", mix={"call": 1.0}, rows=1, seed=SEED, timeout=TIMEOUT,
            connections=CONNECTIONS, cores=common.read_cores(options.generator_cores),
        )  # fmt: skip
        with Crew(plan, lambda: processes.cpu_seconds(pid)) as crew:
            outcome = crew.run(Step(seconds=options.seconds, rate=options.rate))
    refused = outcome.statuses["CANCELLED"]
    if refused < outcome.offered // 2:
        raise SystemExit(f"the core refused {refused} of {outcome.offered} requests: no figure")
    return outcome.server_cpu / outcome.offered * 1e6


@contextmanager
def _server(experiments: str, cores: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Run a server in a process of its own; yield its port and process id."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, experiments, cores), daemon=True)
    os.environ[EXPERIMENTS] = experiments  # of the process, which reads it when it imports gRPC
    process.start()
    try:
        if not ours.poll(START_SECONDS):
            raise SystemExit("the server does not start")
        yield ours.recv(), process.pid or 0
    finally:
        process.kill()
        process.join()


def _serve(pipe: Connection, experiments: str, cores: tuple[int, ...]) -> None:
    if cores:
        os.sched_setaffinity(0, cores)
    settings = Settings.model_fields
    queue = api.completion_queue()
    server: Any = api.server(
        channel_options(
            max_message_bytes=MESSAGE_BYTES,
            max_connection_requests=settings["max_connection_requests"].default,
            max_queued_requests=settings["max_queued_requests"].default,
            times=ConnectionTimes(),
        ),
        queue,
    )
    answer = pb.DecideCallResponse(decision=decision_pb2.Decision()).SerializeToString()
    accepted: list[CoreCall] = []

    def accept(event: Event) -> None:
        accepted.append(CoreCall(event))
        # The generator looks first whether it is answered; all later requests wait for ever.
        accepted[0].finish(answer)

    pipe.send(server.add_http2_port(b"127.0.0.1:0"))
    server.start(backup_queue=False)
    server.request_call(queue, queue, accept)
    while True:
        event = queue.poll()
        event.tag(event)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    common.add_arguments(parser)
    parser.add_argument("--experiments", nargs="+", default=["", MERGED_FILTERS])
    parser.add_argument("--rate", type=common.at_least(1), default=60_000, help="a second")
    parser.add_argument("--seconds", type=common.at_least(0.5), default=2)
    parser.add_argument("--repeats", type=common.whole(1), default=3)
    return parser.parse_args()


if __name__ == "__main__":
    common.run(main)
