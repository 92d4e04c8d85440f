"""The graph of related entities on a real store, and workers that follow it, for tests."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from blocklists.entries import Entry
from blocklists.snapshot.snapshot import Snapshot
from infra.redis.client import connect
from infra.redis.consumer_group import StreamEntry
from services.decision.related.eligibility import Eligibility
from services.decision.related.entities import Suspect
from services.decision.related.follower import SuspectFollower
from services.decision.related.keeper import GraphKeeper
from services.decision.related.store import SEEN, GraphLimits, GraphStore, Sighting
from services.decision.related.suspect_set import SuspectSet
from tests.support.builders import NINE_O_CLOCK_MS

POPULAR = "popular.example"


class GraphFigures:
    """What a keeper counts."""

    def __init__(self) -> None:
        self.added = self.evicted = 0
        self.sizes: tuple[int, int, int] = (0, 0, 0)

    def sightings_added(self, count: int, evicted: int) -> None:
        self.added += count
        self.evicted += evicted

    def graph_sized(self, entities: int, confirmed: int, suspected: int) -> None:
        self.sizes = entities, confirmed, suspected


class RelationGraph:
    """A keeper on a store, a clock that tests set, and lists that they replace."""

    def __init__(self, client: Any, entries: Sequence[Entry], bounds: GraphLimits) -> None:
        self._client = client
        self.store = store = GraphStore(client, bounds, now_ms=lambda: self.now_ms)
        self.now_ms = NINE_O_CLOCK_MS
        self.snapshot = Snapshot.build(1, entries)
        self.figures = GraphFigures()
        self.keeper = GraphKeeper(
            store,
            Eligibility(
                current_snapshot=lambda: self.snapshot,
                is_popular=lambda host: host == POPULAR,
                now_s=lambda: self.now_ms // 1000,
            ),
            list_version=lambda: self.snapshot.version,
            now_ms=lambda: self.now_ms,
            counters=self.figures,
        )

    def list_only(self, *entries: Entry) -> None:
        """Replace the lists."""
        self.snapshot = Snapshot.build(self.snapshot.version + 1, entries)

    async def see(self, *entities: str, times: int = 1, sampled: bool = False) -> None:
        """Add sightings of these together, as a worker writes them and the keeper reads them."""
        sightings = [Sighting(1, sampled, entities)] * times
        await self.store.send(sightings)
        (written, *_) = await self._client.xrevrange(SEEN, count=1)
        await self.keeper.observe([StreamEntry(id=written[0], fields=written[1])])

    async def empty(self) -> None:
        """Empty the store."""
        await self._client.flushall()

    async def confirm(self, **hit: str) -> None:
        """Confirm a hit as a person does."""
        await self.keeper.confirm([_entry(hit, "confirmed")])

    async def block(self, **hit: str) -> None:
        """Block by an entry."""
        await self.keeper.confirm([_entry({"reason": "BLOCKLISTED"} | hit, "")])

    async def dismiss(self, **hit: str) -> None:
        """Dismiss a hit."""
        await self.keeper.dismiss([_entry(hit, "dismissed")])

    async def marks(self) -> dict[str, Suspect]:
        """Return all marked entities."""
        return {one.entity: one for one in await self.store.suspects()}

    async def levels(self) -> dict[str, str]:
        """Return whether each marked entity is confirmed or suspected."""
        found = await self.marks()
        return {name: "confirmed" if one.confirmed else "suspected" for name, one in found.items()}

    def follower(self) -> tuple[SuspectSet, SuspectFollower]:
        """Return the memory of a new worker, and what keeps it."""
        suspects = SuspectSet()
        return suspects, SuspectFollower(suspects, self.store, now_ms=lambda: self.now_ms)


def _entry(hit: Mapping[str, str], verdict: str) -> StreamEntry:
    fields = {"decision_id": "1", "channel": "CALL"} | dict(hit)
    return StreamEntry(id="1-0", fields=fields | ({"verdict": verdict} if verdict else {}))


@asynccontextmanager
async def a_graph(url: str, *entries: Entry, **limits: float) -> AsyncIterator[RelationGraph]:
    """Open a graph on the store at *url*."""
    client = connect(url)
    bounds = replace(GraphLimits(), **limits)  # type: ignore[arg-type]
    yield RelationGraph(client, entries, bounds)
    await client.aclose()
