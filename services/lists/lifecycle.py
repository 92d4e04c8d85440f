"""Read access to the lifecycle of entries: due, dead and shadow entries.

Pages are of one version of the lists and one moment, which their tokens name. The lists of the
last few first pages are kept for a while: they may change faster than anybody turns pages.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from blocklists.entries import Entry, EntryMode, entry_id
from blocklists.entry_table import EntryTable
from blocklists.provenance_columns import ProvenanceReader
from blocklists.queries import DEFAULT_PER_PAGE, MOST_PER_PAGE, ListQueries
from blocklists.snapshot.snapshot import Snapshot
from fanzha.errors import InvalidInput, VersionConflict
from fanzha.tables import Int64s
from fanzha.translation.message import Message
from services.auth.region_scope import Regions, lists_key
from services.lists import due_entries
from services.lists.due_entries import DueEntries, DueReason
from services.lists.hit_counter import NO_HITS, EntryHitSummary, hits_name
from services.lists.lifecycle_pages import DeadPage, DueEntry, DuePage, HitCountReader

DEFAULT_WITHIN_S = 14 * 86_400
MAX_WITHIN_S = 3650 * 86_400
HITS_BATCH = 2_000
"""Entries whose hits are read in one batch."""
MAX_SCANNED_PER_PAGE = 20_000
"""Most entries scanned for one page of dead ones, which bounds its latency."""
_MAX_PINNED = 4
_PINNED_S = 900
_DAY_S = 86_400
_TOKEN = re.compile(r"([0-9]{1,19})\.([0-9]{1,12})\.([0-9]{1,12})")


class EntryLifecycle:
    """Pages of due and dead entries."""

    def __init__(
        self,
        *,
        views: ListQueries,
        hits: HitCountReader,
        now_ms: Callable[[], int],
        dead_entry_days: int,
    ) -> None:
        self._views = views
        self._hits = hits
        self._now_ms = now_ms
        self._dead_entry_days = dead_entry_days
        self._grounds = ProvenanceReader()
        self._lock = asyncio.Lock()
        self._pinned: dict[tuple[int, Regions, int], Snapshot] = {}
        """The lists of the last first pages, by their version and the moment."""
        self._due: tuple[tuple[int, Regions, int, int, int], DueEntries] | None = None
        self._aged: tuple[tuple[int, Regions, int, int, int], Int64s] | None = None

    async def hits_of(self, names: Sequence[str]) -> Mapping[str, EntryHitSummary]:
        """Return the hits of some entries, by `name_of` or `names_of`."""
        return await self._hits.read(names)

    async def due(self, within_s: int, source: int, size: int, token: str) -> DuePage:
        """Return a page of entries that expire or must be reviewed, earliest first."""
        if not 0 <= within_s <= MAX_WITHIN_S:
            raise InvalidInput(
                "within_s: up to {max_within_s}, not {within_s}",
                max_within_s=MAX_WITHIN_S,
                within_s=within_s,
            )
        size = _page_size(size)
        snapshot, start, now_s = await self._resume(token)
        within_s = within_s or DEFAULT_WITHIN_S
        async with self._lock:
            due = await asyncio.to_thread(self._find_due, snapshot, now_s, within_s, source)
        some = slice(start, start + size)
        entries = [
            DueEntry(entry=snapshot.entry(row), reason=DueReason(reason), due_at_s=at)
            for row, reason, at in zip(
                due.rows[some].tolist(),
                due.reasons[some].tolist(),
                due.times_s[some].tolist(),
                strict=True,
            )
        ]
        more = start + size < len(due.rows)
        return DuePage(
            entries=entries,
            hits=await self._hits.read(name_of(one.entry) for one in entries),
            next_token=f"{snapshot.version}.{start + size}.{now_s}" if more else "",
            counts=due.counts(),
            ended=due.ended,
            version=snapshot.version,
        )

    async def dead(self, days: int, source: int, size: int, token: str) -> DeadPage:
        """Return a page of entries without a match for *days*; 0 means the setting."""
        days = self._days(days)
        size = _page_size(size)
        snapshot, start, now_s = await self._resume(token)
        since_s = await self._hits.counted_since_s()
        before_s = now_s - days * _DAY_S
        rows = np.zeros(0, np.int64)
        if 0 < since_s <= before_s:
            async with self._lock:
                rows = await asyncio.to_thread(self._find_aged, snapshot, now_s, before_s, source)
        entries, hits, at = await self._without_hits(snapshot, rows, start, size, before_s)
        return DeadPage(
            entries=entries,
            hits=hits,
            next_token=f"{snapshot.version}.{at}.{now_s}" if at < len(rows) else "",
            examined=at,
            total=len(rows),
            counted_since_s=since_s,
            days=days,
            version=snapshot.version,
        )

    async def are_dead(self, entries: Sequence[Entry], days: int) -> list[bool]:
        """Return for each entry whether it had no match for *days*; 0 means the setting."""
        before_s = self._now_ms() // 1000 - self._days(days) * _DAY_S
        if not 0 < await self._hits.counted_since_s() <= before_s:
            return [False] * len(entries)
        known = await self._hits.read(map(name_of, entries))
        return [
            one.created_at.timestamp() < before_s
            and known.get(name_of(one), NO_HITS).last_s < before_s
            for one in entries
        ]

    def _days(self, days: int) -> int:
        days = days or self._dead_entry_days
        if not 1 <= days <= MAX_WITHIN_S // _DAY_S:
            raise InvalidInput(
                "days: 1 to {max_within_s}, not {days}",
                max_within_s=MAX_WITHIN_S // _DAY_S,
                days=days,
            )
        return days

    async def _without_hits(
        self, snapshot: Snapshot, rows: Int64s, start: int, size: int, before_s: int
    ) -> tuple[list[Entry], dict[str, EntryHitSummary], int]:
        """Look at *rows* from *start* on; return what is dead, its hits, and how far that was."""
        entries: list[Entry] = []
        hits: dict[str, EntryHitSummary] = {}
        at = start
        while at < min(len(rows), start + MAX_SCANNED_PER_PAGE) and len(entries) < size:
            some = rows[at : at + HITS_BATCH]
            names = await asyncio.to_thread(_names, snapshot.table(some))
            known = await self._hits.read(names)
            for row, name in zip(some.tolist(), names, strict=True):
                if len(entries) == size:
                    break
                at += 1
                found = known.get(name, NO_HITS)
                if found.last_s < before_s:
                    entries.append(snapshot.entry(row))
                    hits[name] = found
        return entries, hits, at

    async def _resume(self, token: str) -> tuple[Snapshot, int, int]:
        """Return the lists, where the page begins, and the moment of the first page."""
        snapshot, now_s = await self._views.newest(), self._now_ms() // 1000
        if not token:
            self._pin(snapshot, now_s)
            return snapshot, 0, now_s
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise InvalidInput("page_token: not issued for this list")
        version, start, asked_s = map(int, match.groups())
        pinned = self._pinned.get((version, lists_key(snapshot)[1], asked_s))
        if pinned is None and version != snapshot.version:
            # The lists of the first page are no longer kept.
            raise VersionConflict.between(
                "page_token",
                Message("the lists are"),
                expected=version,
                actual=snapshot.version,
                advice="start again without it",
            )
        return pinned or snapshot, start, asked_s

    def _pin(self, snapshot: Snapshot, now_s: int) -> None:
        self._pinned[*lists_key(snapshot), now_s] = snapshot
        pinned = list(self._pinned.items())[-_MAX_PINNED:]
        self._pinned = {key: one for key, one in pinned if key[2] > now_s - _PINNED_S}

    def _find_due(self, snapshot: Snapshot, now_s: int, within_s: int, source: int) -> DueEntries:
        query = (*lists_key(snapshot), now_s, within_s, source)
        if self._due is None or self._due[0] != query:
            found = due_entries.find(
                snapshot.layers,
                self._grounds,
                now_s=now_s,
                until_s=now_s + within_s,
                source=source,
            )
            self._due = query, found
        return self._due[1]

    def _find_aged(self, snapshot: Snapshot, now_s: int, before_s: int, source: int) -> Int64s:
        """Return the rows that act and were added before *before_s*."""
        query = (*lists_key(snapshot), now_s, before_s, source)
        if self._aged is None or self._aged[0] != query:
            rows = [np.zeros(0, np.int64)]
            for layer in snapshot.layers:
                known = self._grounds.read(layer.segment).of_rows(layer.segment)
                aged = (known.created_s < before_s) & (layer.segment.expires_s > now_s)
                aged[layer.dead] = False
                if source:
                    aged &= known.sources == source
                rows.append(np.flatnonzero(aged) + layer.first_row)
            self._aged = query, np.concatenate(rows)
        return self._aged[1]


def names_of(table: EntryTable) -> list[str]:
    """Return the hit count names of a table's entries; some 4 µs each."""
    columns = (
        table.kinds.tolist(),
        table.actions.tolist(),
        (table.modes == EntryMode.SHADOW).tolist(),
    )
    return [
        hits_name(entry_id(kind, table.pattern(row), action), shadow=shadow)
        for row, (kind, action, shadow) in enumerate(zip(*columns, strict=True))
    ]


def name_of(entry: Entry) -> str:
    """Return the hit count name of an entry."""
    return hits_name(entry.entry_id, shadow=entry.mode is EntryMode.SHADOW)


def _names(tables: Sequence[EntryTable]) -> list[str]:
    return [name for table in tables for name in names_of(table)]


def _page_size(size: int) -> int:
    if not 0 <= size <= MOST_PER_PAGE:
        raise InvalidInput(
            "page_size: 1 to {most_per_page}, not {size}", most_per_page=MOST_PER_PAGE, size=size
        )
    return size or DEFAULT_PER_PAGE
