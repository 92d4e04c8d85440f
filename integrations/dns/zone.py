"""The policy zone: its names at a serial, and the changes that led there, for IXFR.

A serial is the version of the lists at which the zone last changed. An entry that ends changes the
zone without a version of its own, and takes the next serial.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from fanzha.edge.entry import NEVER, EdgeEntry, EdgeKind
from fanzha.edge.sorted_lines import SortedLines
from integrations.dns import serials
from integrations.dns.names import PolicyNames, ZoneDelta, delta
from integrations.dns.policies import NamePolicy, PolicyRules

MOST_EDITS = 20_000
"""Names of a change up to which its records are worked out; beyond, the zone begins anew."""
HORIZON_SECONDS = 3600.0
"""Entries that end within this time are kept in order of their ends."""


@dataclass(frozen=True, slots=True)
class ZoneVersion:
    """What the zone holds at a serial; never changed, so a transfer may take its time."""

    serial: int
    names: PolicyNames


@dataclass(frozen=True, slots=True)
class ZoneStep:
    """From one serial to the next."""

    from_serial: int
    to_serial: int
    changes: ZoneDelta

    @property
    def size(self) -> int:
        """Number of changed records."""
        return len(self.changes.removed) + len(self.changes.added)


class PolicyZone:
    """Follows a copy of the lists."""

    def __init__(self, rules: PolicyRules, *, journal_records: int) -> None:
        self._rules = rules
        self._journal_records = journal_records
        self._steps: tuple[ZoneStep, ...] = ()
        # Replaced whole: transfers read it in other threads.
        self._step_records = 0
        self._hosts = SortedLines()
        self._ends: list[tuple[int, str]] = []
        self._ends_known_until = 0.0
        self.current: ZoneVersion | None = None
        """None until there is a copy."""

    def begin(self, hosts: SortedLines, serial: int, now_s: float) -> None:
        """Make the zone from all lines of hosts, at a serial; steps before it are forgotten."""
        policies = (
            (name, policy)
            for name, lines in _by_name(hosts)
            if (policy := self._rules.policy(name, lines, now_s)) is not None
        )
        names = PolicyNames.of(policies)
        self._hosts = hosts
        self._steps = ()
        self._step_records = 0
        self._plan_ends(now_s)
        self.current = ZoneVersion(serial, names)

    def advance(
        self, hosts: SortedLines, touched: Iterable[str], version: int, now_s: float
    ) -> bool:
        """Take over lines of which those about the names *touched* changed, or ended.

        Return whether that changed the zone.
        """
        if self.current is None:
            raise RuntimeError("the zone has not begun")
        self._hosts = hosts
        before = self.current.names
        edits: dict[str, NamePolicy | None] = {}
        for name in dict.fromkeys(touched):
            lines = list(hosts.beginning_with(f"{EdgeKind.HOST}\t{name}\t".encode()))
            policy = self._rules.policy(name, lines, now_s)
            if policy != before.get(name):
                edits[name] = policy
            self._remember_ends(name, lines, now_s)
        if not edits:
            return False
        after = before.changed(edits)
        serial = serials.after(self.current.serial, version)
        step = ZoneStep(self.current.serial, serial, delta(before, after, edits))
        self._append(step)
        self.current = ZoneVersion(serial, after)
        return True

    def ended(self, now_s: float) -> list[str]:
        """Return the names of entries that ended since this was last asked."""
        if now_s > self._ends_known_until - HORIZON_SECONDS / 2:
            # What ended meanwhile is found again; asking for its policy twice does no harm.
            ended = [name for end, name in self._ends if end <= now_s]
            self._plan_ends(now_s)
            return ended
        ended = []
        while self._ends and self._ends[0][0] <= now_s:
            ended.append(heapq.heappop(self._ends)[1])
        return ended

    def steps_since(self, serial: int) -> Sequence[ZoneStep] | None:
        """Return the steps from a serial to the current; None where they are not known."""
        steps = self._steps
        for at, step in enumerate(steps):
            if step.from_serial == serial:
                return steps[at:]
        return None

    def _append(self, step: ZoneStep) -> None:
        steps, first = (*self._steps, step), 0
        self._step_records += step.size
        while first < len(steps) and self._step_records > self._journal_records:
            self._step_records -= steps[first].size
            first += 1
        self._steps = steps[first:]

    def _plan_ends(self, now_s: float) -> None:
        self._ends_known_until = now_s + HORIZON_SECONDS
        self._ends = []
        for name, lines in _by_name(self._hosts):
            self._remember_ends(name, lines, now_s)

    def _remember_ends(self, name: str, lines: list[bytes], now_s: float) -> None:
        for line in lines:
            end = EdgeEntry.read(line).expires_s
            if end != NEVER and now_s < end <= self._ends_known_until:
                heapq.heappush(self._ends, (end, name))


def names_in(keys: Iterable[bytes]) -> list[str]:
    """Return the hosts that keys of lines name."""
    return [key.split(b"\t")[1].decode() for key in keys if key.startswith(b"host\t")]


def _by_name(hosts: SortedLines) -> Iterator[tuple[str, list[bytes]]]:
    for pattern, lines in groupby(hosts, lambda line: line.split(b"\t", 2)[1]):
        yield pattern.decode(), list(lines)
