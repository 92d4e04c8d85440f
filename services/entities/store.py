"""Stores entities in Redis, each as one document; a change compares the revision first.

=====================================  ===================================================
key                                    what
=====================================  ===================================================
``{fanzha:entities}:next``             the last id allocated; some are never used
``{fanzha:entities}:documents``        hash: entities as JSON, by id
``{fanzha:entities}:revisions``        hash: their revisions, by id
``{fanzha:entities}:names``            hash: their ids, by clean-up and name
=====================================  ===================================================

A province has hundreds, an entity takes some 4 kB, and lists read all of them.
A write is acknowledged after ``WAITAOF``, where the store has an append-only file.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fanzha.errors import InvalidInput, NotFound, VersionConflict
from infra.redis.client import Client, execute_synced, within
from infra.redis.damaged_records import readable, reading
from services.entities import serialization
from services.entities.model import Entity

MOST = 5_000
"""Entities that are kept."""
_READ_SECONDS = 5.0
_WRITE_SECONDS = 5.0
_READ_AT_ONCE = 500

_ADD = """
local known = redis.call('HGET', KEYS[3], ARGV[2])
if known then return {0, known} end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then return {-1, '0'} end
redis.call('HSET', KEYS[3], ARGV[2], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], 1)
return {1, ARGV[1]}
"""
"""Keys: documents, revisions, names. Arguments: id, name, document, most entities. Answers 1, 0
with the id that has the name, or -1 when there are too many."""

_PUT = """
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then
    return redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[3] and 1 or 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], tonumber(ARGV[2]) + 1)
return 1
"""
"""Keys: documents, revisions. Arguments: id, the revision that was read, document. Answers 0 when
another change came first. Sent twice, it does the same."""


class EntityStore:
    """Reads and writes entities. Raises `Unavailable` within seconds while Redis is down."""

    def __init__(self, client: Client) -> None:
        """*client* must decode answers."""
        self._client: Any = client

    async def next_id(self) -> int:
        """Allocate the id of an entity."""
        async with within(_WRITE_SECONDS):
            return int(await self._client.incr(_key("next")))

    async def add(self, entity: Entity) -> tuple[int, bool]:
        """Store a new entity; return its id, and False when the clean-up has one of that name."""
        name = f"{entity.cleanup}\n{entity.name}"
        done, known = await self._synced(
            _ADD,
            ("documents", "revisions", "names"),
            (entity.entity_id, name, serialization.written(entity), MOST),
        )
        if done < 0:
            raise InvalidInput("entity: {most} are kept", most=MOST)
        return int(known), bool(done)

    async def get(self, entity_id: int) -> Entity:
        """Return an entity; `NotFound` when there is none."""
        async with within(_READ_SECONDS):
            text = await self._client.hget(_key("documents"), str(entity_id))
        if text is None:
            raise NotFound("entity_id: there is no entity {entity_id}", entity_id=entity_id)
        with reading("entity"):
            return serialization.read(text)

    async def put(self, entity: Entity) -> Entity:
        """Replace what was read at this revision; `VersionConflict` when it was changed since."""
        changed = replace(entity, revision=entity.revision + 1)
        arguments = (entity.entity_id, entity.revision, serialization.written(changed))
        if not await self._synced(_PUT, ("documents", "revisions"), arguments):
            raise VersionConflict(
                "entity {entity_id} was changed concurrently; read it again",
                entity_id=entity.entity_id,
            )
        return changed

    async def all(self) -> list[Entity]:
        """Return all entities, by id; damaged ones are counted and left out."""
        found: list[Entity] = []
        async with within(_READ_SECONDS):
            ids = sorted(await self._client.hkeys(_key("documents")), key=int)
        for start in range(0, len(ids), _READ_AT_ONCE):
            some = ids[start : start + _READ_AT_ONCE]
            async with within(_READ_SECONDS):
                texts = await self._client.hmget(_key("documents"), some)
            found += readable("entity", serialization.read, [one for one in texts if one])
        return found

    async def _synced(self, script: str, names: Sequence[str], arguments: Sequence[object]) -> Any:
        pipeline = self._client.pipeline(transaction=False)
        pipeline.eval(script, len(names), *map(_key, names), *map(str, arguments))
        async with within(_WRITE_SECONDS):
            (answer, *_), _on_disk = await execute_synced(self._client, pipeline, _key("next"))
        return answer


def _key(name: str) -> str:
    return f"{{fanzha:entities}}:{name}"
