"""Locks of open change requests on entries, checked in bulk.

A cache of the store; the store's lock counter changes whenever any process adds or releases one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from blocklists.entry_table import Identities
from fanzha.decisions import Action
from fanzha.errors import VersionConflict
from services.changes.entry_set import EntrySet
from services.changes.store import ChangeStore

_MAX_SHOWN = 3


class EntriesLocked(VersionConflict):
    """An open request locks an entry."""

    def __init__(self, message: str, change_id: int) -> None:
        super().__init__(message)
        self.change_id = change_id


@dataclass(slots=True, kw_only=True)
class Locks:
    """The entries locked by open requests."""

    store: ChangeStore
    counter: int = -1
    """The store's lock counter at the last refresh; -1 before the first."""
    _held: dict[int, EntrySet] = field(default_factory=dict)

    async def refresh(self) -> None:
        """Reload from the store if its lock counter has changed."""
        if self.counter == await self.store.lock_counter():
            return
        counter, ids = await self.store.read_locks()
        for gone in self._held.keys() - set(ids):
            del self._held[gone]
        missing = [id_ for id_ in ids if id_ not in self._held]
        for record in await self.store.get_many(missing):
            parts = await self.store.additions(record), await self.store.removals(record)
            self._held[record.id] = EntrySet.of(*parts)
        self.counter = counter

    def add(self, id_: int, entries: EntrySet, counter: int) -> None:
        """Add the locks of a request of this process, whose transition set the counter."""
        if counter == self.counter + 1:
            self._held[id_] = entries
            self.counter = counter

    def release(self, id_: int, counter: int) -> None:
        """Remove the locks of a request of this process, whose transition set the counter."""
        if counter == self.counter + 1:
            self._held.pop(id_, None)
            self.counter = counter

    def check(self, entries: EntrySet, *, exclude: int = 0) -> None:
        """Raise `VersionConflict` when a request other than *exclude* locks one of the entries."""
        identities = entries.identities
        for id_, other in self._held.items():
            rows = other.rows_of(identities) if id_ != exclude else []
            if rows:
                raise EntriesLocked(_conflict_message(id_, identities, rows), id_)


def _conflict_message(id_: int, identities: Identities, rows: Sequence[int]) -> str:
    shown = ", ".join(
        f"{identities.pattern(row)} ({Action(int(identities.actions[row])).name.lower()})"
        for row in rows[:_MAX_SHOWN]
    )
    more = f" and {len(rows) - _MAX_SHOWN:,} more" if len(rows) > _MAX_SHOWN else ""
    return f"change {id_} is open and locks {shown}{more}; approve or reject it first"
