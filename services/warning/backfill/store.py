"""Store of backfills in Redis: request, plan and progress.

All keys lie in one slot. The plan of a backfill, its persons in order, is first written under a key
of its own. One script then makes it the plan, starts the backfill and ends what the backfill came
from, see `pending_store`: no reader sees half of it, and nothing starts twice. A worker reads
persons from the head of the plan, and one script advances the plan if `done` is unchanged: of two
workers that read the same persons only one counts them. Persons ingested twice after a crash are
deduplicated by their references, see `recipients`.

==================================  ==============================================
key                                 value
==================================  ==============================================
``fanzha:{warning:backfill}:all``   sorted set: backfills by start
``fanzha:{warning:backfill}:open``  sorted set: running backfills
``…:job:<id>``                      hash: the backfill
``…:plan:<id>``                     list: persons still to be warned
``…:lease:<id>``                    lease of the worker
``…:writing:<attempt>``             list: a plan being written; expires in an hour
==================================  ==============================================
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import TypeAdapter

from fanzha.errors import NotFound
from infra.redis.client import Client, execute_durable, within
from infra.redis.damaged_records import readable, reading
from infra.redis.lease import Lease
from services.warning.backfill.model import Backfill, BackfillState
from services.warning.backfill.recipients import BackfillRecipient

_SECONDS = 5.0
_AT_ONCE = 500
_LEASE_MS = 30_000
_PLAN_S = 30 * 86_400
_WRITING_S = 3600
KEEP_S = 180 * 86_400
"""Retention of backfills."""
TAG = "fanzha:{warning:backfill}"
_ALL, _OPEN = f"{TAG}:all", f"{TAG}:open"
_PERSON = TypeAdapter(BackfillRecipient)

_ADD = """
if redis.call('EXISTS', KEYS[3]) == 1 then
  redis.call('DEL', KEYS[1])
  return redis.call('HGET', KEYS[3], 'attempt') == ARGV[2] and 1 or 0
end
if #KEYS > 5 then
  if redis.call('HGET', KEYS[6], 'revision') ~= ARGV[6] then
    redis.call('DEL', KEYS[1])
    return 0
  end
  redis.call('HSET', KEYS[6], 'record', ARGV[7], 'revision', ARGV[6] + 1)
  redis.call('ZREM', KEYS[7], ARGV[1])
