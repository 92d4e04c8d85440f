"""Ports for servers that cannot be told to take any free one.

A port that is found free and given back may be gone when the server binds it: the system hands it
to the next connection of any process. So ports here are below those that connections get, and
below those that `EmbeddedValkey` draws from; one that was given out stays reserved among the
processes of tests while its process lives.
"""

import random
import socket
from pathlib import Path

_LOWEST, _END = 10_000, 20_000
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_reservations = list[socket.socket]()


def reserved_port() -> int:
    """Return a port of 127.0.0.1 that is free for TCP and UDP, and is given out once."""
    # Tests seed the generator of the module, and all processes would begin alike.
    chance = random.SystemRandom()
    while True:
        port = chance.randrange(_LOWEST, _end())
        if _reserve(port) and _is_free(port):
            return port


def _reserve(port: int) -> bool:
    # A name in the abstract namespace has one owner, and goes with its process.
    reservation = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        reservation.bind(f"\0fanzha-tests-port-{port}")
    except OSError:
        reservation.close()
        return False
    _reservations.append(reservation)
    return True


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            udp.bind(("127.0.0.1", port))
            tcp.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _end() -> int:
    if not _RANGE.exists():
        return _END
    # Where connections get nearly all ports, some are left that a server may have.
    return min(max(int(_RANGE.read_text().split()[0]), _LOWEST + 1_000), _END)
