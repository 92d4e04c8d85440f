"""Names: Unbound with the same names as a response policy zone."""

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

_NOT_EQUAL = (
    "Unbound answers DNS over UDP, a datagram each way, and knows names only: of a link's path it "
    "sees nothing. We are asked over gRPC for links that consist of a name, and score each with a "
    "model as well. After the first round Unbound answers names that are not listed from its "
    "cache, as it would in service; we keep no answers. dnsperf walks through 20,000 names, h2load "
    "repeats four messages. A refused name is NXDOMAIN there, and evidence with a hit here."
)
_ZONE = "$TTL 300\n@ SOA ns.example. host.example. 1 3600 600 86400 300\n@ NS ns.example.\n"
# A query for the name a., type A, whose answer, if any, shows that zones are loaded.
_PROBE = bytes.fromhex("abcd01000001000000000000") + b"\5ready\7example\0\0\1\0\1"


def compare(bench: Bench) -> list[Row]:
    """Compare look-ups of names."""
    about = About(
        channel="name",
        peer="Unbound",
        version=debian_version("unbound"),
        work=f"name looked up among {bench.work.listed:,}; 3 % listed",
        generator="dnsperf, 4 clients, 100 outstanding; h2load for us",
        not_equal=_NOT_EQUAL,
    )
    if not (shutil.which("unbound") and shutil.which("dnsperf")):
        return paired_runs.missing(about, "unbound or dnsperf is not installed")
    return paired_runs.guarded(about, lambda: _measured(bench, about))


def _measured(bench: Bench, about: About) -> list[Row]:
    queries = bench.work.write("names.txt", [f"{name} A" for name in bench.work.names()])
    with _unbound(bench) as (server, port):

        def load() -> Load:
            done = generators.dnsperf(port, queries, seconds=bench.seconds)
            if set(done.answers) != {"NOERROR", "NXDOMAIN"}:
                raise RuntimeError(f"Unbound answered {done.answers}")
            return done

        generators.dnsperf(port, queries, seconds=1)  # fills the cache
        ours = bench.ways("name")
        peer = Contestant(name=about.peer, load=load, server=server)
        figures = paired_runs.in_turn([peer, *ours], bench.repeats)
    return paired_runs.rows(about, figures, [one.name for one in ours])


@contextmanager
def _unbound(bench: Bench) -> Iterator[tuple[Server, int]]:
    folder = bench.work.folder / "unbound"
    folder.mkdir()
    port = processes.free_port(socket.SOCK_DGRAM)
    (folder / "example.zone").write_text("$ORIGIN example.\n" + _ZONE + "* A 192.0.2.1\n")
    listed = "".join(f"{host} CNAME .\n" for host in bench.work.hosts())
    (folder / "listed.zone").write_text("$ORIGIN listed.rpz.\n" + _ZONE + listed)
    text = (generators.CONF / "unbound.conf").read_text()
    file = folder / "unbound.conf"
    file.write_text(text.replace("PORT", str(port)).replace("FOLDER", str(folder)))
    command = [shutil.which("unbound") or "unbound", "-d", "-p", "-c", str(file)]
    with Server(command, log=folder / "log", ready=lambda: _answers(port)) as server:
        yield server, port


def _answers(port: int) -> bool:
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.settimeout(0.5)
        client.connect(("127.0.0.1", port))
        try:
            client.send(_PROBE)
            return len(client.recv(512)) > len(_PROBE)
        except OSError:
            return False
