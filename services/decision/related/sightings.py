"""Carries sightings of entities from the decision path to the graph; no decision waits for it.

Of a batch of texts or links are taken the rows that are blocked or marked, or score half the
threshold; of the others one in `STRIDE`, which stands for all. Calls are not taken: a call shows
its caller with nothing else, and who calls a lot is not innocent for that. At most `BATCH_ROWS` of
a batch are taken and `CAPACITY` are buffered; what is beyond is dropped and counted: the graph is
a statistic. What the rows say is read when the buffer is written, for links and numbers in a text
cost more than its decision. Texts stay in memory until then; entities only are written.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from fanzha.callback_numbers import callback_keys
from fanzha.decisions import Action, Decisions, Reason
from fanzha.links import extract_links
from fanzha.phone import HomePlan
from fanzha.tables import Calls, Links, Texts
from infra.periodic import run_periodically
from services.decision.observer import Table
from services.decision.related.entities import link_entity, party_entity
from services.decision.related.store import Sighting

logger = logging.getLogger(__name__)

STRIDE = 64
BATCH_ROWS = 64
CAPACITY = 8192
WRITE_ROWS = 256
INTERVAL_SECONDS = 0.2
_SCORE_SHARE = np.float32(0.5)

_BLOCK = np.uint8(Action.BLOCK)
_REASONS = max(Reason) + 1
_MARKING, _EXEMPT = np.zeros(_REASONS, np.bool_), np.zeros(_REASONS, np.bool_)
_MARKING[[Reason.VELOCITY, Reason.RELATED]] = True
_EXEMPT[[Reason.INVALID, Reason.PROTECTED, Reason.ALLOWLISTED]] = True


class _Row(NamedTuple):
    """What is needed of a row to find its entities."""

    events: int
    sampled: bool
    key: int
    name: str
    body: str
    url: str


class SightingBuffer:
    """Sightings of one worker that are to be written. One thread only."""

    def __init__(
        self,
        home: HomePlan,
        *,
        dropped: Callable[[int], None] = lambda _rows: None,
        capacity: int = CAPACITY,
    ) -> None:
        self._home = home
        self._dropped = dropped
        self._capacity = capacity
        self._rows: deque[_Row] = deque()
        self._skip = 0

    def __len__(self) -> int:
        return len(self._rows)

    def observe(self, table: Table, decisions: Decisions) -> None:
        """Take the rows of a decided batch that tell something."""
        if isinstance(table, Calls):
            return
        telling = decisions.actions == _BLOCK
        telling |= _MARKING.take(decisions.reasons)
        own = decisions.thresholds
        threshold = np.float32(decisions.threshold) if own is None else own
        telling |= decisions.scores >= threshold * _SCORE_SHARE
        telling &= ~_EXEMPT.take(decisions.reasons)
        rows = telling.nonzero()[0]
        dropped = max(len(rows) - BATCH_ROWS, 0)
        for row in rows[:BATCH_ROWS].tolist():
            self._rows.append(_row(table, row, 1, sampled=False))
        for row in self._sampled(len(table)):
            if not telling[row] and row not in table.errors:
                self._rows.append(_row(table, row, STRIDE, sampled=True))
        while len(self._rows) > self._capacity:
            self._rows.popleft()
            dropped += 1
        if dropped:
            self._dropped(dropped)

    def take(self) -> list[Sighting]:
        """Remove the oldest sightings, `WRITE_ROWS` at most, and return those with entities."""
        taken = [self._rows.popleft() for _ in range(min(WRITE_ROWS, len(self._rows)))]
        found = [Sighting(row.events, row.sampled, list(self._entities(row))) for row in taken]
        return [one for one in found if one.entities]

    def _sampled(self, rows: int) -> range:
        sampled = range(self._skip, rows, STRIDE)
        self._skip = (self._skip - rows) % STRIDE if rows > self._skip else self._skip - rows
        return sampled

    def _entities(self, row: _Row) -> dict[str, None]:
        found = dict.fromkeys(filter(None, [party_entity(row.key, row.name)]))
        if row.url:
            found[link_entity(row.url)] = None
        if row.body:
            links, _ = extract_links(row.body)
            numbers, _ = callback_keys(row.body, self._home)
            found |= dict.fromkeys(map(link_entity, links))
            found |= dict.fromkeys(map(party_entity, numbers))
        found.pop("", None)
        return found


class SightingSink(Protocol):
    """Hands sightings on."""

    async def send(self, sightings: Sequence[Sighting]) -> None:
        """Hand all on; raise `Unavailable` while the store is down."""
        ...


class SightingWriter:
    """Writes a buffer to the graph periodically; what cannot be written is dropped."""

    def __init__(
        self,
        buffer: SightingBuffer,
        store: SightingSink,
        *,
        dropped: Callable[[int], None] = lambda _rows: None,
    ) -> None:
        self._buffer = buffer
        self._store = store
        self._dropped = dropped

    async def run(self) -> None:
        """Write until cancelled."""
        await run_periodically(
            self.write, every_seconds=INTERVAL_SECONDS, task="sightings", logger=logger
        )

    async def write(self) -> None:
        """Write what is buffered; raise `Unavailable` without the store."""
        while sightings := self._next():
            try:
                await self._store.send(sightings)
            except BaseException:
                self._dropped(len(sightings))
                raise

    def _next(self) -> list[Sighting]:
        """Return the next sightings; empty when there is none."""
        while len(self._buffer):
            if sightings := self._buffer.take():
                return sightings
        return []


def _row(table: Texts | Links, row: int, count: int, *, sampled: bool) -> _Row:
    if isinstance(table, Links):
        return _Row(count, sampled, 0, "", "", table.urls[row])
    name = table.names.get(row, "")
    return _Row(count, sampled, int(table.senders[row]), name, table.bodies[row], "")
