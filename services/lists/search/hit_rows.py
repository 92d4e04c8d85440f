"""Which rows of the lists matched traffic, for searches.

Hits are counted under ids, from which no pattern can be read; the store also has the pattern of
each entry that matched since it keeps them. They are read anew in the background, so an entry
that matched for the first time shows within some minutes.
"""

import asyncio
import logging
import time
from collections.abc import Iterable

import numpy as np

from blocklists.entries import EntryKind, entry_id
from blocklists.entry_table import Identities
from blocklists.queries import rows_of
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from fanzha.decisions import Action
from fanzha.errors import InvalidInput, Unavailable
from fanzha.tables import Int64s
from services.lists.lifecycle_pages import HitCountReader

logger = logging.getLogger(__name__)

MOST_NAMES = 1_000_000
_EVERY_SECONDS = 60.0
_SHARE = 0.02
"""At most this share of the time is spent on reading names."""
_KINDS = {kind.name[0].lower(): kind for kind in EntryKind}
_NAME_LENGTH = 16


class HitRows:
    """The rows of entries with hits, kept for the last snapshot."""

    def __init__(self, names: HitCountReader) -> None:
        self._names = names
        self._identities: Identities | None = None
        self._known: tuple[Snapshot, Identities, Int64s] | None = None
        self._next_read = 0.0
        self._reading: asyncio.Task[None] | None = None

    async def counted_since_s(self) -> int:
        """Return Unix seconds since when hits are counted; 0 before the first."""
        return await self._names.counted_since_s()

    async def rows(self, snapshot: Snapshot) -> Int64s:
        """Return the rows of *snapshot* with hits, ascending."""
        if self._identities is None:
            await self._read()
        elif time.monotonic() >= self._next_read and (
            self._reading is None or self._reading.done()
        ):
            self._reading = asyncio.create_task(self._read_again())
        identities = self._identities
        if identities is None:
            return np.zeros(0, np.int64)
        known = self._known
        if known is None or known[0] is not snapshot or known[1] is not identities:
            rows = await asyncio.to_thread(_present, snapshot, identities)
            self._known = known = snapshot, identities, rows
        return known[2]

    async def _read(self) -> None:
        began = time.monotonic()
        names = await self._names.patterns(MOST_NAMES)
        if len(names) >= MOST_NAMES:
            logger.warning("searches know the hits of %d entries only", len(names))
        self._identities = await asyncio.to_thread(_identities, names.items())
        now = time.monotonic()
        self._next_read = now + max(_EVERY_SECONDS, (now - began) / _SHARE)

    async def _read_again(self) -> None:
        try:
            await self._read()
        except Unavailable as error:
            self._next_read = time.monotonic() + _EVERY_SECONDS
            logger.warning("names of entries with hits: %s", error)


def _present(snapshot: Snapshot, identities: Identities) -> Int64s:
    rows = rows_of(snapshot, identities)
    return np.unique(rows[rows != NO_ENTRY])


def _identities(names: Iterable[tuple[str, str]]) -> Identities:
    found = []
    for name, pattern in names:
        kind, id_ = _KINDS.get(name[:1]), name[:_NAME_LENGTH]
        if kind is None:
            continue
        for action in Action:
            if entry_id(kind, pattern, action) == id_:
                found.append((kind, pattern, action))
                break
    try:
        return Identities.of(found)
    except InvalidInput:
        return Identities.of(filter(_readable, found))


def _readable(one: tuple[EntryKind, str, Action]) -> bool:
    try:
        Identities.of([one])
    except InvalidInput:
        return False
    return True
