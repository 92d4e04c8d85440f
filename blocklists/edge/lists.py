"""The lists as copies at the edge have them, and what has changed since the version of a copy.

Made at the first request, from the newest lists of this process; then kept by the changes in the
store, each of which names the entries it touches. Where the store has replaced its changes by a new
base meanwhile, all lines are written anew and compared. A million entries take some 70 MB here, and
some ten seconds of one thread at first.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from blocklists.edge.journal import Journal, Keys, Step, lineage_of
from blocklists.edge.lines import ending_last, keys_of, lines_of
from blocklists.entries import EntryKind
from blocklists.entry_table import Identities, concatenate_identities
from blocklists.queries import rows_of
from blocklists.snapshot.delta import ListSegments
from blocklists.snapshot.replica import Replica
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from blocklists.store.changes import ListChange
from blocklists.store.store import Store
from fanzha.edge.sorted_lines import SortedLines, differences
from fanzha.errors import Unavailable

_POLL_SECONDS = 0.02
_CATCH_UP_SECONDS = 2.0
_PATIENCE_SECONDS = 60.0
"""How long a request waits for the first lists of this process."""
_ALL_KINDS = frozenset(EntryKind)
Edits = dict[EntryKind, dict[bytes, bytes | None]]


@dataclass(frozen=True, slots=True)
class EdgeVersion:
    """All lines at one version."""

    version: int
    commit: str
    lists: Mapping[EntryKind, SortedLines] = field(
        default_factory=lambda: {kind: SortedLines() for kind in EntryKind}
    )

    @property
    def lineage(self) -> str:
        """Name of the commit that made it."""
        return lineage_of(self.commit)


class EdgeLists:
    """Keeps the lines in step with *replica*. One event loop only."""

    def __init__(self, store: Store, replica: Replica) -> None:
        self._store = store
        self._replica = replica
        self._at: EdgeVersion | None = None
        self._journal = Journal(0, lineage_of(""))
        self._lock = asyncio.Lock()
        self._watch: asyncio.Task[None] | None = None

    async def catch_up(self) -> None:
        """Wait, two seconds at most, for the lists that the store has now."""
        with contextlib.suppress(Unavailable):
            head = await self._store.head()
            await self.wait_until(lambda version: version >= head.version, _CATCH_UP_SECONDS)

    async def newest(self) -> EdgeVersion:
        """Return the lines of the newest lists; `Unavailable` while there are none."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self._replica.loaded:
            if time.monotonic() > deadline:
                raise Unavailable("this process has no lists yet; try again")
            await asyncio.sleep(_POLL_SECONDS)
        async with self._lock:
            if self._at is None:
                self._at = await self._begin()
            elif self._at.version != self._replica.current.version:
                self._at = await self._advance(self._at)
            return self._at

    async def wait_beyond(self, version: int, seconds: float) -> None:
        """Wait until the lists are no longer at *version*, but not longer than *seconds*."""
        await self.wait_until(lambda now: now != version, seconds)

    async def wait_until(self, reached: Callable[[int], bool], seconds: float) -> None:
        """Wait until *reached* holds for the version of the lists, at most *seconds*."""
        deadline = time.monotonic() + seconds
        while not reached(self._replica.current.version):
            # One watch for all requests that wait.
            if self._watch is None or self._watch.done():
                self._watch = asyncio.create_task(self._until_changed())
            await asyncio.wait({self._watch}, timeout=max(0.0, deadline - time.monotonic()))
            if time.monotonic() >= deadline:
                return

    async def _until_changed(self) -> None:
        version = self._replica.current.version
        while self._replica.current.version == version:  # noqa: ASYNC110 - a thread replaces it
            await asyncio.sleep(_POLL_SECONDS)

    def touched_since(
        self, version: int, lineage: str, kinds: frozenset[EntryKind] = _ALL_KINDS
    ) -> Keys | None:
        """Return which lines changed after a version; None where that is not known."""
        return self._journal.since(version, lineage, kinds)

    async def _begin(self) -> EdgeVersion:
        base = await self._store.base_head()
        changes = await self._changes(base.version, base.commit) or []
        at = await asyncio.to_thread(self._written)
        # Copies need not begin anew because this process did.
        steps = await asyncio.to_thread(_steps, changes, at.version)
        ends = (steps[-1].version, steps[-1].lineage) if steps else (0, "")
        self._journal = Journal(base.version, lineage_of(base.commit))
        if ends == (at.version, at.lineage):
            for step in steps:
                self._journal.append(step)
        elif (base.version, base.commit) != (at.version, at.commit):
            self._journal = Journal(at.version, at.lineage)
        return at

    async def _advance(self, at: EdgeVersion) -> EdgeVersion:
        changes = await self._changes(at.version, at.commit)
        lists, snapshot = self._newest_lists()
        if lists.version == at.version:
            return at
        ours = [change for change in changes or [] if change.version <= lists.version]
        if ours and (ours[-1].version, ours[-1].commit) == (lists.version, lists.commit):
            edits = await asyncio.to_thread(_edits, snapshot, ours)
            changed = {kind: held.changed(edits.get(kind, {})) for kind, held in at.lists.items()}
            after = EdgeVersion(lists.version, lists.commit, changed)
        else:
            after = await asyncio.to_thread(self._written)
            edits = await asyncio.to_thread(_differences, at, after)
        keys = {kind: frozenset(touched) for kind, touched in edits.items()}
        self._journal.append(Step(after.version, after.lineage, keys))
        return after

    async def _changes(self, version: int, commit: str) -> list[ListChange] | None:
        """Return all changes after a version; None where the store does not have them now."""
        found: list[ListChange] = []
        try:
            while changes := await self._store.changes_after(version, commit):
                found += changes
                version, commit = changes[-1].version, changes[-1].commit
        except Unavailable:  # such as chunks that it drops for a newer base
            return None
        return None if changes is None else found

    def _newest_lists(self) -> "tuple[ListSegments, Snapshot]":
        """Return both sides of the replica, which another thread replaces one after the other."""
        while True:
            lists, snapshot = self._replica.lists, self._replica.current
            if lists.version == snapshot.version:
                return lists, snapshot
            time.sleep(0)

    def _written(self) -> EdgeVersion:
        lists, snapshot = self._newest_lists()
        by_kind: dict[EntryKind, list[bytes]] = {kind: [] for kind in EntryKind}
        for table in snapshot.table(snapshot.live_rows()):
            for kind, line in lines_of(table):
                by_kind[kind].append(line)
        return EdgeVersion(
            lists.version,
            lists.commit,
            {kind: SortedLines.of(ending_last(one).values()) for kind, one in by_kind.items()},
        )


