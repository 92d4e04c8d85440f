"""The names of a policy zone, sorted by their labels from the right, and their records.

A name's records follow from the list alone: those of its entry; or, between a listed name and one
listed above it, those of the upper one (`fanzha.edge.policy_records`). So what a change does to a
zone follows from the records of few names, before and after.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from fanzha.edge.policy_records import names_between
from fanzha.edge.sorted_lines import SortedLines
from integrations.dns.policies import NamePolicy, PolicyAction

_ACTIONS = {str(action): action for action in PolicyAction}


class PolicyRecord(NamedTuple):
    """One CNAME."""

    owner: str
    """Relative to the zone; may begin with ``*.``."""
    action: PolicyAction


class ZoneDelta(NamedTuple):
    """What a change does to a zone."""

    removed: list[PolicyRecord]
    added: list[PolicyRecord]


class PolicyNames:
    """Never changed: `changed` returns others, and shares most of their memory."""

    def __init__(self, lines: SortedLines | None = None) -> None:
        self._lines = lines or SortedLines()

    @classmethod
    def of(cls, policies: Iterable[tuple[str, NamePolicy]]) -> "PolicyNames":
        """Take over the policies of names."""
        return cls(SortedLines.of(_line(name, policy) for name, policy in policies))

    def __len__(self) -> int:
        return len(self._lines)

    def get(self, name: str) -> NamePolicy | None:
        """Return what the list says about exactly this name."""
        line = self._lines.get(_key(name))
        return None if line is None else _read(line)[1]

    def changed(self, policies: Mapping[str, NamePolicy | None]) -> "PolicyNames":
        """Return the names with other policies for some; None: the name is no longer listed."""
        return PolicyNames(
            self._lines.changed(
                {
                    _key(name): None if policy is None else _line(name, policy)
                    for name, policy in policies.items()
                }
            )
        )

    def records_of(self, name: str) -> list[PolicyRecord]:
        """Return all records whose owner is a name, or ``*`` below it."""
        policy = self.get(name)
        if policy is not None:
            return _records(name, policy)
        _, above = names_between(name, lambda one: self.get(one) is not None)
        upper = self.get(above) if above else None
        if upper is None or not upper.below or next(self._below(name), None) is None:
            return []
        return _records(name, upper)

    def records(self) -> Iterator[PolicyRecord]:
        """Return all records, as `records_of` would of all names."""
        listed: list[tuple[str, NamePolicy]] = []
        gaps: list[str] = []
        for line in self._lines:
            turned, policy = _read(line)
            while listed and not turned.startswith(listed[-1][0]):
                listed.pop()
            while gaps and not turned.startswith(gaps[-1]):
                gaps.pop()
            if listed and listed[-1][1].below:
                upper, of_upper = listed[-1]
                for gap in _prefixes(turned, upper):
                    if gap not in gaps:
                        gaps.append(gap)
                        yield from _records(_turned_back(gap), of_upper)
            listed.append((turned, policy))
            yield from _records(_turned_back(turned), policy)

    def touched_by(self, names: Iterable[str]) -> set[str]:
        """Return all names whose records may change with the policies of *names*."""
        touched: set[str] = set()
        for name in names:
            touched.add(name)
            above = name.partition(".")[2]
            while above:
                touched.add(above)
                above = above.partition(".")[2]
            for below in self._below(name):
                touched.update(map(_turned_back, _prefixes(below, _turned(name))))
        return touched

    def _below(self, name: str) -> Iterator[str]:
        """Return the listed names below a name, turned."""
        prefix = _turned(name)
        for line in self._lines.beginning_with(prefix.encode()):
            turned = line[: line.index(b"\t")].decode()
            if turned != prefix:
                yield turned


def delta(before: PolicyNames, after: PolicyNames, names: Iterable[str]) -> ZoneDelta:
    """Return what other policies of *names* do to the records."""
    names = list(names)
    touched = sorted(before.touched_by(names) | after.touched_by(names))
    removed: list[PolicyRecord] = []
    added: list[PolicyRecord] = []
    for name in touched:
        was, now = before.records_of(name), after.records_of(name)
        removed += [record for record in was if record not in now]
        added += [record for record in now if record not in was]
    return ZoneDelta(removed, added)


def _records(name: str, policy: NamePolicy) -> list[PolicyRecord]:
    own = PolicyRecord(name, policy.action)
    return [own, PolicyRecord(f"*.{name}", policy.action)] if policy.below else [own]


def _prefixes(turned: str, upper: str) -> Iterator[str]:
    """Return the turned names between *upper* and *turned*, the shortest first."""
    end = turned.find(".", len(upper)) + 1
    while end < len(turned):
        yield turned[:end]
        end = turned.find(".", end) + 1


def _turned(name: str) -> str:
    return f"{'.'.join(reversed(name.split('.')))}."


def _turned_back(turned: str) -> str:
    return ".".join(reversed(turned[:-1].split(".")))


def _key(name: str) -> bytes:
    return f"{_turned(name)}\t\t\t".encode()


def _line(name: str, policy: NamePolicy) -> bytes:
    return f"{_turned(name)}\t\t\t{policy.action}\t{policy.below:d}\n".encode()


def _read(line: bytes) -> tuple[str, NamePolicy]:
    turned, _, _, action, below = line.decode().split("\t")
    return turned, NamePolicy(_ACTIONS[action], below == "1\n")
