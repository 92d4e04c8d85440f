"""A policy zone of many names: transfer, memory, seconds from a change to a blocked name.

    python -m benchmarks.adapters.dns --names 1000000 --changes 20 --packets 100000

The real service, the adapter, Unbound and BIND, all on loopback. Each change is one request to list
administration that is applied at once; its seconds end when the resolver first answers otherwise,
as seen by a question every 2 ms. Then the adapter is killed and started again, and gets damaged
messages over UDP and TCP. dnsperf (Debian: dnsperf), where it is installed, asks the resolvers
for unlisted names, with the zone and without it.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import machine
from fanzha.client.channels import blocking
from fanzha.v1 import blocklist_pb2 as lists_pb
from fanzha.v1 import blocklist_pb2_grpc
from tests.support.checkout import CHECKOUT
from tests.support.damaged_dns import damaged
from tests.support.external_servers import started
from tests.support.list_client import entry, update
from tests.support.policy_zone import SECRET, policy_zone
from tests.support.processes import FANZHA, LEAN, Running, fanzha_up
from tests.support.reserved_ports import reserved_port
from tests.support.resolvers import (
    FOUND,
    NAME_ERROR,
    address_of,
    bind,
    everything_exists,
    unbound,
)

IMPORT_SECONDS = 900
_PROBE_SECONDS = 0.002
_MOST_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Resolver:
    """A resolver at work."""

    name: str
    port: int
    process: int


class Table:
    """What was measured, line by line."""

    def __init__(self) -> None:
        self._lines = ["| what | value |", "| --- | --: |"]

    def add(self, what: str, value: str) -> None:
        """Add a line, and show it at once."""
        self._lines.append(f"| {what} | {value} |")
        sys.stderr.write(f"{what}: {value}\n")

    def __str__(self) -> str:
        return "\n".join([json.dumps(machine.describe()), "", *self._lines, ""])


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--names", type=int, default=1_000_000, help="listed at first")
    parser.add_argument("--changes", type=int, default=20)
    parser.add_argument("--packets", type=int, default=100_000, help="damaged messages")
    options = parser.parse_args()
    table = Table()
    with TemporaryDirectory(prefix="fanzha-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        service = stack.enter_context(fanzha_up(folder, workers=1, **LEAN))
        import_names(service, folder, options.names, table)
        measure(service, folder, stack, options, table)
    sys.stdout.write(str(table))
    return 0


def import_names(service: Running, folder: Path, names: int, table: Table) -> None:
    """Import names as an operator would."""
    file = folder / "names.txt"
    with file.open("w") as lines:
        lines.writelines(f"{listed(number)}\n" for number in range(names))
    command = [
        *FANZHA, "blocklist", "import", str(file), "--format", "domains", "--source", "province",
        "--reason", "load test", "--expires", "365d", "--target", service.admin,
    ]  # fmt: skip
    begun = time.monotonic()
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, timeout=IMPORT_SECONDS)
    table.add(f"import of {names:,} names", f"{time.monotonic() - begun:.1f} s")


def listed(number: int) -> str:
    """Return a listed name: a thousand of each domain are hosts of one registration."""
    return f"n{number:07}.evil{number % 997}.example"


class Site:
    """The service, the zone, resolvers with it and resolvers without."""

    def __init__(self, service: Running, folder: Path, stack: ExitStack, table: Table) -> None:
        self._service = service
        self._folder = folder
        self._stack = stack
        self._table = table
        self._ports = {"Unbound": reserved_port(), "BIND": reserved_port()}
        self._upstream = stack.enter_context(everything_exists())
        self.zone_port, self.metrics = reserved_port(), reserved_port()
        (folder / "keys").write_text(f"edge {SECRET}\n")
        others = {name: reserved_port() for name in self._ports}
        without = _resolvers(folder / "without", stack, others, self._upstream, None)
        self.without = {one.name: one for one in without}
        self.resolvers: list[Resolver] = []
        self.process = 0

    def start_zone(self, what: str, names: int) -> None:
        """Start the adapter, and wait until the zone has all names."""
        settings = {
            "listen": f"127.0.0.1:{self.zone_port}",
            "metrics_listen": f"127.0.0.1:{self.metrics}",
            "tsig_keys_file": str(self._folder / "keys"),
            "notify": f"127.0.0.1:{self._ports['Unbound']},127.0.0.1:{self._ports['BIND']}#edge",
        }
        begun = time.monotonic()
        zone = policy_zone(self._folder / "dns", self._service.admin, **settings)
        _, self.process = self._stack.enter_context(zone)
        wait_until(lambda: gauge(self.metrics, "fanzha_dns_zone_names") >= names)
        self._table.add(what, f"{time.monotonic() - begun:.1f} s")
        self._table.add("adapter: memory", megabytes(self.process))

    def start_secondaries(self, last: str) -> None:
        """Start the resolvers one by one, and wait until each has the last name."""
        place = self._folder / "with"
        started_ones = _resolvers(place, self._stack, self._ports, self._upstream, self.zone_port)
        for one in started_ones:
            begun = time.monotonic()
            wait_until(lambda port=one.port: address_of(port, last) == NAME_ERROR)  # type: ignore[misc]
            self._table.add(f"{one.name}: whole transfer", f"{time.monotonic() - begun:.1f} s")
            memory = f"{megabytes(self.without[one.name].process)}, {megabytes(one.process)}"
            self._table.add(f"{one.name}: memory, without and with the zone", memory)
            self.resolvers.append(one)
        self._table.add("adapter: memory after both transfers", megabytes(self.process))

    def compare_load(self) -> None:
        """Ask both kinds of resolvers for unlisted names."""
        for one in self.resolvers:
            plain = queries_per_second(self.without[one.name], self._folder)
            now = queries_per_second(one, self._folder)
            if now and plain:
                what = f"{one.name}: unlisted names/s with and without the zone"
                self._table.add(what, f"{now:,.0f}, {plain:,.0f} ({now / plain:.2f})")


def measure(
    service: Running, folder: Path, stack: ExitStack, options: argparse.Namespace, table: Table
) -> None:
    """Run the zone and its secondaries, and measure what is promised of them."""
    site = Site(service, folder, stack, table)
    site.start_zone("adapter: from its start to the zone", options.names)
    site.start_secondaries(listed(options.names - 1))
    changes(service, site.resolvers, options.changes, table)
    site.compare_load()
    os.kill(site.process, signal.SIGKILL)
    site.start_zone("adapter: from its start after a kill to the zone", options.names)
    changes(service, site.resolvers, 3, table, " after a restart")
    table.add("answers to secondaries after the restart", answers(site.metrics))
    fuzz(site.process, site.zone_port, options.packets, table)


def _resolvers(
    folder: Path, stack: ExitStack, ports: dict[str, int], upstream: int, zone: int | None
) -> Iterator[Resolver]:
    """Start resolvers one by one, with our zone or an empty one."""
    empty = folder / "empty.zone"
    folder.mkdir()
    empty.write_text("$TTL 60\n@ SOA localhost. h.localhost. 1 60 60 60 60\n@ NS localhost.\n")
    policies: dict[str, tuple[Callable[..., list[str]], tuple[str, ...]]]
    if zone is None:
        policies = {
            "Unbound": (unbound, (f'zonefile: "{empty}"',)),
            "BIND": (bind, (f'type primary; file "{empty}";',)),
        }
    else:
        key = f'key "edge" {{ algorithm hmac-sha256; secret "{SECRET}"; }};'
        primaries = f'type secondary; primaries {{ 127.0.0.1 port {zone} key "edge"; }};'
        policies = {
            "Unbound": (unbound, (f"primary: 127.0.0.1@{zone}\n    allow-notify: 127.0.0.1",)),
            "BIND": (bind, (f'{primaries} file "rpz.db";', key)),
        }
    for name, (configure, policy) in policies.items():
        own = folder / name
        own.mkdir()
        command = configure(own, ports[name], upstream, *policy)
        ready = partial(lambda port: address_of(port, "ready.example") == FOUND, ports[name])
        process = stack.enter_context(started(command, own, ready))
        yield Resolver(name, ports[name], process.pid)


def changes(
    service: Running, resolvers: list[Resolver], count: int, table: Table, when: str = ""
) -> None:
    """Block and lift names, one after the other."""
    seconds: dict[tuple[str, str], list[float]] = {}
    with blocking(service.admin) as channel:
        stub: Any = blocklist_pb2_grpc.BlocklistServiceStub(channel)
        for number in range(count):
            name = f"changed{number}.{len(when)}.example"
            for what, code in (("blocked", NAME_ERROR), ("lifted", FOUND)):
                if code == NAME_ERROR:
                    update(stub, entry(name), replace=True)
                else:
                    update(stub, removals=[lists_pb.EntryRef(pattern=name)])
                begun = time.monotonic()
                waiting = {one.name: one.port for one in resolvers}
                while waiting and time.monotonic() - begun < _MOST_SECONDS:
                    for resolver, port in list(waiting.items()):
                        if address_of(port, name) == code:
                            passed = time.monotonic() - begun
                            seconds.setdefault((resolver, what), []).append(passed)
                            del waiting[resolver]
                    time.sleep(_PROBE_SECONDS)
    for (resolver, what), taken in sorted(seconds.items()):
        spread = f"{statistics.median(taken):.2f} s, {max(taken):.2f} s"
        table.add(f"{resolver}: {what}{when} after a change, median and longest", spread)


def fuzz(process: int, port: int, packets: int, table: Table) -> None:
    """Send damaged messages over UDP, and every tenth over TCP; the adapter must serve on."""
    random = Random(7)
    before = megabytes(process)
    answered = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", port))
        client.settimeout(0.02)
        for number, wire in enumerate(damaged(random, packets)):
            if number % 10 == 0:
                answered += stream_answered(port, wire)
                continue
            client.send(wire)
            if number % 50 == 1:  # the queue of the socket must not drop the rest
                answered += drained(client)
    table.add(f"{packets:,} damaged messages: answers read", f"{answered:,}")
    table.add("adapter: memory before and after them", f"{before}, {megabytes(process)}")
    serves = subprocess_alive(process) and address_is_served(port)
    table.add("adapter: serves after them", "yes" if serves else "NO")


def drained(client: socket.socket) -> int:
    """Count the answers that wait."""
    count = 0
    while True:
        try:
            client.recv(65535)
        except (TimeoutError, ConnectionRefusedError):
            return count
        count += 1


def stream_answered(port: int, wire: bytes) -> int:
    """Send one message over a connection of its own, and end it."""
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as client:
            client.sendall(len(wire).to_bytes(2, "big") + wire)
            client.shutdown(socket.SHUT_WR)
            client.settimeout(2)
            return bool(client.recv(2))
    except OSError:
        return 0


def address_is_served(port: int) -> bool:
    """Return whether the zone has a start of authority."""
    query = b"\0\7\1\0\0\1\0\0\0\0\0\0\3rpz\6fanzha\0\0\6\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.sendto(query, ("127.0.0.1", port))
        answer = client.recv(512)
    return answer[3] & 15 == 0


def queries_per_second(resolver: Resolver, folder: Path) -> float:
    """Ask for unlisted names with dnsperf for three seconds; 0 where it is not installed."""
    found = shutil.which("dnsperf")
    if found is None:
        return 0.0
    questions = folder / "questions"
    questions.write_text("".join(f"ok{number % 5000}.example A\n" for number in range(20_000)))
    command = [found, "-s", "127.0.0.1", "-p", str(resolver.port), "-d", str(questions)]
    done = subprocess.run(
        [*command, "-l", "3", "-c", "4"], capture_output=True, text=True, check=True, timeout=60
    )
    match = re.search(r"Queries per second:\s+([0-9.]+)", done.stdout)
    return float(match[1]) if match else 0.0


def answers(metrics: int) -> str:
    """Return how many answers of each kind secondaries got."""
    page = metrics_page(metrics)
    found = re.findall(r'fanzha_dns_answers_total\{kind="(\w+)"\} ([0-9.]+)', page)
    return ", ".join(f"{kind} {float(count):.0f}" for kind, count in found)


def gauge(metrics: int, name: str) -> float:
    """Return the value of a gauge of the adapter; -1 where there is none yet."""
    match = re.search(rf"^{name} (\S+)$", metrics_page(metrics), re.MULTILINE)
    return float(match[1]) if match else -1.0


def metrics_page(port: int) -> str:
    """Return the metrics of the adapter."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        page: str = answer.read().decode()
    return page


def megabytes(process: int) -> str:
    """Return the memory of a process, in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    match = re.search(r"VmRSS:\s+(\d+)", status)
    return f"{int(match[1]) / 1024:,.0f} MB" if match else "?"


def subprocess_alive(process: int) -> bool:
    """Return whether a process runs."""
    return Path(f"/proc/{process}/status").exists()


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait, ten minutes at most."""
    until = time.monotonic() + _MOST_SECONDS
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError("it does not come to pass")
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
