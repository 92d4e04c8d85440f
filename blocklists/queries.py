"""Queries of administrators on the lists: searches, pages, exports, the state of the workers.

Answers come from the newest lists of this process, and carry their version.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from blocklists import patterns, protected
from blocklists.entries import Entry, EntryKind, EntryMode
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot.delta import locate
from blocklists.snapshot.replica import Replica
from blocklists.snapshot.snapshot import NO_ENTRY, Layer, Snapshot
from blocklists.store.store import ListHead, Store
from blocklists.store.worker_reports import WorkerReport
from fanzha import url
from fanzha.decisions import Action
from fanzha.errors import InvalidInput, VersionConflict
from fanzha.phone import HomePlan
from fanzha.tables import Bools, Int64s

MOST_PER_PAGE = 1000
DEFAULT_PER_PAGE = 100
EXPORT_ROWS = 1000
_TOKEN = re.compile(r"([0-9]{1,19})\.([0-9]{1,12})")
_CATCH_UP_SECONDS = 2.0
_POLL_SECONDS = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter:
    """Filter for entries; 0: all."""

    kind: int = 0
    action: int = 0
    source: int = 0
    mode: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingEntries:
    """The entries that match a number, sender, host, URL or fingerprint."""

    entries: Sequence[Entry]
    version: int
    protected_because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage:
    """Some of the entries."""

    tables: Sequence[EntryTable]
    next_token: str
    total: int
    version: int
    matching: int
    """Entries that pass the filter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStatus:
    """The state of the lists."""

    head: ListHead
    counts: Counter[tuple[EntryKind, Action, EntryMode]]
    workers: Sequence[WorkerReport]
    emergencies: Sequence[int] = ()
    """Change requests applied as an emergency, which are unconfirmed."""
    pending_changes: int = 0
    """Change requests that wait for a second person."""


async def whole(snapshot: Snapshot) -> Snapshot:
    """Return the lists as they are: nobody is kept from any of it."""
    return snapshot


class ListQueries:
    """Reads the lists for administrators."""

    def __init__(
        self,
        *,
        store: Store,
        replica: Replica,
        home: HomePlan,
        now_ms: Callable[[], int],
        readable: Callable[[Snapshot], Awaitable[Snapshot]] = whole,
    ) -> None:
        """Read what *readable* leaves of the lists, which depends on who asks."""
        self._readable = readable
        self._store = store
        self._replica = replica
        self._home = home
        self._now_ms = now_ms
        self._listed: tuple[Snapshot, EntryFilter, Int64s] | None = None

    async def find(self, query: str) -> MatchingEntries:
        """Find the entries that match *query*, expired ones too, most decisive first."""
        return self._find(query, await self.newest())

    async def find_for_service(self, query: str) -> MatchingEntries:
        """Find in the whole lists, whoever asks: for what the service does, not what it shows."""
        return self._find(query, await self._newest())

    def _find(self, query: str, snapshot: Snapshot) -> MatchingEntries:
        kinds = np.array([patterns.kind_of(query.strip())], np.uint8)
        read = patterns.read([query], kinds, self._home)
        if read.errors:
            raise InvalidInput(read.errors[0].replace("pattern", "query", 1))
        kind, text, key = EntryKind(int(read.kinds[0])), read.text(0), int(read.keys[0])
        digits = int(read.digits[0])
        if kind == EntryKind.RANGE:
            entries = _same_identity(snapshot, kind, text)
        elif kind in (EntryKind.HOST, EntryKind.URL_PREFIX):
            entries = snapshot.find_all_urls(url.canonical(query.strip()) or url.canonical(text))
        elif kind == EntryKind.FINGERPRINT:
            entries = snapshot.find_all_fingerprints(text)
        else:
            entries = snapshot.find_all_parties(key)
        why = protected.refusal(kind, text, key, digits, Action.BLOCK)
        return MatchingEntries(entries=entries, version=snapshot.version, protected_because=why)

    async def page(self, entry_filter: EntryFilter, size: int, token: str) -> EntryPage:
        """Return one page; `VersionConflict` when the lists have changed since the first."""
        if not 0 <= size <= MOST_PER_PAGE:
            raise InvalidInput(
                "page_size: 1 to {most_per_page}, not {size}",
                most_per_page=MOST_PER_PAGE,
                size=size,
            )
        snapshot = await self.newest()
        start = _start(token, snapshot.version)
        rows = await asyncio.to_thread(self._rows, snapshot, entry_filter)
        end = start + (size or DEFAULT_PER_PAGE)
        return EntryPage(
            tables=snapshot.table(rows[start:end]),
            next_token=f"{snapshot.version}.{end}" if end < len(rows) else "",
            total=len(snapshot),
            version=snapshot.version,
            matching=len(rows),
        )

    async def export(self, entry_filter: EntryFilter) -> tuple[int, Iterator[Sequence[EntryTable]]]:
        """Return the version, and all entries at that version in parts."""
        snapshot = await self.newest()
        rows = await asyncio.to_thread(filtered, snapshot, entry_filter)
        starts = range(0, len(rows), EXPORT_ROWS)
        parts = (snapshot.table(rows[start : start + EXPORT_ROWS]) for start in starts)
        return snapshot.version, parts

    async def status(self) -> ListStatus:
        """Return the version of the store, the entries here, and the workers that report."""
        snapshot = await self.newest()
        return ListStatus(
            head=await self._store.head(),
            counts=await asyncio.to_thread(_counts, snapshot),
            workers=await self._store.workers(self._now_ms()),
        )

    def _rows(self, snapshot: Snapshot, entry_filter: EntryFilter) -> Int64s:
        # Paging through ten million entries needs the same rows thousands of times.
        known = self._listed
        if known is None or known[0] is not snapshot or known[1] != entry_filter:
            self._listed = known = (snapshot, entry_filter, filtered(snapshot, entry_filter))
        return known[2]

    async def newest(self) -> Snapshot:
        """Return the newest lists, as they are for who asks.

        It waits up to two seconds for a change just committed.
        """
        return await self._readable(await self._newest())

    async def _newest(self) -> Snapshot:
        version = (await self._store.head()).version
        for _ in range(int(_CATCH_UP_SECONDS / _POLL_SECONDS)):
            if self._replica.current.version >= version:
                break
            await asyncio.sleep(_POLL_SECONDS)
        return self._replica.current


