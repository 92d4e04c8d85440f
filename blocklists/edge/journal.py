"""Which lines each version touched, as far back as memory allows."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import dropwhile

from blocklists.entries import EntryKind

Keys = Mapping[EntryKind, frozenset[bytes]]
"""What the touched lines begin with, by kind."""

MOST_KEYS = 500_000
"""Keys that are remembered, some 100 bytes each."""
MOST_STEPS = 20_000


def lineage_of(commit: str) -> str:
    """Return a short name of a commit: a store that lost changes has others."""
    return sha256(commit.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Step:
    """A version, and what it touched since the one before."""

    version: int
    lineage: str
    keys: Keys

    @property
    def size(self) -> int:
        """Number of keys."""
        return sum(map(len, self.keys.values()))


class Journal:
    """The last steps. The first is where it begins: what it touched is not asked for."""

    def __init__(self, version: int, lineage: str) -> None:
        self._steps = deque([Step(version, lineage, {})])
        self._keys = 0

    def append(self, step: Step) -> None:
        """Remember a step; forget the first ones when there are too many."""
        self._steps.append(step)
        self._keys += step.size
        while len(self._steps) > 1 and (self._keys > MOST_KEYS or len(self._steps) > MOST_STEPS):
            # The next becomes where it begins.
            self._steps.popleft()
            self._keys -= self._steps[0].size
            self._steps[0] = Step(self._steps[0].version, self._steps[0].lineage, {})

    def since(self, version: int, lineage: str, kinds: frozenset[EntryKind]) -> Keys | None:
        """Return what was touched after a version; None where that is not known."""
        rest = dropwhile(lambda step: (step.version, step.lineage) != (version, lineage),
                         self._steps)  # fmt: skip
        if next(rest, None) is None:
            return None
        touched: dict[EntryKind, set[bytes]] = {kind: set() for kind in kinds}
        for step in rest:
            for kind in kinds & step.keys.keys():
                touched[kind] |= step.keys[kind]
        return {kind: frozenset(keys) for kind, keys in touched.items()}
