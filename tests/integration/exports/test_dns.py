"""The response policy zone, read by a real Unbound and a real BIND."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from blocklists.entries import EntryKind
from tests.support.builders import NINE_O_CLOCK_MS
from tests.support.external_servers import (
    datagram_reply,
    program,
    started,
    unconfined,
)
from tests.support.list_admin import administering
from tests.support.processes import run
from tests.support.reserved_ports import reserved_port
from tests.support.unguarded_lists import (
    EVIL_NAMES,
    MISSPELLED_NAMES,
    allowed,
    blocked,
    plant,
    quarantined,
)

BLOCKED = [
    "bank.example", "BANK.example", "www.bank.example", "a.b.c.bank.example",
    "deep.bank.example", "x.deep.bank.example",              # between a listed and an allowed name
    "shop.example", "b.shop.example", "x.b.shop.example", "a.b.shop.example", "y.a.b.shop.example",
    "xn--fiqs8s.example", "www.xn--fiqs8s.example",
    "amazonaws.com",
]  # fmt: skip
LET_THROUGH = [
    "ok.deep.bank.example", "www.ok.deep.bank.example", "notbank.example", "example",
    "gov.cn", "www.gov.cn", "beijing.gov.cn", "x.www.gov.cn", "com.cn", "a.com.cn", "localhost",
    "bucket.s3.amazonaws.com", "s3.amazonaws.com",           # of others, below a listed name
    "over.example",
]  # fmt: skip
NAME_ERROR, FOUND = 3, 0


def address_of(port: int, name: str) -> int:
    """Ask for the address of a name; return the code of the answer, or -1 where none comes."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    question = labels + b"\0" + struct.pack(">HH", 1, 1)
    answer = datagram_reply(port, struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + question)
    return answer[3] & 15 if answer else -1


@contextmanager
def everything_exists() -> Iterator[int]:
    """Answer every question of a resolver with an address; give the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        stop = threading.Event()

        def serve() -> None:
            while True:
                query, client = server.recvfrom(4096)
                if stop.is_set():
                    return
                end = 12
                while query[end]:
                    end += query[end] + 1
                answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + bytes((192, 0, 2, 1))
                header = query[:2] + struct.pack(">5H", 0x8580, 1, 1, 0, 0)
                server.sendto(header + query[12 : end + 5] + answer, client)

        thread = threading.Thread(target=serve)
        thread.start()
        port = server.getsockname()[1]
        try:
            yield port
        finally:
            stop.set()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
                knock.sendto(b"stop", ("127.0.0.1", port))
            thread.join()


def unbound(folder: Path, port: int, upstream: int, zone: Path) -> list[str]:
    """Configure Unbound; return the command that runs it."""
    file = folder / "unbound.conf"
    file.write_text(f"""\
server:
    interface: 127.0.0.1
    port: {port}
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: "{folder}/unbound.pid"
    use-syslog: no
    module-config: "respip iterator"
    do-not-query-localhost: no
remote-control:
    control-enable: no
rpz:
    name: rpz.fanzha
    zonefile: "{zone}"
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@{upstream}
""")
    return [unconfined(program("unbound", package="unbound"), folder), "-d", "-p", "-c", str(file)]


def bind(folder: Path, port: int, upstream: int, zone: Path) -> list[str]:
    """Configure BIND; return the command that runs it."""
    file = folder / "named.conf"
    file.write_text(f"""\
options {{
    directory "{folder}";
    managed-keys-directory "{folder}";
    pid-file none;
    session-keyfile none;
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    forwarders port {upstream} {{ 127.0.0.1; }};
    forward only;
    qname-minimization off;
    dnssec-validation no;
    response-policy {{ zone "rpz.fanzha"; }} qname-wait-recurse no;
}};
controls {{ }};
zone "rpz.fanzha" {{ type primary; file "{zone}"; }};
""")
    return [unconfined(program("named", package="bind9"), folder), "-g", "-n", "1", "-c", str(file)]


Configure = Callable[[Path, int, int, Path], list[str]]
SERVERS = {"unbound": "unbound", "named": "bind9"}


@pytest.fixture(params=SERVERS)
def configure(request: pytest.FixtureRequest) -> Configure:
    program(request.param, package=SERVERS[request.param])
    return {"unbound": unbound, "named": bind}[request.param]


@pytest.fixture
def target(configure: Configure, redis_url: str, tmp_path: Path) -> Iterator[str]:
    with administering(redis_url, tmp_path / "lists", lambda: NINE_O_CLOCK_MS) as target:
        yield target


def test_exactly_listed_names_and_their_subdomains_are_nxdomain(
    configure: Configure, target: str, redis_url: str, tmp_path: Path
) -> None:
    plant(
        redis_url,
        [
            *blocked("bank.example", "shop.example", "a.b.shop.example", "amazonaws.com"),
            *blocked("xn--fiqs8s.example", "over.example"),
            *blocked("x.example CNAME .\n*.example", "*.cn", kind=EntryKind.HOST),
            *blocked(*EVIL_NAMES, *MISSPELLED_NAMES, kind=EntryKind.HOST),
            *allowed("ok.deep.bank.example", "over.example"),
        ],
    )
    zone, port = tmp_path / "rpz.zone", reserved_port()

    done = run("blocklist", "export", "--format", "rpz", "--out", str(zone), "--target", target)

    with everything_exists() as upstream:
        command = configure(tmp_path, port, upstream, zone)
        with started(command, tmp_path, lambda: address_of(port, "ready.example") == FOUND):
            codes = {name: address_of(port, name) for name in (*BLOCKED, *LET_THROUGH)}
    assert codes == dict.fromkeys(BLOCKED, NAME_ERROR) | dict.fromkeys(LET_THROUGH, FOUND)
    # The list follower dropped names in canonical form before any export; the export's own guard
    # is left with the misspelled ones and with ``*.cn``.
    assert "3 that name or cover what nothing may block left out" in done.stderr
    assert quarantined(target) == [("guarded", len(EVIL_NAMES))]
    assert "1 with patterns that the format cannot hold left out" in done.stderr
    assert "1 of these without the names below" in done.stderr
