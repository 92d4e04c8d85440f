"""Measures a peer and us alternately, so that a busy minute affects both."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from benchmarks.peers.outputs import Load
from benchmarks.peers.table import Row, ratio

logger = logging.getLogger(__name__)


class Measured(Protocol):
    """A server whose resource use can be measured."""

    def cpu_seconds(self) -> float: ...
    def memory_bytes(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One way to do the work."""

    name: str
    load: Callable[[], Load]
    """Runs the generator once."""
    rows: int = 1
    """Rows decided by each request."""
    server: Measured | None = None
    """None where the work is done in the measured process itself."""


@dataclass(slots=True, kw_only=True)
class Figures:
    """The results of the repeats."""

    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The texts of a comparison in the table."""

    channel: str
    peer: str
    version: str
    work: str
    generator: str
    not_equal: str


def in_turn(contestants: Sequence[Contestant], repeats: int) -> dict[str, Figures]:
    """Run all contestants one after the other, *repeats* times."""
    found = {contestant.name: Figures() for contestant in contestants}
    for _ in range(repeats):
        for contestant in contestants:
            _measure(contestant, found[contestant.name])
    return found


def rows(about: About, figures: Mapping[str, Figures], ours: Sequence[str]) -> list[Row]:
    """Compare the peer with each of our contestants."""
    peer = figures[about.peer]
    return [
        Row(
            channel=about.channel,
            peer=about.peer,
            version=about.version,
            work=about.work,
            ours=name,
            generator=about.generator,
            peer_rate=peer.rates,
            ours_rate=figures[name].rates,
            peer_cpu=peer.cpu,
            ours_cpu=figures[name].cpu,
            ratio=ratio(figures[name].rates, peer.rates),
            memory={
                who: known
                for who, known in (("peer", peer.memory), ("ours", figures[name].memory))
                if known
            },
            not_equal=about.not_equal,
        )
        for name in ours
    ]


def guarded(about: About, measure: Callable[[], list[Row]]) -> list[Row]:
    """Return what *measure* returns; the failure of a peer becomes its row and affects no other."""
    try:
        return measure()
    except Exception as error:
        logger.exception("%s", about.peer)
        return missing(about, f"{type(error).__name__}: {error}"[:400])


def missing(about: About, reason: str) -> list[Row]:
    """Return the row of a peer that could not be measured."""
    return [
        Row(
            channel=about.channel,
            peer=about.peer,
            version=about.version,
            work=about.work,
            ours="",
            generator=about.generator,
            not_equal=about.not_equal,
            missing_reason=reason,
        )
    ]


def _measure(contestant: Contestant, into: Figures) -> None:
    server = contestant.server
    began, used = time.monotonic(), server.cpu_seconds() if server else 0.0
    load = contestant.load()
    if load.failed:
        raise RuntimeError(f"{contestant.name}: {load.failed} of {load.done} failed")
    if not load.per_second:
        raise RuntimeError(f"{contestant.name}: nothing was done in time")
    into.rates.append(round(load.per_second * contestant.rows, 1))
    if server:
        into.cpu.append(round((server.cpu_seconds() - used) / (time.monotonic() - began), 3))
        into.memory = max(into.memory, server.memory_bytes())
