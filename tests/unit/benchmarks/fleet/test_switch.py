"""The switch carries packets as it is told: at once, late, or not at all."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

import pytest

from benchmarks.fleet import switch

PATIENCE_SECONDS = 120.0
ONE, OTHER, THIRD = "198.51.100.1", "198.51.100.2", "198.51.100.3"


@dataclass(frozen=True, slots=True)
class Wires:
    """A running switch, and the other ends of its ports."""

    ends: dict[str, socket.socket]
    process: Any

    def hold(self, *conditions: tuple[str, str, float, float]) -> None:
        self.process.stdin.write(json.dumps(conditions) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "\n"

    def send(self, source: str, to: str, words: bytes) -> None:
        self.ends[source].send(packet(source, to) + words)

    def next_words(self, at: str) -> bytes:
        return self.ends[at].recv(2**16)[20:]


def packet(source: str, to: str) -> bytes:
    """Return the head of an IPv4 packet, as far as a switch reads it."""
    return b"\x45" + bytes(11) + IPv4Address(source).packed + IPv4Address(to).packed


@contextmanager
def running_switch() -> Iterator[Wires]:
    pairs = {
        address: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for address in (ONE, OTHER, THIRD)
    }
    ports = {address: inner.fileno() for address, (inner, _) in pairs.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", switch.__name__, json.dumps(ports)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, pass_fds=list(ports.values()),
    )  # fmt: skip
    try:
        for inner, outer in pairs.values():
            inner.close()
            outer.settimeout(PATIENCE_SECONDS)
        yield Wires({address: outer for address, (_, outer) in pairs.items()}, process)
    finally:
        for _, outer in pairs.values():
            outer.close()
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def wires() -> Iterator[Wires]:
    with running_switch() as running:
        yield running


def test_packets_go_to_whom_they_name(wires: Wires) -> None:
    wires.hold()

    wires.send(ONE, OTHER, b"to the other")
    wires.send(ONE, THIRD, b"to the third")

    assert wires.next_words(OTHER) == b"to the other"
    assert wires.next_words(THIRD) == b"to the third"


def test_a_cut_cable_carries_nothing_one_way_and_the_rest_as_before(wires: Wires) -> None:
    wires.hold((ONE, OTHER, 0.0, 1.0))
    wires.send(ONE, OTHER, b"lost")
    wires.send(OTHER, ONE, b"back")
    assert wires.next_words(ONE) == b"back"

    wires.hold()
    wires.send(ONE, OTHER, b"healed")

    assert wires.next_words(OTHER) == b"healed"


def test_late_packets_arrive_after_those_that_are_not_late(wires: Wires) -> None:
    # So late that a busy machine has sent the other one meanwhile.
    wires.hold((ONE, OTHER, 3.0, 0.0))
    wires.send(ONE, OTHER, b"late")
    wires.hold()
    wires.send(ONE, OTHER, b"at once")

    assert [wires.next_words(OTHER), wires.next_words(OTHER)] == [b"at once", b"late"]


def test_of_many_packets_the_share_is_lost_and_none_twice(wires: Wires) -> None:
    wires.hold((ONE, OTHER, 0.0, 0.2))
    came = []
    for number in range(1000):
        wires.send(ONE, OTHER, b"%d" % number)
        # The next is sent once this one has come or not, so that no queue is full.
        wires.send(ONE, THIRD, b"next")
        assert wires.next_words(THIRD) == b"next"
        wires.send(THIRD, OTHER, b"end")
        came += list(iter(lambda: wires.next_words(OTHER), b"end"))

    assert len(set(came)) == len(came)
    assert 100 < 1000 - len(came) < 300


def test_what_is_no_packet_for_a_known_address_is_dropped(wires: Wires) -> None:
    wires.hold()
    wires.ends[ONE].send(b"\x60" + bytes(60))
    wires.ends[ONE].send(packet(ONE, "203.0.113.9") + b"nobody")

    wires.send(ONE, OTHER, b"known")

    assert wires.next_words(OTHER) == b"known"
    assert os.getpgid(wires.process.pid)
