"""Follows the commits of the lists, each with the entries that it replaced.

Reads the list log, and change requests where the log was compacted into the base of the lists. A
version that neither has is reported as lost.
"""

import re
from dataclasses import dataclass

from blocklists.entry_table import EntryTable, Identities
from blocklists.store.changes import ListChange
from blocklists.store.store import Store
from fanzha.errors import NotFound
from infra.redis.client import Client
from services.changes.model import ChangeRequest
from services.changes.past.history import History
from services.changes.store import ChangeStore
from services.warning.backfill.pending_store import ListLogPosition

_AT_ONCE = 100
"""Versions read from change requests at a time."""
_REQUEST = re.compile(r"change:([0-9]+):.+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListVersionChange:
    """The change of one list version."""

    position: ListLogPosition
    """Position after the change."""
    committed_at_ms: int = 0
    author: str = ""
    change_id: int = 0
    """Its change request; 0: unknown."""
    additions: EntryTable
    removals: Identities
    before: EntryTable
    """The entries it replaced or removed, where known."""
    lost: int = 0
    """Number of versions up to this one whose changes are unknown."""


class ListLog:
    """Reads list changes; *client* must not decode answers. Raises `Unavailable`."""

    def __init__(self, client: Client) -> None:
        self._lists = Store(client)
        self._requests = ChangeStore(client)
        self._history = History(self._requests, self._lists)

    async def head(self) -> ListLogPosition:
        """Return the current position of the lists."""
        head = await self._lists.head()
        return ListLogPosition(version=head.version, commit=head.commit)

    async def after(self, position: ListLogPosition, *, block_ms: int) -> list[ListVersionChange]:
        """Return the next changes after *position*; wait up to *block_ms* for the first."""
        changes = await self._lists.changes_after(
            position.version, position.commit, block_ms=block_ms
        )
        if changes is not None:
            return [await self._change_from_log(change) for change in changes]
        base = await self._lists.base_head()
        if position.version < base.version:
            return await self._from_requests(
                position, ListLogPosition(version=base.version, commit=base.commit)
            )
        head = await self.head()
        # These lists are not a continuation of those that were read.
        return [_lost_change(head, lost=max(1, abs(head.version - position.version)))]

    async def _change_from_log(self, change: ListChange) -> ListVersionChange:
        record = await self._request(change.commit)
        return ListVersionChange(
            position=ListLogPosition(version=change.version, commit=change.commit),
            committed_at_ms=change.committed_at_ms,
            author=change.author,
            change_id=record.id if record else 0,
            additions=change.additions,
            removals=change.removals,
            before=await self._before(record),
        )

    async def _request(self, commit: str) -> ChangeRequest | None:
        named = _REQUEST.fullmatch(commit)
        for record in await self._requests.get_many([int(named[1])]) if named else ():
            if record.commit == commit:
                return record
        return None

    async def _before(self, record: ChangeRequest | None) -> EntryTable:
        if record is None:
            return EntryTable.from_entries([])
        try:
            return await self._requests.before(record)
        except NotFound:  # expired: replaced entries count as new
            return EntryTable.from_entries([])

    async def _from_requests(
        self, position: ListLogPosition, base: ListLogPosition
    ) -> list[ListVersionChange]:
        last = min(base.version, position.version + _AT_ONCE)
        made = await self._requests.ids_by_version(position.version + 1, last)
        known = {one.id: one for one in await self._requests.get_many(list(made.values()))}
        steps = []
        for version in range(position.version + 1, last + 1):
            record = known.get(made.get(version, 0))
            here = ListLogPosition(version=version, commit=record.commit if record else "")
            here = base if version == base.version else here
            steps.append(
                await self._change_from_request(record, here)
                if record
                else _lost_change(here, lost=1)
            )
        return steps

    async def _change_from_request(
        self, record: ChangeRequest, here: ListLogPosition
    ) -> ListVersionChange:
        try:
            step = await self._history.step_of(record)
        except NotFound:
            return _lost_change(here, lost=1)
        return ListVersionChange(
            position=here,
            committed_at_ms=record.applied_ms,
            author=record.author,
            change_id=record.id,
            additions=step.written,
            removals=step.removed,
            before=step.before,
        )


def _lost_change(position: ListLogPosition, *, lost: int) -> ListVersionChange:
    empty = EntryTable.from_entries([])
    return ListVersionChange(
        position=position, additions=empty, removals=empty, before=empty, lost=lost
    )
