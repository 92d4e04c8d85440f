"""Finds the change request that entered an entry.

Ids of requests rise with time, and an entry has the time it was entered. A binary search finds the
first request of that time, and the rows of the few that follow identify the right one.
"""

import asyncio
from typing import Protocol

from blocklists.entries import Entry
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot.snapshot import NO_ENTRY
from fanzha.errors import NotFound
from services.changes.diff import rows_in
from services.changes.model import ChangeRequest, ChangeState
from services.changes.store import ChangeStore

BEFORE_S = 5
"""Tolerance for the time between rows and their request, and for clocks that differ."""
AFTER_S = 3600
"""Longest time an import reads rows before it becomes a request."""
MAX_EXAMINED = 50
_DONE = frozenset({ChangeState.APPLIED, ChangeState.REVERTED})


class Origins(Protocol):
    """Finds the request that entered an entry."""

    async def of(self, entry: Entry) -> str:
        """Return the request that entered an entry, such as ``change:12``; empty if unknown."""
        ...


class NoOrigins:
    """Stands in where no requests are stored."""

    async def of(self, entry: Entry) -> str:  # noqa: ARG002
        """Return an empty text: no requests are stored."""
        return ""


class RequestedOrigins:
    """Searches the change requests."""

    def __init__(self, requests: ChangeStore) -> None:
        self._requests = requests

    async def of(self, entry: Entry) -> str:
        """Return the request that entered an entry, such as ``change:12``; empty if unknown."""
        entered_s = int(entry.created_at.timestamp())
        identities = Identities.of([(entry.kind, entry.pattern, entry.action)])
        id_ = await self._first_since((entered_s - BEFORE_S) * 1000)
        for _ in range(MAX_EXAMINED):
            if not id_:
                break
            record = await self._requests.get(id_)
            if record.created_ms > (entered_s + AFTER_S) * 1000:
                break
            if record.state in _DONE and await self._entered(record, identities, entered_s):
                return record.subject
            id_ = await self._next(id_)
        return ""

    async def _entered(self, record: ChangeRequest, identities: Identities, entered_s: int) -> bool:
        if not record.additions.rows:
            return False
        try:
            table = await self._requests.additions(record)
        except NotFound:
            return False  # retention has deleted its rows
        return await asyncio.to_thread(_holds, table, identities, entered_s)

    async def _first_since(self, at_ms: int) -> int:
        """Return the first request made since a moment; 0 for none."""
        newest = await self._requests.page_ids(None, before_id=0, size=1)
        low, high = 1, newest[0] + 1 if newest else 1
        # Invariant: all below low are older, all from high on are not.
        while low < high:
            middle = (low + high) // 2
            # Unused ids leave gaps: use the next lower request instead.
            below = await self._requests.page_ids(None, before_id=middle + 1, size=1)
            if below and (await self._requests.get(below[0])).created_ms >= at_ms:
                high = below[0]
            else:
                low = middle + 1
        return low if newest and low <= newest[0] else 0

    async def _next(self, id_: int) -> int:
        newest = await self._requests.page_ids(None, before_id=0, size=1)
        for following in range(id_ + 1, (newest[0] if newest else 0) + 1):
            if await self._requests.get_many([following]):
                return following
        return 0


def _holds(table: EntryTable, identities: Identities, entered_s: int) -> bool:
    row = int(rows_in(table, identities)[0])
    # An edit retains author and time of an entry, but is not the request that entered it.
    return row != NO_ENTRY and int(table.entry(row).created_at.timestamp()) == entered_s