end
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('EXPIRE', KEYS[2], ARGV[4])
redis.call('HSET', KEYS[3], 'attempt', ARGV[2], unpack(ARGV, 8))
redis.call('EXPIRE', KEYS[3], ARGV[5])
redis.call('ZADD', KEYS[4], ARGV[3], ARGV[1])
redis.call('ZADD', KEYS[5], ARGV[3], ARGV[1])
return 1
"""

_ADVANCE = """
if redis.call('HGET', KEYS[1], 'state') ~= 'running' then return 0 end
if redis.call('HGET', KEYS[1], 'done') ~= ARGV[1] then return 0 end
redis.call('LTRIM', KEYS[2], ARGV[2], -1)
redis.call('HINCRBY', KEYS[1], 'done', ARGV[2])
for i = 4, #ARGV - 1, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
if redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('HSET', KEYS[1], 'state', 'done', 'ended_at_ms', ARGV[3])
  redis.call('ZREM', KEYS[3], ARGV[#ARGV])
end
return 1
"""
_STOP = """
if redis.call('HGET', KEYS[1], 'state') ~= 'running' then return 0 end
redis.call('HSET', KEYS[1], 'state', 'stopped', 'stopped_by', ARGV[2], 'ended_at_ms', ARGV[3])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('DEL', KEYS[2])
return 1
"""

RESULTS = ("accepted", "joined", "duplicate", "refused")
"""Results of a person: the first of these that any of their warnings has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingResolution:
    """The write that ends a pending backfill, in the script that starts it."""

    key: str
    pending: str
    """The sorted set to remove it from."""
    revision: int
    record: str


class BackfillStore:
    """Reads and writes backfills. Raises `Unavailable` within seconds while Redis is away."""

    def __init__(self, client: Client) -> None:
        """*client* must decode answers."""
        self._client: Any = client

    async def add(
        self,
        backfill: Backfill,
        plan: Iterable[BackfillRecipient],
        closing: PendingResolution | None = None,
    ) -> bool:
        """Write a backfill and its plan; return once Redis has fsynced them.

        Returns False if it exists, or if the pending backfill it resolves has changed.
        """
        attempt = secrets.token_hex(6)
        writing_to = _key("writing", attempt)
        for batch in _in_batches(plan):
            async with within(_SECONDS):
                await self._client.rpush(writing_to, *(_PERSON.dump_json(one) for one in batch))
                await self._client.expire(writing_to, _WRITING_S)
        fields = {
            "kind": backfill.kind,
            "pattern": backfill.pattern,
            "days": backfill.days,
            "rate": backfill.rate,
            "total": backfill.total,
            "by": backfill.by,
            "started_at_ms": backfill.started_at_ms,
            "state": backfill.state.value,
            "done": 0,
        }
        found = [writing_to, _key("plan", backfill.id), _key("job", backfill.id), _ALL, _OPEN]
        closed: tuple[int | str, str] = ("", "")
        if closing is not None:
            found += [closing.key, closing.pending]
            closed = (closing.revision, closing.record)
        times = (backfill.started_at_ms, _PLAN_S, KEEP_S)
        pairs = [part for field in fields.items() for part in field]
        async with within(_SECONDS):
            adding = self._client.pipeline(transaction=False)
            adding.eval(_ADD, len(found), *found, backfill.id, attempt, *times, *closed, *pairs)
            answers = await execute_durable(self._client, adding)
        return bool(answers[0])

    async def get(self, backfill_id: str) -> Backfill:
        """Return a backfill. Raises `NotFound`."""
        async with within(_SECONDS):
            found = await self._client.hgetall(_key("job", backfill_id))
        if not found:
            raise NotFound("backfill_id: there is no {backfill_id!r}", backfill_id=backfill_id)
        with reading("backfill"):
            return _read(backfill_id, found)

    async def newest(self, count: int) -> list[Backfill]:
        """Return backfills, newest first; expired ones are removed from the index."""
        async with within(_SECONDS):
            ids = await self._client.zrevrange(_ALL, 0, count - 1)
            return [one for one_id in ids if (one := await self._known(one_id)) is not None]

    async def running(self) -> list[Backfill]:
        """Return running backfills, oldest first."""
        async with within(_SECONDS):
            ids = await self._client.zrange(_OPEN, 0, -1)
            return [one for one_id in ids if (one := await self._known(one_id)) is not None]

    async def lease(self, backfill_id: str, worker: str) -> bool:
        """Acquire or renew the lease of *worker*; False while another worker has it."""
        key = _key("lease", backfill_id)
        return await Lease(self._client, key, owner=worker, duration_ms=_LEASE_MS).acquire()

    async def head(self, backfill_id: str, count: int) -> list[BackfillRecipient]:
        """Return the next persons of the plan; `advance` removes them."""
        async with within(_SECONDS):
            found = await self._client.lrange(_key("plan", backfill_id), 0, count - 1)
        with reading("recipient"):
            return [_PERSON.validate_json(text) for text in found]

    async def advance(
        self, backfill: Backfill, count: int, counts: Mapping[str, int], now_ms: int
    ) -> bool:
        """Remove *count* persons from the plan; False if it was stopped or advanced meanwhile."""
        pairs = [part for what in counts.items() for part in what]
        keys = (_key("job", backfill.id), _key("plan", backfill.id), _OPEN)
        async with within(_SECONDS):
            moved = await self._client.eval(
                _ADVANCE, len(keys), *keys, backfill.done, count, now_ms, *pairs, backfill.id
            )
        return bool(moved)

    async def stop(self, backfill_id: str, by: str, now_ms: int) -> bool:
        """Stop a backfill and delete the rest of its plan; False if it is not running."""
        keys = (_key("job", backfill_id), _key("plan", backfill_id), _OPEN)
        async with within(_SECONDS):
            stopping = self._client.pipeline(transaction=False)
            stopping.eval(_STOP, len(keys), *keys, backfill_id, by, now_ms)
            answers = await execute_durable(self._client, stopping)
        return bool(answers[0])

    async def _known(self, backfill_id: str) -> Backfill | None:
        found = await self._client.hgetall(_key("job", backfill_id))
        if not found:
            for place in (_ALL, _OPEN):
                await self._client.zrem(place, backfill_id)
            return None
        known = readable("backfill", lambda fields: _read(backfill_id, fields), [found])
        return known[0] if known else None


def _key(what: str, backfill_id: str) -> str:
    return f"{TAG}:{what}:{backfill_id}"


def _in_batches(plan: Iterable[BackfillRecipient]) -> Iterator[Sequence[BackfillRecipient]]:
    pending = iter(plan)
    while batch := list(islice(pending, _AT_ONCE)):
        yield batch


def _read(backfill_id: str, found: Mapping[str, str]) -> Backfill:
    return Backfill(
        id=backfill_id,
        kind=found["kind"],
        pattern=found["pattern"],
        days=int(found["days"]),
        rate=int(found["rate"]),
        total=int(found["total"]),
        by=found["by"],
        started_at_ms=int(found["started_at_ms"]),
        state=BackfillState(found["state"]),
        done=int(found["done"]),
        counts={what: int(found[what]) for what in RESULTS if what in found},
        stopped_by=found.get("stopped_by", ""),
        ended_at_ms=int(found.get("ended_at_ms", 0)),
    )
