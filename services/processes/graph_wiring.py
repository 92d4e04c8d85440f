"""Builds the keeper of the graph of related entities, and the tasks it runs by."""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge

from blocklists.critical.critical_list import shipped, with_own
from blocklists.snapshot.replica import Replica
from fanzha.phone import HomePlan
from infra.clock import now_ms
from infra.redis.client import Client
from infra.redis.consumer_group import ConsumerGroup, StreamEntry
from infra.redis.dead_letters import DeadLetters
from infra.redis.stream_consumer import StreamConsumer
from infra.reloaded_file import ReloadedFile
from services.audit.events import Audit
from services.changes.popularity import PopularHosts
from services.decision.related import keeper
from services.decision.related.eligibility import Eligibility
from services.decision.related.keeper import GraphKeeper
from services.decision.related.store import SEEN, GraphLimits, GraphStore
from services.decision.sinks.hit_store import CONFIRMED, DISMISSED
from services.feedback.relation_reader import RelationReader
from services.settings.settings import Settings

DEAD_LETTERS = "fanzha:graph:dead_letters"
_DAY_MS = 86_400_000


class GraphMetrics:
    """Prometheus metrics of the graph."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._entities = Gauge(
            "fanzha_graph_entities",
            "Numbers, names, links and texts in the graph.",
            registry=registry,
        )
        self._marks = Gauge(
            "fanzha_graph_marks",
            "Entities in the graph that are confirmed, or suspected because they are seen with "
            "confirmed ones.",
            ["level"],
            registry=registry,
        )
        self._sightings = Counter(
            "fanzha_graph_sightings",
            "Events added to the graph; an edge for each pair of entities in one.",
            registry=registry,
        )
        self._evicted = Counter(
            "fanzha_graph_entities_evicted",
            "Entities that made room for others because the graph was full.",
            registry=registry,
        )
        self._dead = Counter(
            "fanzha_graph_dead_letters",
            "Hits and sightings that the graph could not take.",
            registry=registry,
        )

    def sightings_added(self, count: int, evicted: int) -> None:
        """Count sightings, and entities that made room for others."""
        self._sightings.inc(count)
        self._evicted.inc(evicted)

    def graph_sized(self, entities: int, confirmed: int, suspected: int) -> None:
        """Set the size of the graph."""
        self._entities.set(entities)
        self._marks.labels("confirmed").set(confirmed)
        self._marks.labels("suspected").set(suspected)

    def dead_letter(self, _stream: str) -> None:
        """Count what could not be taken."""
        self._dead.inc()


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphTasks:
    """The keeper and the consumers that feed it."""

    keeper: GraphKeeper
    consumers: Sequence[StreamConsumer]
    lists_loaded: asyncio.Event = field(default_factory=asyncio.Event)
    _warming: asyncio.Lock = field(default_factory=asyncio.Lock)

    def start(self) -> "list[asyncio.Task[None]]":
        """Start the tasks; they begin once the lists are loaded, which say what is allowed."""
        steps = [self.keeper.run, *(one.run for one in self.consumers)]
        return [asyncio.create_task(self._when_loaded(step)) for step in steps]

    async def _when_loaded(self, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        await self.lists_loaded.wait()
        async with self._warming:
            # Otherwise the first confirmation waits a second for it.
            await asyncio.to_thread(self.keeper.warm_up)
        await run()


def limits(settings: Settings) -> GraphLimits:
    """Return the bounds of the graph."""
    return GraphLimits(
        entities=settings.graph_entities,
        marks=settings.graph_marks,
        confirmed_ms=settings.graph_confirmed_days * _DAY_MS,
    )


def build(
    settings: Settings,
    client: Client,
    replica: Replica,
    popular: PopularHosts,
    registry: CollectorRegistry,
) -> GraphTasks:
    """Build the keeper; *client* returns text."""
    metrics = GraphMetrics(registry)
    graph = GraphKeeper(
        GraphStore(client, limits(settings), now_ms=now_ms),
        Eligibility(
            current_snapshot=lambda: replica.current,
            is_popular=_is_popular(popular, settings.popular_host_rank),
            current_critical=shipped
            if settings.critical_names_file is None
            else ReloadedFile(settings.critical_names_file, with_own).current,
            now_s=lambda: now_ms() // 1000,
        ),
        list_version=lambda: replica.current.version,
        now_ms=now_ms,
        counters=metrics,
    )
    return GraphTasks(keeper=graph, consumers=_consumers(client, graph, metrics))


def _consumers(client: Client, graph: GraphKeeper, metrics: GraphMetrics) -> list[StreamConsumer]:
    consumer = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"

    def consumer_of(
        stream: str, handle: Callable[[Sequence[StreamEntry]], Awaitable[None]], *, drop: bool
    ) -> StreamConsumer:
        return StreamConsumer(
            ConsumerGroup(client, stream=stream, group=keeper.GROUP, consumer=consumer),
            handle,
            dead_letters=DeadLetters(client, DEAD_LETTERS),
            now_ms=now_ms,
            on_dead_letter=metrics.dead_letter,
            drop=drop,
        )

    return [
        consumer_of(SEEN, graph.observe, drop=True),
        consumer_of(CONFIRMED, graph.confirm, drop=False),
        consumer_of(DISMISSED, graph.dismiss, drop=False),
    ]


def reader(settings: Settings, client: Client, *, audit: Audit) -> RelationReader:
    """Build what shows the graph."""
    store = GraphStore(client, limits(settings), now_ms=now_ms)
    return RelationReader(store, home=HomePlan(settings.home_country), audit=audit)


def _is_popular(popular: PopularHosts, least_rank: int) -> Callable[[str], bool]:
    def is_popular(host: str) -> bool:
        rank = popular.rank(host)
        return rank is not None and rank <= least_rank

    return is_popular
