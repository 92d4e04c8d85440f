"""The graph in Redis: sightings in, marks out. `services.decision.related.scripts` has the keys."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from fanzha.fingerprint import NEAR
from infra.redis.client import Client, within
from infra.redis.consumer_group import pairs_of_stream
from infra.redis.damaged_records import readable
from services.decision.related import scripts
from services.decision.related.entities import Suspect, fingerprint_of
from services.decision.related.scripts import KEYS, PREFIX

SEEN = "fanzha:graph:seen"
"""Stream of sightings, from the workers to whoever keeps the graph."""
CHANGES = f"{PREFIX}changes"
SEEN_ENTRIES = 10_000
"""Entries of that stream at most, each some hundred sightings; older ones are lost."""

_SECONDS = 4.0
_DAY_MS = 86_400_000
_SCANNED = 1000


class Sighting(NamedTuple):
    """Entities seen together in one event, or in so many."""

    events: int
    sampled: bool
    """Whether it stands for traffic that nothing speaks against; it makes nothing known."""
    entities: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphLimits:
    """What bounds the graph, and from what on an entity is suspected."""

    half_life_ms: int = 7 * _DAY_MS
    entities: int = 200_000
    texts: int = 20_000
    """Of the entities, those that are texts; the ones seen last stay."""
    near: int = NEAR
    """Equal values that make one entity of two texts."""
    neighbours: int = 64
    """Of one entity; the least seen go first."""
    marks: int = 100_000
    causes: int = 16
    changes: int = 200_000
    """Entries of the stream of changes, about."""
    sightings: float = 2.5
    """Of an entity with confirmed ones, decayed: three on one day are enough."""
    text_sightings: float = 0.5
    """Of a text: one is enough for a week."""
    share: float = 0.5
    """Of all sightings of an entity, those with confirmed ones."""
    hub: int = 16
    """Of a confirmed entity with more neighbours, each gets a smaller part."""
    confirmed_ms: int = 30 * _DAY_MS
    """How long a confirmation lasts; a new one renews it."""
    suspected_ms: int = 7 * _DAY_MS


class Neighbour(NamedTuple):
    """An entity seen with another."""

    entity: str
    together: float
    """Sightings of both, decayed."""


class ShownEntity(NamedTuple):
    """What the graph holds of an entity."""

    entity: str
    """Of a text, the known one that it is a near-duplicate of."""
    total: float
    """Sightings, decayed."""
    suspect: Suspect | None
    causes: dict[str, int]
    """Decisions and entries that confirmed it, and when."""
    neighbours: list[Neighbour]


class GraphStore:
    """Reads and writes the graph. Raises `Unavailable` within seconds while Redis is down."""

    def __init__(
        self, client: Client, limits: GraphLimits | None = None, *, now_ms: Callable[[], int]
    ) -> None:
        self._client: Any = client
        self._limits = limits or GraphLimits()
        self._written_limits = asdict(self._limits)
        self._now_ms = now_ms

    async def send(self, sightings: Sequence[Sighting]) -> None:
        """Hand sightings to whoever keeps the graph."""
        async with within(_SECONDS):
            await self._client.xadd(
                SEEN, {"seen": json.dumps(sightings)}, maxlen=SEEN_ENTRIES, approximate=True
            )

    async def observe(self, sightings: Sequence[Sighting]) -> int:
        """Add sightings to the graph; return how many entities made room for new ones."""
        return int(await self._run(scripts.OBSERVE, sightings)) if sightings else 0

    async def confirm(self, causes: Sequence[tuple[str, str]]) -> None:
        """Confirm entities, each for a cause: a decision or a list entry."""
        if causes:
            await self._run(scripts.CONFIRM, causes)

    async def revoke(self, causes: Sequence[tuple[str, str]]) -> None:
        """Take causes away from entities, and what rested on them."""
        if causes:
            await self._run(scripts.REVOKE, causes)

    async def clear(self, entities: Sequence[str]) -> None:
        """Bar entities from suspicion for as long as a confirmation lasts."""
        if entities:
            await self._run(scripts.CLEAR, entities)

    async def forget(self, entities: Sequence[str]) -> None:
        """Remove entities from the graph."""
        if entities:
            await self._run(scripts.FORGET, entities)

    async def expire(self) -> None:
        """End the marks whose time is over."""
        while await self._run(scripts.EXPIRE):
            pass

    async def suspects(self) -> list[Suspect]:
        """Return all marked entities."""
        async with within(_SECONDS * 5):
            scan = self._client.hscan_iter(f"{PREFIX}marks", count=_SCANNED)
            found = {entity: text async for entity, text in scan}
        return list(readable("mark of the graph", _suspect, found.items()))

    async def causes(self, entities: Collection[str]) -> dict[str, dict[str, int]]:
        """Return what confirmed each entity, and when."""
        async with within(_SECONDS):
            reading = self._client.pipeline(transaction=False)
            for entity in entities:
                reading.hgetall(f"{PREFIX}causes:{entity}")
            answers = await reading.execute() if entities else []
        return {
            entity: {cause: int(at) for cause, at in answer.items()}
            for entity, answer in zip(entities, answers, strict=True)
        }

    async def show(self, entity: str) -> ShownEntity | None:
        """Return what the graph holds of an entity; None where it was never seen."""
        if fingerprint_of(entity):
            entity = await self._run(scripts.KNOWN, entity)
        async with within(_SECONDS):
            reading = self._client.pipeline(transaction=False)
            reading.zscore(f"{PREFIX}totals", entity)
            reading.hget(f"{PREFIX}marks", entity)
            reading.hgetall(f"{PREFIX}causes:{entity}")
            reading.zrange(f"{PREFIX}near:{entity}", 0, -1, desc=True, withscores=True)
            total, mark, causes, near = await reading.execute()
        if total is None and mark is None:
            return None
        return ShownEntity(
            entity=entity,
            total=0.0 if total is None else self._decayed(total),
            suspect=_suspect((entity, mark)) if mark else None,
            causes={cause: int(at) for cause, at in causes.items()},
            neighbours=[Neighbour(other, self._decayed(score)) for other, score in near],
        )

    async def size(self) -> tuple[int, int, int]:
        """Return the numbers of entities, confirmed entities, and marks."""
        async with within(_SECONDS):
            reading = self._client.pipeline(transaction=False)
            reading.zcard(f"{PREFIX}totals")
            reading.hlen(f"{PREFIX}confirmed")
            reading.hlen(f"{PREFIX}marks")
            entities, confirmed, marks = await reading.execute()
        return int(entities), int(confirmed), int(marks)

    async def newest_change(self) -> str:
        """Return the place of the newest change; "0-0" without any."""
        async with within(_SECONDS):
            found = await self._client.xrevrange(CHANGES, count=1)
        return str(found[0][0]) if found else "0-0"

    async def changes(
        self, after: str, *, block_ms: int, count: int = 1000
    ) -> list[tuple[str, str, Suspect | None]]:
        """Return changes after a place: place, entity, and its mark or None; waits for one."""
        async with within(_SECONDS + block_ms / 1000):
            answer = await self._client.xread({CHANGES: after}, count=count, block=block_ms)
        return [
            (str(place), fields["entity"], _suspect((fields["entity"], fields["mark"])))
            if fields["mark"]
            else (str(place), fields["entity"], None)
            for place, fields in pairs_of_stream(answer)
        ]

    def _decayed(self, score: float) -> float:
        return float(2.0 ** (float(score) - self._now_ms() / self._limits.half_life_ms))

    async def _run(self, script: str, *values: object) -> Any:
        limits = json.dumps(self._written_limits | {"now": self._now_ms()})
        async with within(_SECONDS):
            return await self._client.eval(script, 2, *KEYS, limits, *map(json.dumps, values))


def _suspect(pair: tuple[str, str]) -> Suspect:
    entity, mark = pair[0], json.loads(pair[1])
    return Suspect(
        entity=entity,
        confirmed=bool(mark["confirmed"]),
        related_to=str(mark["related_to"]),
        since_ms=int(mark["since"]),
        ends_at_ms=int(mark["ends"]),
    )
