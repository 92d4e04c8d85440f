"""Real resolvers with a response policy zone, and what they say about a name."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.external_servers import datagram_reply, program, unconfined

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


def unbound(folder: Path, port: int, upstream: int, policy: str) -> list[str]:
    """Configure Unbound, with what *policy* says about the zone; return its command."""
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
    {policy}
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@{upstream}
""")
    return [unconfined(program("unbound", package="unbound"), folder), "-d", "-p", "-c", str(file)]


def bind(folder: Path, port: int, upstream: int, policy: str, keys: str = "") -> list[str]:
    """Configure BIND likewise."""
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
    response-policy {{ zone "rpz.fanzha"; }} qname-wait-recurse no min-update-interval 0;
}};
controls {{ }};
{keys}
zone "rpz.fanzha" {{ {policy} }};
""")
    return [unconfined(program("named", package="bind9"), folder), "-g", "-n", "1", "-c", str(file)]
