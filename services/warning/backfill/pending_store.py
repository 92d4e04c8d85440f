"""Store of pending backfills in Redis, and of the position in the list log.

One script writes the backfills of a list change and advances the position, if it is still the one
that was read: so each change is handled once, with several processes and after a crash. All other
writes name the revision they were derived from. All keys lie in the slot of backfills: see `store`.

======================================  ==========================================================
key                                     value
======================================  ==========================================================
``fanzha:{warning:backfill}:position``  version and commit of the lists that were read
``…:proposed``                          sorted set: all, by when their entries took effect
``…:pending``                           sorted set: those that are pending, likewise
``…:pending:<id>``                      hash: record, revision
``…:counting:<id>``                     lease of the process that counts
======================================  ==========================================================
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from fanzha.errors import NotFound
from infra.redis.client import Client, execute_durable, within
from infra.redis.damaged_records import readable, reading
from services.warning.backfill.model import PendingBackfill
from services.warning.backfill.store import KEEP_S, TAG, PendingResolution

_SECONDS = 5.0
_COUNTING_MS = 120_000
_POSITION, _ALL, _OPEN = f"{TAG}:position", f"{TAG}:proposed", f"{TAG}:pending"
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
    """A position in the list log."""

    version: int
    commit: str

    @property
    def written(self) -> str:
        """The form in the store."""
        return f"{self.version} {self.commit}"


class PendingBackfillStore:
    """Reads and writes pending backfills. Raises `Unavailable` within seconds without Redis."""

    def __init__(self, client: Client) -> None:
        """*client* must decode answers."""
        self._client: Any = client

    async def position(self) -> ListLogPosition | None:
        """Return the position in the list log; None: nothing was read yet."""
        async with within(_SECONDS):
            found = await self._client.get(_POSITION)
        if found is None:
            return None
        version, _, commit = found.partition(" ")
        with reading("place in the log of the lists"):
            return ListLogPosition(version=int(version), commit=commit)

    async def set_first_position(self, position: ListLogPosition) -> None:
        """Set the first position, unless there is one."""
        async with within(_SECONDS):
            await self._client.set(_POSITION, position.written, nx=True)

    async def move(
        self,
        records: Sequence[PendingBackfill],
        *,
        read: tuple[ListLogPosition, ListLogPosition] | None = None,
        synced: bool = False,
    ) -> bool:
        """Write records, and advance the position if *read* (from, to) is given; all or nothing.

        Returns False on a conflict: read again. With *synced* waits for fsync; without it a lost
        write is repeated after a crash of Redis.
        """
        before, after = (one.written for one in read) if read else ("", "")
        arguments: list[Any] = [before, after, KEEP_S]
        for one in records:
            arguments += [one.id, one.revision, int(one.open), one.effective_at_ms, _written(one)]
        found = [_POSITION, _ALL, _OPEN, *(_key(one.id) for one in records)]
        async with within(_SECONDS):
            moving = self._client.pipeline(transaction=False)
            moving.eval(_MOVE, len(found), *found, *arguments)
            if synced:
                answers = await execute_durable(self._client, moving)
            else:
                answers = await moving.execute()
        return bool(answers[0])

    async def get(self, backfill_id: str) -> PendingBackfill:
        """Return one backfill. Raises `NotFound`."""
        found = await self._several([backfill_id])
        if not found:
            raise NotFound("backfill_id: there is no {backfill_id!r}", backfill_id=backfill_id)
        return found[0]

    async def pending(self) -> list[PendingBackfill]:
        """Return pending backfills, oldest first."""
        async with within(_SECONDS):
            ids = await self._client.zrange(_OPEN, 0, -1)
        return await self._several(ids)

    async def newest(self, count: int) -> list[PendingBackfill]:
        """Return the newest backfills of any state."""
        async with within(_SECONDS):
            ids = await self._client.zrevrange(_ALL, 0, count - 1)
        return await self._several(ids)

    async def forget(self, before_ms: int) -> None:
        """Remove expired backfills from the index."""
        async with within(_SECONDS):
            await self._client.zremrangebyscore(_ALL, "-inf", before_ms)

    async def lease(self, backfill_id: str, worker: str) -> bool:
        """Acquire the lease for counting; False while another worker has it."""
        async with within(_SECONDS):
            key = f"{TAG}:counting:{backfill_id}"
            return bool(await self._client.set(key, worker, nx=True, px=_COUNTING_MS))

    async def release(self, backfill_id: str) -> None:
        """Release the lease."""
        async with within(_SECONDS):
            await self._client.delete(f"{TAG}:counting:{backfill_id}")

    async def _several(self, ids: Sequence[str]) -> list[PendingBackfill]:
        async with within(_SECONDS):
            reading = self._client.pipeline(transaction=False)
            for one in ids:
                reading.hmget(_key(one), "record", "revision")
            answers = await reading.execute() if ids else []
        return readable(
            "pending backfill",
            lambda one: replace(_RECORD.validate_json(one[0]), revision=int(one[1])),
            [one for one in answers if one[0] is not None],
        )


def resolution_of(before: PendingBackfill, after: PendingBackfill) -> PendingResolution:
    """Return the write that ends *before*, for the script that starts its backfill."""
    return PendingResolution(
        key=_key(before.id), pending=_OPEN, revision=before.revision, record=_written(after)
    )


def _key(backfill_id: str) -> str:
    return f"{TAG}:pending:{backfill_id}"


def _written(record: PendingBackfill) -> str:
    return _RECORD.dump_json(record).decode()
