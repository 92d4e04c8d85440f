"""Calls: Kamailio as a redirect server with a hash table of the same numbers."""

import shutil
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.peers import generators, paired_runs, processes
from benchmarks.peers.bench import Bench, debian_version
from benchmarks.peers.outputs import Load
from benchmarks.peers.paired_runs import About, Contestant
from benchmarks.peers.processes import Server
from benchmarks.peers.table import Row

_NOT_EQUAL = (
    "Kamailio takes SIP over UDP itself: three packets a call, no connection, the answer on the "
    "wire. We are asked over gRPC by something that already speaks SIP, so the peer does more "
    "protocol. We do more deciding: both parties' numbers, ranges, protected numbers, caller's "
    "history, a model, a decision id, evidence and a hit in a stream; Kamailio does one look-up of "
    "the caller. SIPp walks through 20,000 calls and answers as a phone would; h2load repeats "
    "four prepared messages, so our one-a-request row always asks about four calls. SIPp is one "
    "thread and, see its server's share of the core, may be the limit."
)
_TABLE_READER = "lib*/**/kamailio/modules/db_sqlite.so"
"""Below /usr. Debian has it in a package of its own; without it Kamailio tells of a parse error."""


def compare(bench: Bench) -> list[Row]:
    """Compare calls."""
    about = About(
        channel="call",
        peer="Kamailio",
        version=debian_version("kamailio"),
        work=f"caller looked up in {bench.work.listed:,} numbers; 3 % listed, declined with 603",
        generator="SIPp, 64 open calls, UDP; h2load for us",
        not_equal=_NOT_EQUAL,
    )
    if not (shutil.which("kamailio") and shutil.which("sipp")):
        return paired_runs.missing(about, "kamailio or sipp is not installed")
    if not any(Path("/usr").glob(_TABLE_READER)):
        return paired_runs.missing(about, "kamailio-sqlite-modules is not installed")
    return paired_runs.guarded(about, lambda: _measured(bench, about))


def _measured(bench: Bench, about: About) -> list[Row]:
    lines = [f"{caller};{callee};" for caller, callee in bench.work.calls()]
    calls = bench.work.write("calls.csv", ["SEQUENTIAL", *lines])
    with _kamailio(bench) as (server, port):

        def load() -> Load:
            done = generators.sipp(port, calls, seconds=bench.seconds)
            if not done.answers.get("603"):
                raise RuntimeError("Kamailio declined nothing: its table is empty")
            return done

        peer = Contestant(name=about.peer, load=load, server=server)
        ours = bench.ways("call")
        figures = paired_runs.in_turn([peer, *ours], bench.repeats)
    return paired_runs.rows(about, figures, [one.name for one in ours])


@contextmanager
def _kamailio(bench: Bench) -> Iterator[tuple[Server, int]]:
    folder = bench.work.folder
    port = processes.free_port(socket.SOCK_DGRAM)
    database = folder / "kamailio.sqlite"
    _write(database, bench.work.numbers())
    text = (generators.CONF / "kamailio.cfg").read_text()
    file = folder / "kamailio.cfg"
    file.write_text(text.replace("PORT", str(port)).replace("DATABASE", str(database)))
    log = folder / "kamailio.log"
    # The table lies in shared memory; the rows pass through the private memory of one process.
    command = ["kamailio", "-f", str(file), "-m", "2048", "-M", "4096", "-DD", "-E"]
    with Server(command, log=log, ready=lambda: _answers(port)) as server:
        yield server, port


def _write(database: Path, numbers: list[int]) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("create table version (table_name text, table_version integer)")
        connection.execute("insert into version values ('htable', 2)")
        connection.execute(
            "create table htable (id integer primary key, key_name text, key_type integer,"
            " value_type integer, key_value text, expires integer)"
        )
        connection.executemany(
            "insert into htable (key_name, key_type, value_type, key_value, expires)"
            " values (?, 0, 1, '1', 0)",
            ((str(number),) for number in numbers),
        )


def _answers(port: int) -> bool:
    """Whether a SIP server answers a request; it binds before its table is loaded."""
    request = (
        "OPTIONS sip:ping@127.0.0.1 SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1;rport\r\n"
        f"From: <sip:ping@127.0.0.1>;tag=1\r\nTo: <sip:ping@127.0.0.1>\r\n"
        f"Call-ID: {time.time()}\r\n"
        "CSeq: 1 OPTIONS\r\nMax-Forwards: 1\r\nContent-Length: 0\r\n\r\n"
    )
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.settimeout(0.5)
        client.connect(("127.0.0.1", port))
        try:
            client.send(request.encode())
            return client.recv(2048).startswith(b"SIP/2.0")
        except OSError:
            return False
