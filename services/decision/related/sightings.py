"""Carries sightings of entities from the decision path to the graph; no decision waits for it.

Of a batch of texts or links are taken the rows that are blocked or marked, or score half the
threshold; of the others one in `STRIDE`, which stands for all. Calls are not taken: a call shows
its caller with nothing else, and who calls a lot is not innocent for that. At most `BATCH_ROWS` of
a batch are taken and `CAPACITY` are buffered; what is beyond is dropped and counted: the graph is
a statistic. Links and numbers in texts are those that the lists were searched for; their entities
are formed when the buffer is written. Until then a text is kept unless its sketch is made.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

from fanzha.decisions import Action, Decisions, Reason
from fanzha.fingerprint import BatchSketches, PendingSketch
from fanzha.tables import Calls, Int64s, Links
from infra.periodic import run_periodically
from services.decision.observer import Table
from services.decision.related.entities import TEXT, link_entity, party_entity
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
_EXEMPT[[Reason.INVALID, Reason.PROTECTED, Reason.ALLOWLISTED, Reason.FAILED_CLOSED]] = True


_NO_ROWS: Int64s = np.zeros(0, np.int64)
_NO_LINKS: tuple[Sequence[str], Int64s] = (), _NO_ROWS
_NO_NUMBERS = _NO_ROWS, _NO_ROWS
_NO_TEXT = PendingSketch("", None)

_Found = TypeVar("_Found")


class _Row(NamedTuple):
    """What is needed of a row to form its entities."""

    events: int
    sampled: bool
    key: int
    name: str
    urls: Sequence[str]
    numbers: Sequence[int]
    text: PendingSketch


class SightingBuffer:
    """Sightings of one worker that are to be written. One thread only."""

    def __init__(
        self,
        *,
        dropped: Callable[[int], None] = lambda _rows: None,
        capacity: int = CAPACITY,
    ) -> None:
        self._dropped = dropped
        self._capacity = capacity
        self._rows: deque[_Row] = deque()
        self._skip = 0
        self._links, self._numbers = _NO_LINKS, _NO_NUMBERS
        self.filled = asyncio.Event()
        """Set when rows come in."""

    def __len__(self) -> int:
        return len(self._rows)

    def links_found(self, urls: Sequence[str], owners: Int64s) -> None:
        """Take the links found in a batch of texts, before it is decided."""
        self._links = urls, owners

    def numbers_found(self, keys: Int64s, owners: Int64s) -> None:
        """Take the telephone numbers found in a batch of texts, before it is decided."""
        self._numbers = keys, owners

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
        sampled = [
            row for row in self._sampled(len(table)) if not telling[row] and row not in table.errors
        ]
        self._rows += self._taken(table, decisions, rows[:BATCH_ROWS].tolist(), sampled)
        self._links, self._numbers = _NO_LINKS, _NO_NUMBERS
        if self._rows:
            self.filled.set()
        while len(self._rows) > self._capacity:
            self._rows.popleft()
            dropped += 1
        if dropped:
            self._dropped(dropped)

    def take(self) -> list[Sighting]:
        """Remove the oldest sightings, `WRITE_ROWS` at most, and return those with entities."""
        taken = [self._rows.popleft() for _ in range(min(WRITE_ROWS, len(self._rows)))]
        # All at once: the first text costs as much as a hundred.
        written = BatchSketches.of_pending([row.text for row in taken]).written()
        found = [
            Sighting(row.events, row.sampled, _entities(row, fingerprint))
            for row, fingerprint in zip(taken, written, strict=True)
        ]
        return [one for one in found if one.entities]

    def _sampled(self, rows: int) -> range:
        sampled = range(self._skip, rows, STRIDE)
        self._skip = (self._skip - rows) % STRIDE if rows > self._skip else self._skip - rows
        return sampled

    def _taken(
        self, table: Table, decisions: Decisions, telling: list[int], sampled: list[int]
    ) -> Iterator[_Row]:
        counts = [(1, False)] * len(telling) + [(STRIDE, True)] * len(sampled)
        rows = telling + sampled
        if isinstance(table, Links):
            for row, (events, is_sampled) in zip(rows, counts, strict=True):
                yield _Row(events, is_sampled, 0, "", (table.urls[row],), (), _NO_TEXT)
        elif not isinstance(table, Calls) and rows:
            keys, names = table.senders[rows].tolist(), table.names
            urls = _by_row(self._links[0], self._links[1], rows, len(table))
            numbers = _by_row(self._numbers[0].tolist(), self._numbers[1], rows, len(table))
            sketches = (decisions.sketches or BatchSketches(table.bodies)).pending(rows)
            of_rows = zip(rows, keys, sketches, counts, strict=True)
            for row, key, sketch, (events, is_sampled) in of_rows:
                own = urls.get(row, ()), numbers.get(row, ()), sketch
                yield _Row(events, is_sampled, key, names.get(row, ""), *own)


def _by_row(
    found: Sequence[_Found], owners: Int64s, rows: Sequence[int], of: int
) -> dict[int, list[_Found]]:
    """Return what was found in each of *rows*, of a batch *of* so many."""
    chosen = np.zeros(of, np.bool_)
    chosen[rows] = True
    places = chosen[owners].nonzero()[0]
    by_row: dict[int, list[_Found]] = {}
    for place, row in zip(places.tolist(), owners[places].tolist(), strict=True):
        by_row.setdefault(row, []).append(found[place])
    return by_row


def _entities(row: _Row, fingerprint: str) -> list[str]:
    """Return the entities of a row, each once."""
    found: dict[str, None] = {}
    if row.key or row.name:
        found[party_entity(row.key, row.name)] = None
    if fingerprint:
        found[TEXT + fingerprint] = None
    for url in row.urls:
        found[link_entity(url)] = None
    for number in row.numbers:
        found[party_entity(number)] = None
    found.pop("", None)
    return list(found)


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
            self.write,
            every_seconds=INTERVAL_SECONDS,
            task="sightings",
            logger=logger,
            work=self._buffer.filled,
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
