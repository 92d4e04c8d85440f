"""Keeps backfills that wait in Redis, and how far the log of the lists was read.

A change of the lists is noticed and read past by one script: it compares the place, so that of two
processes, and of one that was killed and begins anew, one notices it, once. Every other step names
the revision it was made from. All keys lie in the slot of backfills, see `store`.

==================================  ============================================
``fanzha:{warning:backfill}:place``    version and commit of the lists, read so far
``…:noticed``, ``…:waiting``        sorted sets by when they landed: all; those that wait
``…:waiting:<id>``                  hash: record, revision
``…:counting:<id>``                 who counts it
==================================  ============================================
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from fanzha.errors import NotFound
from infra.redis.client import Client, execute_synced, within
from infra.redis.damaged_records import readable, reading
from services.warning.backfill.model import PendingBackfill
from services.warning.backfill.store import KEEP_S, TAG, PendingResolution

_SECONDS = 5.0
_COUNTING_MS = 120_000
_PLACE, _ALL, _OPEN = f"{TAG}:place", f"{TAG}:noticed", f"{TAG}:waiting"
_RECORD = TypeAdapter(PendingBackfill)

_MOVE = """
if ARGV[2] ~= '' and redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 4, #KEYS do
  local at = 4 + (i - 4) * 5
  if (redis.call('HGET', KEYS[i], 'revision') or '0') ~= ARGV[at + 1] then return 0 end
end
for i = 4, #KEYS do
  local at = 4 + (i - 4) * 5
  redis.call('HSET', KEYS[i], 'record', ARGV[at + 4], 'revision', ARGV[at + 1] + 1)
  redis.call('EXPIRE', KEYS[i], ARGV[3])
  redis.call('ZADD', KEYS[2], ARGV[at + 3], ARGV[at])
  if ARGV[at + 2] == '1' then
    redis.call('ZADD', KEYS[3], ARGV[at + 3], ARGV[at])
  else
    redis.call('ZREM', KEYS[3], ARGV[at])
  end
end
if ARGV[2] ~= '' then redis.call('SET', KEYS[1], ARGV[2]) end
return 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLogPosition:
    """How far the log of the lists was read."""

    version: int
    commit: str

    @property
    def written(self) -> str:
        """As the store has it."""
        return f"{self.version} {self.commit}"


class PendingBackfillStore:
    """Reads and changes backfills that wait. Raises `Unavailable`, soon, while Redis is away."""

    def __init__(self, client: Client) -> None:
        """*client* must decode answers."""
        self._client: Any = client

    async def place(self) -> ListLogPosition | None:
        """Return how far the lists were read; None: never."""
        async with within(_SECONDS):
            found = await self._client.get(_PLACE)
        if found is None:
            return None
        version, _, commit = found.partition(" ")
        with reading("place in the log of the lists"):
            return ListLogPosition(version=int(version), commit=commit)

    async def begin(self, place: ListLogPosition) -> None:
        """Begin at *place*, unless another process has begun."""
        async with within(_SECONDS):
            await self._client.set(_PLACE, place.written, nx=True)

    async def move(
        self,
        records: Sequence[PendingBackfill],
        *,
        read: tuple[ListLogPosition, ListLogPosition] | None = None,
        synced: bool = False,
    ) -> bool:
        """Write records, and that the lists were read from one place to another; all or nothing.

        False when somebody else was faster: then look again. With *synced*, waits for the disk;
        what is noticed or counted need not: where the store loses it, it is done anew.
        """
        before, after = (one.written for one in read) if read else ("", "")
        arguments: list[Any] = [before, after, KEEP_S]
        for one in records:
            arguments += [one.id, one.revision, int(one.open), one.landed_at_ms, _written(one)]
        found = [_PLACE, _ALL, _OPEN, *(_key(one.id) for one in records)]
        async with within(_SECONDS):
            moving = self._client.pipeline(transaction=False)
            moving.eval(_MOVE, len(found), *found, *arguments)
            if synced:
                answers, _ = await execute_synced(self._client, moving, _ALL)
            else:
                answers = await moving.execute()
        return bool(answers[0])

    async def get(self, backfill_id: str) -> PendingBackfill:
        """Return one; `NotFound` when there is none."""
        found = await self._several([backfill_id])
        if not found:
            raise NotFound(f"backfill_id: there is no {backfill_id!r}")
        return found[0]

    async def waiting(self) -> list[PendingBackfill]:
        """Return those that wait, the one that landed first first."""
        async with within(_SECONDS):
            ids = await self._client.zrange(_OPEN, 0, -1)
        return await self._several(ids)

    async def newest(self, count: int) -> list[PendingBackfill]:
        """Return the newest, whatever became of them."""
        async with within(_SECONDS):
            ids = await self._client.zrevrange(_ALL, 0, count - 1)
        return await self._several(ids)

    async def forget(self, before_ms: int) -> None:
        """Let those leave the list whose record has gone by itself."""
        async with within(_SECONDS):
            await self._client.zremrangebyscore(_ALL, "-inf", before_ms)

    async def lease(self, backfill_id: str, worker: str) -> bool:
        """Let *worker* count; False while another does."""
        async with within(_SECONDS):
            key = f"{TAG}:counting:{backfill_id}"
            return bool(await self._client.set(key, worker, nx=True, px=_COUNTING_MS))

    async def release(self, backfill_id: str) -> None:
        """Let others count again."""
        async with within(_SECONDS):
            await self._client.delete(f"{TAG}:counting:{backfill_id}")

    async def _several(self, ids: Sequence[str]) -> list[PendingBackfill]:
        async with within(_SECONDS):
            reading = self._client.pipeline(transaction=False)
            for one in ids:
                reading.hmget(_key(one), "record", "revision")
            answers = await reading.execute() if ids else []
        return readable(
            "waiting backfill",
            lambda one: replace(_RECORD.validate_json(one[0]), revision=int(one[1])),
            [one for one in answers if one[0] is not None],
        )


def closing(before: PendingBackfill, after: PendingBackfill) -> PendingResolution:
    """Return what ends *before* in the same step that begins its backfill."""
    return PendingResolution(
        key=_key(before.id), waiting=_OPEN, revision=before.revision, record=_written(after)
    )


def _key(backfill_id: str) -> str:
    return f"{TAG}:waiting:{backfill_id}"


def _written(record: PendingBackfill) -> str:
    return _RECORD.dump_json(record).decode()