def _touched(changes: Sequence[ListChange]) -> Identities:
    return concatenate_identities(
        [part for change in changes for part in (change.removals, change.additions)]
    )


def _edits(snapshot: Snapshot, changes: Sequence[ListChange]) -> Edits:
    touched = _touched(changes)
    edits: Edits = {}
    for kind, key in keys_of(touched):
        edits.setdefault(kind, {})[key] = None
    rows = rows_of(snapshot, touched)
    by_kind: dict[EntryKind, list[bytes]] = {}
    for table in snapshot.table(np.unique(rows[rows != NO_ENTRY])):
        for kind, line in lines_of(table):
            by_kind.setdefault(kind, []).append(line)
    for kind, lines in by_kind.items():
        edits[kind].update(ending_last(lines))
    return edits


def _differences(before: EdgeVersion, after: EdgeVersion) -> Edits:
    return {
        kind: edits
        for kind, held in before.lists.items()
        if (edits := differences(held, after.lists[kind]))
    }


def _steps(changes: Sequence[ListChange], version: int) -> list[Step]:
    """Return what each change up to *version* touched."""
    steps = []
    for change in changes:
        if change.version <= version:
            keys: dict[EntryKind, set[bytes]] = {}
            for kind, key in keys_of(_touched([change])):
                keys.setdefault(kind, set()).add(key)
            grouped = {kind: frozenset(found) for kind, found in keys.items()}
            steps.append(Step(change.version, lineage_of(change.commit), grouped))
    return steps
