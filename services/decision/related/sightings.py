"""Carries sightings of entities from the decision path to the graph; no decision waits for it.

Of a batch of texts or links are taken the rows that are blocked or marked, or score half the
threshold; of the others one in `STRIDE`, which stands for all. Calls are not taken: a call shows
its caller with nothing else, and who calls a lot is not innocent for that. Rows that repeat what is
buffered, as those of a campaign do, are added up to one sighting. At most `BATCH_ROWS` of a batch
are taken, `CAPACITY` different ones are buffered, and `WRITES` times `WRITE_ROWS` are written each
`INTERVAL_SECONDS`; what is beyond is dropped and counted: the graph is a statistic. Links and
numbers in texts are those that the lists were searched for; of a text the first `MAX_LINKS` domains
and `MAX_NUMBERS` numbers count, because the graph has an edge for each pair. Their entities are
formed when the buffer is written. Until then a text is kept unless its sketch is made.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, TypeAlias, TypeVar

import numpy as np

from fanzha.decisions import Action, Decisions, Reason
from fanzha.fingerprint import BatchSketches, PendingSketch
from fanzha.tables import Calls, Int64s, Links, Texts
from infra.periodic import run_periodically
from services.decision.observer import Table
from services.decision.related.entities import TEXT, link_entity, party_entity
from services.decision.related.store import Sighting

logger = logging.getLogger(__name__)

STRIDE = 64
BATCH_ROWS = 64
CAPACITY = 8192
WRITE_ROWS = 64
WRITES = 8
"""So many sightings keep the store busy for a part of the interval; several workers share it."""
INTERVAL_SECONDS = 0.2
MAX_LINKS, MAX_NUMBERS = 16, 8
_SCORE_SHARE = np.float32(0.5)

_BLOCK = np.uint8(Action.BLOCK)
_REASONS = max(Reason) + 1
_MARKING, _COUNTED = np.zeros(_REASONS, np.bool_), np.ones(_REASONS, np.bool_)
_MARKING[[Reason.VELOCITY, Reason.RELATED]] = True
_COUNTED[[Reason.INVALID, Reason.PROTECTED, Reason.ALLOWLISTED, Reason.FAILED_CLOSED]] = False


_NO_ROWS: Int64s = np.zeros(0, np.int64)
_NO_LINKS: tuple[Sequence[str], Int64s] = (), _NO_ROWS
_NO_NUMBERS = _NO_ROWS, _NO_ROWS
_NO_TEXT = PendingSketch("", None)

_Found = TypeVar("_Found")


_Key: TypeAlias = tuple[int, int, bool]
"""Rows with equal keys have the same entities: a hash of the text or link, the sender, whether the
row is sampled. 64 bits, so among what is buffered two texts share a hash once in 10**11 times."""


@dataclass(slots=True)
class _Row:
    """What is needed of equal rows to form their entities."""

    events: int
    sampled: bool
    key: int = 0
    name: str = ""
    urls: Sequence[str] = ()
    numbers: Sequence[int] = ()
    text: PendingSketch = _NO_TEXT


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
        self._rows: dict[_Key, _Row] = {}
        """Those seen first come first."""
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
        own = decisions.thresholds
        threshold = np.float32(decisions.threshold) if own is None else own
        telling = decisions.scores >= threshold * _SCORE_SHARE
        telling |= decisions.actions == _BLOCK
        telling |= _MARKING.take(decisions.reasons)
        telling &= _COUNTED.take(decisions.reasons)
        rows = telling.nonzero()[0]
        dropped = max(len(rows) - BATCH_ROWS, 0)
        sampled = [
            row for row in self._sampled(len(table)) if not telling[row] and row not in table.errors
        ]
        if len(rows):
            self._add(table, decisions, rows[:BATCH_ROWS].tolist(), is_sampled=False)
        if sampled:
            self._add(table, decisions, sampled, is_sampled=True)
        self._links, self._numbers = _NO_LINKS, _NO_NUMBERS
        if self._rows:
            self.filled.set()
        while len(self._rows) > self._capacity:
            dropped += self._pop().events
        if dropped:
            self._dropped(dropped)

    def take(self) -> list[Sighting]:
        """Remove the oldest sightings, `WRITE_ROWS` at most, and return those with entities."""
        taken = [self._pop() for _ in range(min(WRITE_ROWS, len(self._rows)))]
        # All at once: the first text costs as much as a hundred.
        written = BatchSketches.of_pending([row.text for row in taken]).written()
        found = [
            Sighting(row.events, row.sampled, _entities(row, fingerprint))
            for row, fingerprint in zip(taken, written, strict=True)
        ]
        return [one for one in found if one.entities]

    def _pop(self) -> _Row:
        return self._rows.pop(next(iter(self._rows)))

    def _sampled(self, rows: int) -> range:
        sampled = range(self._skip, rows, STRIDE)
        self._skip = (self._skip - rows) % STRIDE if rows > self._skip else self._skip - rows
        return sampled

    def _add(
        self, table: Texts | Links, decisions: Decisions, rows: Sequence[int], *, is_sampled: bool
    ) -> None:
        events, new = STRIDE if is_sampled else 1, dict[int, _Row]()
        if isinstance(table, Links):
            contents, senders = table.urls, [0] * len(rows)
        else:
            contents, senders = table.bodies, table.senders[rows].tolist()
        for row, sender in zip(rows, senders, strict=True):
            key = hash(contents[row]), sender, is_sampled
            before = self._rows.get(key)
            if before is None:
                new[row] = self._rows[key] = _Row(events, is_sampled, sender)
            else:
                before.events += events
        if isinstance(table, Links):
            for row, one in new.items():
                one.urls = (table.urls[row],)
        elif new:
            self._fill(table, decisions, new)

    def _fill(self, texts: Texts, decisions: Decisions, new: Mapping[int, _Row]) -> None:
        """Fill in what only texts have."""
        rows = list(new)
        urls = _by_row(self._links[0], self._links[1], rows, len(texts))
        numbers = _by_row(self._numbers[0].tolist(), self._numbers[1], rows, len(texts))
        sketches = (decisions.sketches or BatchSketches(texts.bodies)).pending(rows)
        for (row, one), sketch in zip(new.items(), sketches, strict=True):
            one.name, one.text = texts.names.get(row, ""), sketch
            one.urls, one.numbers = urls.get(row, ()), numbers.get(row, ())


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
    links = filter(None, dict.fromkeys(map(link_entity, row.urls)))
    numbers = filter(None, dict.fromkeys(map(party_entity, row.numbers)))
    found |= dict.fromkeys([*islice(links, MAX_LINKS), *islice(numbers, MAX_NUMBERS)])
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
        """Write the oldest of what is buffered; raise `Unavailable` without the store."""
        for _ in range(WRITES):
            if not (sightings := self._next()):
                return
            try:
                await self._store.send(sightings)
            except BaseException:
                self._dropped(sum(one.events for one in sightings))
                raise
        if len(self._buffer):
            self._buffer.filled.set()

    def _next(self) -> list[Sighting]:
        """Return the next sightings; empty when there is none."""
        while len(self._buffer):
            if sightings := self._buffer.take():
                return sightings
        return []
