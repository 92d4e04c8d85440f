"""Read access to change requests: pages, rows, and differences between versions."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from blocklists.entry_table import EntryTable, Identities
from blocklists.queries import rows_of
from fanzha.errors import InvalidInput
from services.auth import identity, region_scope
from services.changes.change_context import ChangeContents, ChangeContext
from services.changes.diff import entries_at, rows_in
from services.changes.model import OPEN, ChangeRequest, ChangeState
from services.changes.past.entry_history import EntryHistory
from services.changes.past.history import History, VersionComparison
from services.changes.past.stale_rows import StaleDrafts
from services.changes.scope import region_checks, shown_parts

MAX_PAGE_SIZE = 200
DEFAULT_PAGE_SIZE = 50
MAX_READS = 10
"""Pages that are read for one page of requests that are chosen."""
MAX_ROWS = 1000
MOST_COUNTED = 1000
"""Pending requests that are read to count those of some regions."""
DEFAULT_ROWS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePage:
    """A page of requests, with the counts that every page shows."""

    records: Sequence[ChangeRequest]
    next_before_id: int
    """Where the next page starts; 0 on the last page."""
    emergencies: Sequence[ChangeRequest]
    """Emergencies in force and not confirmed."""
    pending: int
    """Number of requests that wait for a second person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPage:
    """A page of a request's rows: additions first, then removals."""

    additions: EntryTable
    removals: Identities
    before: EntryTable
    """Entries these rows replaced or removed; of an open request, would replace or remove now."""
    total: int


class ChangeViews:
    """Reads change requests."""

    def __init__(self, context: ChangeContext, history: History) -> None:
        self._context = context
        self.history = history
        self.stale = StaleDrafts(context, history)
        self.entries = EntryHistory(context.requests, history)
        self._paged: tuple[int, int, ChangeContents, EntryTable] | None = None
        """Id, revision and rows of the request paged through last."""

    async def get(self, id_: int) -> ChangeRequest:
        """Return one request; `NotFound` when there is none."""
        return await self._context.seen(id_)

    async def page(
        self,
        state: ChangeState | None,
        *,
        before_id: int,
        size: int,
        only: Callable[[ChangeRequest], bool] | None = None,
    ) -> ChangePage:
        """Return a page of requests, newest first; of those that *only* holds for.

        With *only*, a page may be short before the end.
        """
        if not 0 <= size <= MAX_PAGE_SIZE:
            raise InvalidInput(
                "page_size: must be 1 to {max_page_size}, not {size}",
                max_page_size=MAX_PAGE_SIZE,
                size=size,
            )
        size = size or DEFAULT_PAGE_SIZE
        requests, chosen = self._context.requests, only or _anything
        if identity.current().regions:
            only = lambda one: region_checks.is_seen(one) and chosen(one)  # noqa: E731
        records: list[ChangeRequest] = []
        for _ in range(1 if only is None else MAX_READS):
            ids = await requests.page_ids(state, before_id=before_id, size=size + 1)
            found = await requests.get_many(ids[:size])
            fitting = found if only is None else list(filter(only, found))
            records += fitting[: size - len(records)]
            before_id = ids[size - 1] if len(ids) > size else 0
            if len(records) == size:
                # What was read beyond the page is read again for the next one.
                before_id = records[-1].id if records[-1] is not found[-1] else before_id
            if not before_id or len(records) == size:
                break
        return ChangePage(
            records=records,
            next_before_id=before_id,
            emergencies=await self.emergencies(),
            pending=await self.pending_count(),
        )

    async def emergencies(self) -> list[ChangeRequest]:
        """Return emergencies in force and not confirmed, by expiry."""
        now_s = self._context.now_ms() // 1000
        ids = await self._context.requests.unconfirmed_emergencies()
        found = await self._context.requests.get_many(ids)
        urgent = [one for one in found if one.emergency and one.emergency.ends_s > now_s]
        return list(filter(region_checks.is_seen, urgent))

    async def pending_count(self) -> int:
        """Return how many requests wait for a second person; for people with regions, of theirs.

        Theirs are counted among the newest `MOST_COUNTED`.
        """
        requests = self._context.requests
        if not identity.current().regions:
            return await requests.count(ChangeState.PENDING)
        ids = await requests.page_ids(ChangeState.PENDING, before_id=0, size=MOST_COUNTED)
        return sum(map(region_checks.is_seen, await requests.get_many(ids)))

    async def rows(self, id_: int, *, offset: int, limit: int) -> RowPage:
        """Return a page of a request's rows."""
        if not 0 <= limit <= MAX_ROWS:
            raise InvalidInput(
                "limit: must be 1 to {max_rows}, not {limit}", max_rows=MAX_ROWS, limit=limit
            )
        record = await self._context.seen(id_)
        contents, before = await self._rows_of(record)
        end, many = offset + (limit or DEFAULT_ROWS), len(contents.additions)
        additions = contents.additions.take(np.arange(min(offset, many), min(end, many)))
        total = many + len(contents.removals)
        removals = contents.removals.take(
            np.arange(max(offset - many, 0), max(min(end, total) - many, 0))
        )
        if record.state in OPEN or record.state is ChangeState.DRAFT:
            before = await self._there_now(additions, removals)
        return RowPage(
            additions=additions,
            removals=removals,
            before=_replaced_by(before, additions, removals),
            total=total,
        )

    async def _there_now(self, additions: EntryTable, removals: Identities) -> EntryTable:
        snapshot = await region_scope.readable(await self._context.current.caught_up())
        rows = np.concatenate([rows_of(snapshot, additions), rows_of(snapshot, removals)])
        return entries_at(snapshot, rows)

    async def _rows_of(self, record: ChangeRequest) -> tuple[ChangeContents, EntryTable]:
        # Cached: paging through a million rows would read all of them for each page.
        if self._paged is None or self._paged[:2] != (record.id, record.revision):
            contents = await self._context.contents(record)
            before = await self._context.requests.before(record)
            self._paged = record.id, record.revision, contents, before
        return self._paged[2:]

    async def diff(self, first: int, last: int | None) -> VersionComparison:
        """Compare two versions of the lists; None as *last* means the current one.

        To people with regions it shows the entries and requests of theirs.
        """
        found = await self.history.diff(first, last)
        if not identity.current().regions:
            return found
        made_by = await self._context.requests.get_many(found.change_ids)
        ids = [one.id for one in made_by if region_checks.is_seen(one)]
        return await asyncio.to_thread(shown_parts.shown_comparison, replace(found, change_ids=ids))


def _anything(_record: ChangeRequest) -> bool:
    return True


def _replaced_by(before: EntryTable, additions: EntryTable, removals: Identities) -> EntryTable:
    at = np.concatenate([rows_in(before, additions), rows_in(before, removals)])
    return before.take(np.unique(at[at >= 0]))
