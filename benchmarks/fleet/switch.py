"""A network switch as a program: carries packets between hosts, late or not at all where told so.

``python -m benchmarks.fleet.switch PORTS``, started by `benchmarks.fleet.network`. Each host has a
TUN device, whose other end is a descriptor of this process; *PORTS* is JSON, from the address of a
host to its descriptor. Each line of standard input is JSON, too: the conditions of the network from
then on, a list of ``[source, destination, delay in seconds, share lost]``; other pairs are perfect.
A share of 1 is a cut cable. It is answered with an empty line once it holds.

Kernels of small virtual machines and containers often lack netem; this needs TUN only, and which
packets are lost follows from a seed.
"""

import heapq
import itertools
import json
import os
import random
import selectors
import sys
import time
from contextlib import suppress
from ipaddress import IPv4Address

_MOST_BYTES = 2**16
_BATCH = 64
"""Packets read from one host before the next has its turn."""
_SEED = 7


def main() -> None:
    """Carry packets until standard input ends."""
    ports = {IPv4Address(one).packed: port for one, port in json.loads(sys.argv[1]).items()}
    Switch(ports).run()


class Switch:
    """Carries packets between the descriptors of TUN devices."""

    def __init__(self, ports: dict[bytes, int]) -> None:
        self._ports = ports
        self._conditions: dict[tuple[bytes, bytes], tuple[float, float]] = {}
        self._late: list[tuple[float, int, int, bytes]] = []
        """Packets on their way: when they arrive, their number, the port, their bytes."""
        self._number = itertools.count()
        self._chance = random.Random(_SEED)

    def run(self) -> None:
        """Carry packets until standard input ends."""
        waiting = selectors.DefaultSelector()
        waiting.register(sys.stdin.fileno(), selectors.EVENT_READ)
        for source, port in self._ports.items():
            os.set_blocking(port, False)
            waiting.register(port, selectors.EVENT_READ, source)
        while True:
            ready = {key.fd: key.data for key, _ in waiting.select(self._patience())}
            told = sys.stdin.fileno() in ready
            # Packets first: those that were sent before the new conditions go by the old ones.
            for port, source in ready.items():
                if source is not None:
                    self._forward(source, port)
            if told and not self._told():
                return
            self._deliver()

    def _patience(self) -> float | None:
        return max(0.0, self._late[0][0] - time.monotonic()) if self._late else None

    def _told(self) -> bool:
        line = sys.stdin.buffer.readline()
        if not line:
            return False
        self._conditions = {
            (IPv4Address(source).packed, IPv4Address(to).packed): (delay, lost)
            for source, to, delay, lost in json.loads(line)
        }
        sys.stdout.write("\n")
        sys.stdout.flush()
        return True

    def _forward(self, source: bytes, port: int) -> None:
        for _ in range(_BATCH):
            try:
                packet = os.read(port, _MOST_BYTES)
            except OSError:
                return
            to = packet[16:20]
            if packet[0] >> 4 != 4 or to not in self._ports:
                continue
            delay, lost = self._conditions.get((source, to), (0.0, 0.0))
            if lost and (lost >= 1 or self._chance.random() < lost):
                continue
            if delay:
                late = (time.monotonic() + delay, next(self._number), self._ports[to], packet)
                heapq.heappush(self._late, late)
            else:
                _write(self._ports[to], packet)

    def _deliver(self) -> None:
        now = time.monotonic()
        while self._late and self._late[0][0] <= now:
            _, _, port, packet = heapq.heappop(self._late)
            _write(port, packet)


def _write(port: int, packet: bytes) -> None:
    # A full queue of the host drops it, as a real one does.
    with suppress(OSError):
        os.write(port, packet)


if __name__ == "__main__":
    main()