def _counts(snapshot: Snapshot) -> Counter[tuple[EntryKind, Action, EntryMode]]:
    counts: Counter[tuple[EntryKind, Action, EntryMode]] = Counter()
    for mode in EntryMode:
        for (kind, action), entries in snapshot.counts(mode).items():
            counts[kind, action, mode] = entries
    return counts


def filtered(snapshot: Snapshot, entry_filter: EntryFilter) -> Int64s:
    """Return the rows of the entries that pass *entry_filter*, in a fixed order."""
    rows = snapshot.live_rows()
    if entry_filter == EntryFilter():
        return rows
    keep = np.concatenate([_matching_rows(layer, entry_filter) for layer in snapshot.layers])
    matching: Int64s = rows[keep[rows]]
    return matching


def _matching_rows(layer: Layer, entry_filter: EntryFilter) -> Bools:
    segment = layer.segment
    keep = np.ones(len(segment), np.bool_)
    if entry_filter.action:
        keep &= segment.actions == entry_filter.action
    if entry_filter.kind:
        of_kind = np.zeros(len(segment), np.bool_)
        for group in layer.groups(EntryKind(entry_filter.kind)):
            of_kind[group.first_row : group.first_row + len(group)] = True
        keep &= of_kind
    if entry_filter.mode:
        keep &= segment.mode == entry_filter.mode
    if entry_filter.source:
        sources = [json.loads(text)["source"] for text in segment.provenance.all_raw()]
        keep &= np.array(sources, np.uint8)[segment.provenances] == entry_filter.source
    return keep


def _same_identity(snapshot: Snapshot, kind: EntryKind, pattern: str) -> list[Entry]:
    both = Identities.of([(kind, pattern, Action.ALLOW), (kind, pattern, Action.BLOCK)])
    rows = rows_of(snapshot, both)
    return [snapshot.entry(row) for row in rows[rows != NO_ENTRY].tolist()]


def rows_of(snapshot: Snapshot, identities: Identities) -> Int64s:
    """Return the row of each identity, `NO_ENTRY` where it is not in the lists."""
    found = np.full(len(identities), NO_ENTRY, np.int64)
    for layer in snapshot.layers:
        rows = locate(layer.segment, identities)
        present = np.flatnonzero(rows != NO_ENTRY)
        present = present[~layer.is_dead(rows[present])]
        found[present] = rows[present] + layer.first_row
    return found


def _start(token: str, version: int) -> int:
    if not token:
        return 0
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise InvalidInput("page_token: not a token of this service")
    made_for, start = match.groups()
    if int(made_for) != version:
        raise VersionConflict.between(
            "page_token",
            "the lists are",
            expected=int(made_for),
            actual=version,
            advice="start again without it",
        )
    return int(start)
