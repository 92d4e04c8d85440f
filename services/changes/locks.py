"""Which entries a waiting request holds, found for a million rows at once.

Kept in this process and brought in step with the store, whose counter of locks tells when
others have changed them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from blocklists.entry_table import Identities
from fanzha.decisions import Action
from fanzha.errors import VersionConflict
from services.changes.entry_set import EntrySet
from services.changes.store import ChangeStore

_MAX_SHOWN = 3


@dataclass(slots=True, kw_only=True)
class Locks:
    """What all waiting requests hold."""

    store: ChangeStore
    counter: int = -1
    """The store's counter these are of; -1: never read."""
    _held: dict[int, EntrySet] = field(default_factory=dict)

    async def refresh(self) -> None:
        """Bring them in step with the store."""
        if self.counter == await self.store.locks():
            return
        counter, ids = await self.store.open()
        for gone in self._held.keys() - set(ids):
            del self._held[gone]
        missing = [id_ for id_ in ids if id_ not in self._held]
        for record in await self.store.several(missing):
            parts = await self.store.additions(record), await self.store.removals(record)
            self._held[record.id] = EntrySet.of(*parts)
        self.counter = counter

    def take(self, id_: int, held: EntrySet, counter: int) -> None:
        """Note that a request of ours waits, which made the counter *counter*."""
        if counter == self.counter + 1:
            self._held[id_] = held
            self.counter = counter

    def release(self, id_: int, counter: int) -> None:
        """Note that a request of ours waits no more, which made the counter *counter*."""
        if counter == self.counter + 1:
            self._held.pop(id_, None)
            self.counter = counter

    def check(self, held: EntrySet, *, but: int = 0) -> None:
        """Raise `VersionConflict`, with its id, when a request other than *but* holds a row."""
        wanted = held.identities
        for id_, other in self._held.items():
            rows = other.touched_by(wanted) if id_ != but else []
            if rows:
                raise VersionConflict(_conflict_message(id_, wanted, rows))


def _conflict_message(id_: int, wanted: Identities, rows: Sequence[int]) -> str:
    shown = ", ".join(
        f"{wanted.pattern(row)} ({Action(int(wanted.actions[row])).name.lower()})"
        for row in rows[:_MAX_SHOWN]
    )
    more = f" and {len(rows) - _MAX_SHOWN:,} more" if len(rows) > _MAX_SHOWN else ""
    return f"change {id_} waits and holds {shown}{more}; decide on it first"
