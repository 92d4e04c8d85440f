"""Follows what is committed to the lists, change by change, with what each change replaced.

The log of changes has it. Where the log was put into the base of the lists meanwhile, change
requests know what they did; a version that neither can tell of is said to be lost.
"""

import re
from dataclasses import dataclass

from blocklists.entry_table import EntryTable, Identities
from blocklists.store.changes import ListChange
from blocklists.store.store import Store
from fanzha.errors import NotFound
from infra.redis.client import Client
from services.changes.history import History
from services.changes.model import ChangeRequest
from services.changes.store import ChangeStore
from services.warning.backfill.pending_store import ListLogPosition

_AT_ONCE = 100
"""Versions read from requests at a time."""
_REQUEST = re.compile(r"change:([0-9]+):.+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLogStep:
    """What one version of the lists changed."""

    place: ListLogPosition
    """After it."""
    committed_at_ms: int = 0
    author: str = ""
    change_id: int = 0
    """The request that made it; 0: none is known."""
    additions: EntryTable
    removals: Identities
    before: EntryTable
    """What it replaced or removed, as far as that is known."""
    lost: int = 0
    """Versions up to this one that nobody can tell of."""


class ListLog:
    """Reads the log; *client* must not decode answers. Raises `Unavailable` like the stores."""

    def __init__(self, client: Client) -> None:
        self._lists = Store(client)
        self._requests = ChangeStore(client)
        self._history = History(self._requests, self._lists)

    async def head(self) -> ListLogPosition:
        """Return where the lists are."""
        head = await self._lists.head()
        return ListLogPosition(version=head.version, commit=head.commit)

    async def after(self, place: ListLogPosition, *, block_ms: int) -> list[ListLogStep]:
        """Return what came after *place*, some of it; waits up to *block_ms* for the first."""
        changes = await self._lists.changes_after(place.version, place.commit, block_ms=block_ms)
        if changes is not None:
            return [await self._told(change) for change in changes]
        base = await self._lists.base_head()
        if place.version < base.version:
            return await self._from_requests(
                place, ListLogPosition(version=base.version, commit=base.commit)
            )
        head = await self.head()
        # Other lists than those that were read: how they came to be, nobody can tell.
        return [_nothing(head, lost=max(1, abs(head.version - place.version)))]

    async def _told(self, change: ListChange) -> ListLogStep:
        record = await self._request(change.commit)
        return ListLogStep(
            place=ListLogPosition(version=change.version, commit=change.commit),
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
        except NotFound:  # no longer kept: entries that were there count as new, and are looked at
            return EntryTable.from_entries([])

    async def _from_requests(
        self, place: ListLogPosition, base: ListLogPosition
    ) -> list[ListLogStep]:
        last = min(base.version, place.version + _AT_ONCE)
        made = await self._requests.ids_by_version(place.version + 1, last)
        known = {one.id: one for one in await self._requests.get_many(list(made.values()))}
        steps = []
        for version in range(place.version + 1, last + 1):
            record = known.get(made.get(version, 0))
            here = ListLogPosition(version=version, commit=record.commit if record else "")
            here = base if version == base.version else here
            steps.append(await self._done(record, here) if record else _nothing(here, lost=1))
        return steps

    async def _done(self, record: ChangeRequest, here: ListLogPosition) -> ListLogStep:
        try:
            done = await self._history.step_of(record)
        except NotFound:
            return _nothing(here, lost=1)
        return ListLogStep(
            place=here,
            committed_at_ms=record.applied_ms,
            author=record.author,
            change_id=record.id,
            additions=done.written,
            removals=done.removed,
            before=done.before,
        )


def _nothing(place: ListLogPosition, *, lost: int) -> ListLogStep:
    empty = EntryTable.from_entries([])
    return ListLogStep(place=place, additions=empty, removals=empty, before=empty, lost=lost)
