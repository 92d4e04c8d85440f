"""Searches the lists for people: pages and counts of the entries that meet criteria.

What a search needs besides the lists (the provenance of millions of entries, decoded) is made ready
in a thread, beside the event loop. While it is made for new lists, callers who accept that are
answered from the lists before; the others wait.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from blocklists.entry_table import EntryTable, concatenate
from blocklists.snapshot.replica import Replica
from blocklists.snapshot.snapshot import Snapshot
from blocklists.store.current_lists import CurrentLists
from blocklists.store.store import Store
from fanzha.errors import InvalidInput, VersionConflict
from fanzha.phone import HomePlan
from fanzha.tables import Int64s
from fanzha.translation.message import Message
from infra import paging
from services.auth.region_scope import Regions, lists_key, readable
from services.lists.search.criteria import EntryCriteria, EntryOrder
from services.lists.search.hit_rows import HitRows
from services.lists.search.pattern_rows import PatternPrefix
from services.lists.search.provenance_facts import FactsReader
from services.lists.search.row_order import ordered_rows
from services.lists.search.selection import EntrySelection, SelectionPass

MOST_PER_PAGE = 1000
DEFAULT_PER_PAGE = 100
LONGEST_PATTERN = 253
_SELECTIONS = 4
"""Selections that are kept; each has a byte for every entry."""
_ORDERS = 16
_LAG_SECONDS = 0.1
"""How long a caller who accepts older lists waits for the newest, so as to see an own change."""
_HOPE_SECONDS = 1.0
"""Lists that are behind for longer are not waited for."""
_GRAIN_S = 60
"""A selection serves all who ask within the same minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """Some of the entries that meet criteria."""

    tables: Sequence[EntryTable]
    next_token: str
    matching: int
    total: int
    version: int
    newest_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedEntries:
    """How many entries meet criteria."""

    selection: EntrySelection
    newest_version: int
    counted_since_s: int
    """Since when matches are counted; 0: not yet."""


_Key: TypeAlias = tuple[int, Regions, EntryCriteria, int]
_PageKey: TypeAlias = tuple[int, Regions, EntryCriteria, EntryOrder]
_AnyKey = TypeVar("_AnyKey")
_Kept = TypeVar("_Kept")


