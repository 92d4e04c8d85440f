"""Runs each protocol's own load generator on the generator's core, bounded in time."""

import socket
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import h2load as h2loads
from benchmarks.peers import outputs
from benchmarks.peers.outputs import Load
from benchmarks.peers.processes import GENERATOR_CORE, free_port, run

CONF = Path(__file__).with_name("conf")
CLIENTS = 4
"""Connections of h2load, which each send a message of their own where there are several."""
_GRACE = 60.0
_OPEN_CALLS = 64
"""Open calls of SIPp: with more it only retransmits those in the queue."""


def h2load(
    target: str, path: str, messages: Sequence[bytes], *, seconds: int, streams: int
) -> Load:
    """Send gRPC messages over and over from `CLIENTS` connections; count those it answers."""
    per_second, runs = h2loads.measure(
        target, path, messages, seconds=seconds, clients=CLIENTS, streams=streams,
        core=str(GENERATOR_CORE),
    )  # fmt: skip
    return Load(per_second=per_second, done=sum(run.done for run in runs), failed=0, answers={})


def h2load_json(url: str, bodies: Sequence[bytes], *, seconds: int, clients: int) -> Load:
    """Post JSON over HTTP/1.1, over and over; an answer other than 200 fails the run."""
    runs = h2loads.post_json(
        url, bodies, seconds=seconds, clients=clients, core=str(GENERATOR_CORE)
    )
    per_second = sum(run.per_second for run in runs)
    return Load(per_second=per_second, done=sum(run.done for run in runs), failed=0, answers={})


def wrk(url: str, script: Path, *arguments: str, seconds: int, connections: int) -> Load:
    """Send the requests of a Lua script over HTTP/1.1."""
    command = [
        "wrk", "--threads=1", f"--connections={connections}", f"--duration={seconds}s",
        "--timeout=20s", f"--script={script}", url, "--", *arguments,
    ]  # fmt: skip
    return outputs.wrk(run(command, core=GENERATOR_CORE, seconds=seconds + _GRACE))


def dnsperf(port: int, names: Path, *, seconds: int) -> Load:
    """Query a resolver for the names of a file, repeatedly."""
    command = [
        "dnsperf", "-s", "127.0.0.1", "-p", str(port), "-d", str(names), "-l", str(seconds),
        "-c", "4", "-T", "1", "-q", "100",
    ]  # fmt: skip
    return outputs.dnsperf(run(command, core=GENERATOR_CORE, seconds=seconds + _GRACE))


def sipp(port: int, calls: Path, *, seconds: int) -> Load:
    """Make calls from a file as fast as they are answered."""
    with TemporaryDirectory() as folder:
        command = [
            "sipp", "-sf", str(CONF / "caller.xml"), "-inf", str(calls), f"127.0.0.1:{port}",
            "-i", "127.0.0.1", "-p", str(free_port(socket.SOCK_DGRAM)), "-r", "100000",
            "-rp", "1000", "-l", str(_OPEN_CALLS), "-timer_resol", "1", "-timeout", str(seconds),
            "-nostdin", "-fd", "1", "-trace_stat", "-stf", "stat.csv", "-trace_counts",
        ]  # fmt: skip
        run(command, core=GENERATOR_CORE, seconds=seconds + _GRACE, cwd=folder)
        counts = next(Path(folder).glob("*_counts.csv"))
        return outputs.sipp((Path(folder) / "stat.csv").read_text(), counts.read_text())


def redis_benchmark(program: str, port: int, *, listed: int, pipeline: int, requests: int) -> Load:
    """Query random members of the set ``listed``; about 3 % are in it."""
    command = [
        program, "-p", str(port), "-n", str(requests), "-c", "50", "-P", str(pipeline),
        "-r", str(listed * 33), "-q", "SISMEMBER", "listed", "86__rand_int__",
    ]  # fmt: skip
    return outputs.redis_benchmark(run(command, core=GENERATOR_CORE, seconds=4 * _GRACE))
