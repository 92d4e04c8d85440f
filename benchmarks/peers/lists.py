"""Lists: a set in Redis or Valkey, queried over the network by every request."""

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.peers import generators, paired_runs, processes
from benchmarks.peers.bench import Bench, debian_version
from benchmarks.peers.outputs import Load
from benchmarks.peers.paired_runs import About, Contestant
from benchmarks.peers.processes import Server
from benchmarks.peers.table import Row

_PROGRAMS = {
    "Redis": ("redis-server", "redis-benchmark"),
    "Valkey": ("valkey-server", "valkey-benchmark"),
}
_PIPELINE = 256
_CHUNK = 10_000
_NOT_EQUAL = (
    "A member of a set or not is all the peer says: no expiry, source or action of an entry, no "
    "ranges of numbers, no model, no hit; whoever asks must still decide. The client of a set must "
    "be asked for the callee too. Pipelining needs a client that collects requests, as our batch "
    "does. redis-benchmark asks for random members, 3 % of them in the set; h2load repeats "
    "four messages. The protocol is a few bytes where ours is a gRPC message with a row of fields."
)

_NO_CROWDSEC = (
    "its Debian package (1.4.6) registers with its vendor's service while it is installed, and "
    "does not install where that cannot be reached; no load is sent through a half-installed one"
)


def compare(bench: Bench) -> list[Row]:
    """Compare with both servers, per request and pipelined."""
    rows = [row for peer in _PROGRAMS for row in _against(bench, peer)]
    return rows + paired_runs.missing(_about(bench, "CrowdSec", "crowdsec"), _NO_CROWDSEC)


def _against(bench: Bench, peer: str) -> list[Row]:
    server_program, client_program = _PROGRAMS[peer]
    single = _about(bench, f"{peer} SISMEMBER", server_program)
    pipelined = _about(bench, f"{peer} SISMEMBER, pipelined {_PIPELINE}", server_program)
    if not (shutil.which(server_program) and shutil.which(client_program)):
        return paired_runs.missing(single, f"{server_program} is not installed")
    return paired_runs.guarded(single, lambda: _measured(bench, peer, single, pipelined))


def _measured(bench: Bench, peer: str, single: About, pipelined: About) -> list[Row]:
    server_program, client_program = _PROGRAMS[peer]
    with _running(bench, server_program) as (server, port):
        # Twelve digits after the country code, since that is what redis-benchmark's counter has.
        fill(port, [b"86%012d" % row for row in range(bench.work.listed)])

        def way(name: str, pipeline: int, requests: int) -> Contestant:
            def load() -> Load:
                return generators.redis_benchmark(
                    client_program,
                    port,
                    listed=bench.work.listed,
                    pipeline=pipeline,
                    requests=requests * bench.seconds,
                )

            return Contestant(name=name, load=load, server=server)

        one, many = bench.ways("call")
        theirs = [way(single.peer, 1, 50_000), way(pipelined.peer, _PIPELINE, 1_000_000)]
        figures = paired_runs.in_turn([*theirs, one, many], bench.repeats)
    return [
        *paired_runs.rows(single, figures, [one.name]),
        *paired_runs.rows(pipelined, figures, [many.name]),
    ]


def _about(bench: Bench, peer: str, package: str) -> About:
    return About(
        channel="list",
        peer=peer,
        version=debian_version(package),
        work=f"one number looked up among {bench.work.listed:,}; 3 % listed",
        generator="redis-benchmark, 50 connections; h2load for us",
        not_equal=_NOT_EQUAL,
    )


@contextmanager
def _running(bench: Bench, program: str) -> Iterator[tuple[Server, int]]:
    port = processes.free_port()
    command = [
        program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
        "--dir", str(bench.work.folder),
    ]  # fmt: skip
    log = bench.work.folder / f"{program}.log"
    with Server(command, log=log, ready=lambda: processes.accepts(port)) as server:
        yield server, port


def fill(port: int, members: list[bytes]) -> None:
    """Put *members* into the set ``listed``."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        answers = connection.makefile("rb")
        for start in range(0, len(members), _CHUNK):
            chunk = members[start : start + _CHUNK]
            words = [b"SADD", b"listed", *chunk]
            written = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
            connection.sendall(b"*%d\r\n%s" % (len(words), written))
            answer = answers.readline()
            if answer != b":%d\r\n" % len(chunk):
                raise RuntimeError(f"SADD answered {answer!r}")