class EntrySearch:
    """Searches the lists of this process."""

    def __init__(
        self,
        *,
        store: Store,
        replica: Replica,
        home: HomePlan,
        hits: HitRows,
        now_ms: Callable[[], int],
    ) -> None:
        self._store = store
        self._replica = replica
        self._current = CurrentLists(store, replica)
        self._home = home
        self._hits = hits
        self._now_ms = now_ms
        self._facts = FactsReader()
        self._pass_lock = asyncio.Lock()
        """One pass at a time: two would take twice as long each."""
        self._ready: Snapshot | None = None
        self._readying: asyncio.Task[None] | None = None
        self._behind_since = 0.0
        """When the lists here were first seen behind the store; 0: they are not."""
        self._selections: OrderedDict[_Key, EntrySelection] = OrderedDict()
        self._orders: OrderedDict[_PageKey, tuple[EntrySelection, Int64s]] = OrderedDict()

    async def page(
        self, criteria: EntryCriteria, order: EntryOrder, *, size: int, token: str, may_lag: bool
    ) -> SearchPage:
        """Return a page; `VersionConflict` when the lists of its first page are gone."""
        if not 0 <= size <= MOST_PER_PAGE:
            raise InvalidInput(
                "page_size: 1 to {most_per_page}, not {size}",
                most_per_page=MOST_PER_PAGE,
                size=size,
            )
        snapshot, newest = await self._readable(may_lag=may_lag)
        selection, rows, start = await self._rows(snapshot, criteria, order, token)
        some = rows[start : start + (size or DEFAULT_PER_PAGE)]
        end = start + len(some)
        return SearchPage(
            tables=_in_order(selection.snapshot, some),
            next_token=f"{selection.snapshot.version}.{end}" if end < len(rows) else "",
            matching=selection.matching,
            total=len(selection.snapshot),
            version=selection.snapshot.version,
            newest_version=newest,
        )

    async def count(self, criteria: EntryCriteria, *, may_lag: bool) -> CountedEntries:
        """Count the entries that meet *criteria*."""
        snapshot, newest = await self._readable(may_lag=may_lag)
        return CountedEntries(
            selection=await self._select(snapshot, criteria),
            newest_version=newest,
            counted_since_s=await self._hits.counted_since_s(),
        )

    async def select(self, criteria: EntryCriteria) -> EntrySelection:
        """Select from the newest lists; `Unavailable` where they do not arrive."""
        return await self._select(await readable(await self._current.caught_up()), criteria)

    async def _rows(
        self, snapshot: Snapshot, criteria: EntryCriteria, order: EntryOrder, token: str
    ) -> tuple[EntrySelection, Int64s, int]:
        version, start = _position(token) if token else (snapshot.version, 0)
        key = version, lists_key(snapshot)[1], criteria, order
        kept = self._orders.get(key) if token else None
        if kept is None:
            if version != snapshot.version:
                raise VersionConflict.between(
                    "page_token",
                    Message("the lists are"),
                    expected=version,
                    actual=snapshot.version,
                    advice="start again without it",
                )
            selection = await self._select(snapshot, criteria)
            async with self._pass_lock:
                rows = await asyncio.to_thread(ordered_rows, selection, order, self._facts)
            kept = replace(selection, masks=(), places=()), rows
            _keep(self._orders, key, kept, _ORDERS)
        return *kept, start

    async def _select(self, snapshot: Snapshot, criteria: EntryCriteria) -> EntrySelection:
        now_s = self._now_ms() // 1000
        async with self._pass_lock:
            key = *lists_key(snapshot), criteria, now_s // _GRAIN_S
            known = self._selections.get(key)
            if known is None:
                if len(criteria.pattern) > LONGEST_PATTERN:
                    raise InvalidInput("criteria.pattern: too long")
                hit_rows = await self._hits.rows(snapshot)
                known = await asyncio.to_thread(
                    SelectionPass(
                        criteria=criteria,
                        prefix=self._prefix(criteria.pattern),
                        facts=self._facts,
                        hit_rows=hit_rows,
                        now_s=now_s,
                    ).select,
                    snapshot,
                )
                _keep(self._selections, key, known, _SELECTIONS)
            return known

    def _prefix(self, pattern: str) -> PatternPrefix | None:
        return PatternPrefix.of(pattern, self._home.country_code) if pattern.strip() else None

    async def _readable(self, *, may_lag: bool) -> tuple[Snapshot, int]:
        """Return the lists to answer the caller from, and the version of the store."""
        snapshot, newest = await self._lists(may_lag=may_lag)
        return await readable(snapshot), newest

    async def _lists(self, *, may_lag: bool) -> tuple[Snapshot, int]:
        """Return the lists to answer from, and the version of the store."""
        version = (await self._store.head()).version
        if not may_lag or self._ready is None:
            snapshot = await self._current.caught_up()
            await self._made_ready()
            return snapshot, max(version, snapshot.version)
        if self._ready.version >= version:
            self._behind_since = 0.0
            if self._replica.current is not self._ready:
                self._start_readying()
            return self._ready, self._ready.version
        self._behind_since = self._behind_since or time.monotonic()
        if time.monotonic() - self._behind_since > _HOPE_SECONDS:
            # Millions are being indexed: waiting a little would help nobody.
            self._start_readying()
            return self._ready, version
        deadline = time.monotonic() + _LAG_SECONDS
        while self._ready.version < version and time.monotonic() < deadline:
            if self._replica.current is not self._ready:
                readying = asyncio.shield(self._start_readying())
                left = max(deadline - time.monotonic(), 0)
                await asyncio.wait([asyncio.ensure_future(readying)], timeout=left)
            else:
                await asyncio.sleep(0.01)
        return self._ready, max(version, self._ready.version)

    async def _made_ready(self) -> None:
        while self._ready is not self._replica.current:
            await asyncio.shield(self._start_readying())

    def _start_readying(self) -> asyncio.Task[None]:
        if self._readying is None or self._readying.done():
            self._readying = asyncio.create_task(self._make_ready(self._replica.current))
        return self._readying

    async def _make_ready(self, snapshot: Snapshot) -> None:
        """Decode what searches need of *snapshot*, count it whole, then answer from it."""
        # A reader of its own: decoding millions must not hold up searches of the lists before.
        facts = self._facts.copy()
        for layer in snapshot.layers:
            await asyncio.to_thread(facts.read, layer.segment)
        self._facts = facts
        await self._rows(snapshot, EntryCriteria(), EntryOrder.NEWEST, "")
        self._ready = snapshot


def _keep(cache: OrderedDict[_AnyKey, _Kept], key: _AnyKey, one: _Kept, most: int) -> None:
    cache[key] = one
    while len(cache) > most:
        cache.popitem(last=False)


def _in_order(snapshot: Snapshot, rows: Int64s) -> list[EntryTable]:
    """Return the entries of *rows* in their order, which need not be that of the lists."""
    if not len(rows):
        return []
    order = rows.argsort(kind="stable")
    table = concatenate(snapshot.table(rows[order]))
    return [table.take(order.argsort(kind="stable"))]


def _position(token: str) -> tuple[int, int]:
    version, _, start = token.partition(".")
    return paging.number_of(version), paging.number_of(start)
