"""Which entries that decisions and hits name are there for the caller, by id and pattern.

Decisions know no regions, so people with regions read them all; but of the entry that decided they
learn only where it is there for them, now. An entry that is listed no more is there for nobody who
has regions, as nothing tells any more which region it was of.
"""

import asyncio
from collections.abc import Callable, Iterable

import numpy as np

from blocklists.entries import EntryKind, entry_id
from blocklists.entry_table import Identities
from blocklists.queries import rows_of
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from services.auth import identity, region_scope

_KINDS = {kind.name[0].lower(): kind for kind in EntryKind}
"""By the first letter of an id."""


class EntrySight:
    """Looks entries up in the lists as they are for the caller."""

    def __init__(self, current: Callable[[], Snapshot]) -> None:
        """Look entries up in what *current* returns, the lists in force."""
        self._current = current

    async def hidden(self, named: Iterable[tuple[str, str]]) -> frozenset[str]:
        """Return which entries, each an id and a pattern, are not there for the caller."""
        ids = {id_: pattern for id_, pattern in named if id_}
        if not identity.current().regions or not ids:
            return frozenset()
        snapshot = await region_scope.readable(self._current())
        return await asyncio.to_thread(_absent, snapshot, ids)


def _absent(snapshot: Snapshot, ids: dict[str, str]) -> frozenset[str]:
    known, rows = [], []
    for id_, pattern in ids.items():
        kind = _KINDS.get(id_[:1])
        for action in Action if kind is not None else ():
            if (
                kind is not None
                and entry_id(kind, pattern, action) == id_
                and _is_read(kind, pattern, action)
            ):
                known.append(id_)
                rows.append((kind, pattern, action))
    if not known:
        return frozenset(ids)
    present = rows_of(snapshot, Identities.of(rows)) != NO_ENTRY
    return frozenset(ids) - {known[place] for place in np.flatnonzero(present).tolist()}


def _is_read(kind: EntryKind, pattern: str, action: Action) -> bool:
    try:
        Identities.of([(kind, pattern, action)])
    except InvalidInput:
        return False
    return True


class WholeSight:
    """Stands in where there are no lists to look entries up in, and nobody has regions."""

    async def hidden(self, named: Iterable[tuple[str, str]]) -> frozenset[str]:
        """Return all that is named, for callers with regions."""
        found = frozenset(id_ for id_, _ in named if id_)
        return found if identity.current().regions else frozenset()
