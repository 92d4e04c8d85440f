"""What change requests did to one entry, newest first.

The rows of a request are read, as far as they are few. Of a request with very many, such as the
import of a whole list, the entry itself says whether it came from there: by who entered it, when
and why. So a page costs some 100 ms however large the imports were.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from blocklists.entries import Entry
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot.snapshot import NO_ENTRY
from fanzha.errors import InvalidInput
from services.changes.diff import rows_in
from services.changes.entry_set import EntrySet
from services.changes.model import ChangeKind, ChangeRequest, ChangeState
from services.changes.past.history import History
from services.changes.store import ChangeStore

MAX_PAGE_SIZE = 200
DEFAULT_PAGE_SIZE = 50
MAX_ROWS_READ = 200_000
"""Rows of requests that are read for one page; then it ends, maybe with few events."""
MAX_REQUESTS_READ = 1000
_READ_AT_ONCE = 100
_PATIENCE_MS = 3_600_000
"""An import of millions is checked before its request is made."""
_STATES = frozenset(
    {ChangeState.PENDING, ChangeState.APPROVED, ChangeState.APPLIED, ChangeState.REVERTED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryEvent:
    """What one request did to an entry."""

    record: ChangeRequest
    after: Entry | None
    """None: it was removed."""
    before: Entry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryHistoryPage:
    """Some of what was done to an entry."""

    events: Sequence[EntryEvent]
    next_before_id: int
    """Where the next page starts; 0 at the end."""
    examined: int
    not_retained: int
    """Requests whose rows are no longer stored."""


class EntryHistory:
    """Reads the history of entries from change requests."""

    def __init__(self, requests: ChangeStore, history: History) -> None:
        self._requests = requests
        self._history = history

    async def of(
        self, entry: Identities, now: Entry | None, *, before_id: int, size: int
    ) -> EntryHistoryPage:
        """Return a page of the history of *entry*, which is *now* in the lists; None: it is not."""
        if not 0 <= size <= MAX_PAGE_SIZE:
            raise InvalidInput(
                "page_size: must be 1 to {max_page_size}, not {size}",
                max_page_size=MAX_PAGE_SIZE,
                size=size,
            )
        size = size or DEFAULT_PAGE_SIZE
        events: list[EntryEvent] = []
        known, examined, gone, rows = now, 0, 0, 0
        while examined < MAX_REQUESTS_READ:
            ids = await self._requests.page_ids(None, before_id=before_id, size=_READ_AT_ONCE)
            for record in await self._requests.get_many(ids):
                if len(events) >= size or rows >= MAX_ROWS_READ or examined >= MAX_REQUESTS_READ:
                    return _page(events, before_id, examined, gone)
                before_id, examined = record.id, examined + 1
                if record.kind is ChangeKind.POLICY or record.state not in _STATES:
                    continue
                size_of = record.additions.rows + record.removals.rows
                if size_of > MAX_ROWS_READ:
                    event = _by_provenance(record, known)
                elif not (record.additions.retained and record.removals.retained):
                    gone += 1
                    continue
                else:
                    rows += size_of
                    event = await self._by_rows(record, entry)
                if event is not None:
                    events.append(event)
                    known = event.before
            if len(ids) < _READ_AT_ONCE:
                return _page(events, 0, examined, gone)
        return _page(events, before_id, examined, gone)

    async def _by_rows(self, record: ChangeRequest, entry: Identities) -> EntryEvent | None:
        if record.state in (ChangeState.APPLIED, ChangeState.REVERTED):
            step = await self._history.step_of(record)
            return await asyncio.to_thread(
                _event, record, entry, step.written, step.removed, step.before
            )
        additions = await self._requests.additions(record)
        removals = await self._requests.removals(record)
        nothing = EntryTable.from_entries([])
        return await asyncio.to_thread(_event, record, entry, additions, removals, nothing)


def _event(
    record: ChangeRequest,
    entry: Identities,
    written: EntryTable,
    removed: Identities,
    before: EntryTable,
) -> EntryEvent | None:
    after, was = _entry(written, entry), _entry(before, entry)
    if after is None and (not len(removed) or _row_of(removed, entry) == NO_ENTRY):
        return None
    return EntryEvent(record=record, after=after, before=was)


def _entry(table: EntryTable, entry: Identities) -> Entry | None:
    row = int(rows_in(table, entry)[0]) if len(table) else NO_ENTRY
    return None if row == NO_ENTRY else table.entry(row)


def _row_of(identities: Identities, entry: Identities) -> int:
    return int(EntrySet.of(identities).find(entry)[0])


def _by_provenance(record: ChangeRequest, now: Entry | None) -> EntryEvent | None:
    """Tell by the entry whether a request with very many rows wrote it."""
    if now is None or record.state not in (ChangeState.APPLIED, ChangeState.REVERTED):
        return None
    entered_ms = int(now.created_at.timestamp() * 1000)
    within = record.created_ms - _PATIENCE_MS <= entered_ms <= record.created_ms + _PATIENCE_MS
    same = within and now.created_by == record.author and now.approved_by == record.approved_by
    return EntryEvent(record=record, after=now, before=None) if same else None


def _page(
    events: Sequence[EntryEvent], before_id: int, examined: int, gone: int
) -> EntryHistoryPage:
    return EntryHistoryPage(
        events=events, next_before_id=before_id, examined=examined, not_retained=gone
    )
