"""Keeps the graph: adds sightings, confirms, revokes, and forgets what may not count.

Runs in list administration, which has the lists, away from the decision path. Several may run:
each entry of a stream is handled by one of them, and every step is atomic in the store.
"""

import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol

from infra.periodic import run_periodically
from infra.redis.consumer_group import StreamEntry
from infra.redis.damaged_records import readable
from services.decision.related import confirmations
from services.decision.related.eligibility import Eligibility
from services.decision.related.entities import LINK
from services.decision.related.store import GraphStore, Sighting

logger = logging.getLogger(__name__)

GROUP = "graph"
"""Consumer group on the streams of sightings and hits."""
REVIEW_SECONDS = 2.0
"""Between two looks for a change of the lists."""
EXPIRY_SECONDS = 10.0
"""Between two reviews without one: they end old marks and tell how large the graph is."""
_REMEMBERED_MS = 60_000
MOST_REMEMBERED = 10_000
"""Confirmations by entries at most, some 300 bytes each."""
_CHUNK = 1000
_BY_ENTRY = "entry:"
_ONE_OF_EACH = ("+8617000000000", f"{LINK}first.example")


class GraphCounters(Protocol):
    """Counts what goes into the graph, in metrics."""

    def sightings_added(self, count: int, evicted: int) -> None:
        """Count sightings, and entities that made room for others."""
        ...

    def graph_sized(self, entities: int, confirmed: int, suspected: int) -> None:
        """Set the size of the graph."""
        ...


class GraphKeeper:
    """Handlers for the streams of sightings, confirmed and dismissed hits; and reviews."""

    def __init__(
        self,
        store: GraphStore,
        eligibility: Eligibility,
        *,
        list_version: Callable[[], int],
        now_ms: Callable[[], int],
        counters: GraphCounters,
    ) -> None:
        self._store = store
        self._eligibility = eligibility
        self._list_version = list_version
        self._now_ms = now_ms
        self._counters = counters
        self._reviewed = -1
        self._expire_at_ms = 0
        self._remembered = OrderedDict[tuple[str, str], int]()
        """When confirmations by entries were made, which every block repeats; oldest first."""

    @property
    def remembered(self) -> int:
        """How many confirmations are not asked for again, as they were just made."""
        return len(self._remembered)

    def warm_up(self) -> None:
        """Load what eligibility needs, such as public suffixes; the first time takes a second."""
        self._eligibility.ineligible(_ONE_OF_EACH)

    async def observe(self, entries: Sequence[StreamEntry]) -> None:
        """Add sightings from workers. A repeat counts twice, which the statistic bears."""
        for _, seen in readable("sightings", _sightings, [(one.id, one) for one in entries]):
            entities = {entity for one in seen for entity in one.entities}
            refused = self._eligibility.ineligible(sorted(entities))
            kept = [
                Sighting(one.events, one.sampled, [e for e in one.entities if e not in refused])
                for one in seen
            ]
            kept = [one for one in kept if one.entities]
            evicted = await self._store.observe(kept)
            self._counters.sightings_added(sum(one.events for one in kept), evicted)

    async def confirm(self, entries: Sequence[StreamEntry]) -> None:
        """Confirm what confirmed hits are about. Idempotent."""
        now_ms = self._now_ms()
        found = dict.fromkeys(pair for one in entries for pair in confirmations.causes(one.fields))
        wanted = [pair for pair in found if not self._is_remembered(pair, now_ms)]
        entities = [entity for entity, _ in wanted]
        refused = self._eligibility.ineligible(entities)
        blocked = self._eligibility.blocked(entities)
        # The lists may have changed since an entry blocked.
        wanted = [
            (entity, cause)
            for entity, cause in wanted
            if entity not in refused and (entity in blocked or not cause.startswith(_BY_ENTRY))
        ]
        await self._store.confirm(wanted)
        self._remember([pair for pair in wanted if pair[1].startswith(_BY_ENTRY)], now_ms)

    async def dismiss(self, entries: Sequence[StreamEntry]) -> None:
        """Revoke what dismissed hits had confirmed, and clear them of suspicion. Idempotent."""
        for entry in entries:
            gone = confirmations.withdrawn(entry.fields)
            for pair in gone:
                self._remembered.pop(pair, None)
            await self._store.revoke(gone)
            await self._store.clear(confirmations.cleared(entry.fields))

    async def run(self) -> None:
        """Review the graph after each change of the lists, end old marks; until cancelled."""
        await run_periodically(
            self.review_if_due,
            every_seconds=REVIEW_SECONDS,
            task="reviews of the graph",
            logger=logger,
        )

    async def review_if_due(self) -> None:
        """Review the graph if the lists have changed, or `EXPIRY_SECONDS` after the last review."""
        now_ms = self._now_ms()
        if self._list_version() == self._reviewed and now_ms < self._expire_at_ms:
            return
        await self.review()
        self._expire_at_ms = now_ms + int(EXPIRY_SECONDS * 1000)

    async def review(self) -> None:
        """Forget what may not count any more, revoke what entries confirmed that are gone."""
        version = self._list_version()
        if version != self._reviewed:
            suspects = await self._store.suspects()
            for start in range(0, len(suspects), _CHUNK):
                some = suspects[start : start + _CHUNK]
                entities = [one.entity for one in some]
                await self._store.forget(sorted(self._eligibility.ineligible(entities)))
                await self._revoke_unlisted([one.entity for one in some if one.confirmed])
            self._reviewed = version
        await self._store.expire()
        entities_held, confirmed, marks = await self._store.size()
        self._counters.graph_sized(entities_held, confirmed, marks - confirmed)

    async def _revoke_unlisted(self, confirmed: Sequence[str]) -> None:
        unlisted = set(confirmed) - self._eligibility.blocked(confirmed)
        causes = await self._store.causes(sorted(unlisted))
        gone = [
            (entity, cause)
            for entity, of_entity in causes.items()
            for cause in of_entity
            if cause.startswith(_BY_ENTRY)
        ]
        for pair in gone:
            self._remembered.pop(pair, None)
        await self._store.revoke(gone)

    def _remember(self, pairs: Sequence[tuple[str, str]], now_ms: int) -> None:
        """Remember confirmations; forget those that no longer spare a question."""
        for pair in pairs:
            self._remembered[pair] = now_ms
            self._remembered.move_to_end(pair)
        while len(self._remembered) > MOST_REMEMBERED or self._oldest_is_spent(now_ms):
            self._remembered.popitem(last=False)

    def _oldest_is_spent(self, now_ms: int) -> bool:
        oldest = next(iter(self._remembered), None)
        return oldest is not None and not self._is_remembered(oldest, now_ms)

    def _is_remembered(self, pair: tuple[str, str], now_ms: int) -> bool:
        at = self._remembered.get(pair)
        return at is not None and now_ms - at < _REMEMBERED_MS


def _sightings(pair: tuple[str, StreamEntry]) -> tuple[str, list[Sighting]]:
    id_, entry = pair
    found = json.loads(entry.fields["seen"])
    return id_, [Sighting(int(n), bool(sampled), list(names)) for n, sampled, names in found]
