"""Keeps backfills in Redis: what is asked, who is still to be warned, and how far it is.

All keys lie in one slot. The plan of a backfill, its persons in order, is first written under a key
of its own. One script then makes it the plan, starts the backfill and ends what the backfill came
from, see `pending_store`: no reader sees half of it, and nothing starts twice. A worker takes
persons from the head of the plan, and one script advances it by the number done before: of two
workers that took the same persons only one counts them. Persons taken twice after a crash are
recognised, see `recipients`.

================================  ==============================================
``fanzha:{warning:backfill}:all``    sorted set: backfills by when they were started
``fanzha:{warning:backfill}:open``   sorted set: those that run
``…:job:<id>``, ``…:plan:<id>``   hash: the backfill; list: persons still to be warned
``…:lease:<id>``                  who works on it
``…:writing:<attempt>``           list: a plan that is being written; gone in an hour
================================  ==============================================
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any

from pydantic import TypeAdapter

from fanzha.errors import NotFound
from infra.redis.client import Client, execute_synced, within
from infra.redis.damaged_records import readable, reading
from services.warning.backfill.recipients import BackfillRecipient

_SECONDS = 5.0
_AT_ONCE = 500
_LEASE_MS = 30_000
_PLAN_S = 30 * 86_400
_WRITING_S = 3600
KEEP_S = 180 * 86_400
"""How long a backfill is known."""
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

_MOVE_ON = """
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

WHAT = ("accepted", "joined", "duplicate", "refused")
"""What can become of a person: the first of these that any of their warnings became."""


class BackfillState(StrEnum):
    """Where a backfill stands."""

    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """One backfill."""

    id: str
    kind: str
    pattern: str
    days: int
    rate: int
    """Persons a second."""
    total: int
    """Persons."""
    by: str
    started_at_ms: int
    state: BackfillState = BackfillState.RUNNING
    done: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    """Persons by what became of them: accepted, joined, duplicate, refused."""
    stopped_by: str = ""
    ended_at_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingResolution:
    """What waited for a backfill, and ends in the step in which the backfill begins."""

    key: str
    waiting: str
    """The sorted set that it leaves."""
    revision: int
    record: str


class BackfillStore:
    """Reads and changes backfills. Raises `Unavailable`, soon, while Redis is away."""

    def __init__(self, client: Client) -> None:
        """*client* must decode answers."""
        self._client: Any = client

    async def add(
        self,
        backfill: Backfill,
        plan: Iterable[BackfillRecipient],
        closing: PendingResolution | None = None,
    ) -> bool:
        """Write a backfill and its plan; it runs once all of it is on the disk of the store.

        False when it is there already, or what it closes is no longer as it was.
        """
        attempt = secrets.token_hex(6)
        writing_to = _key("writing", attempt)
        for some in _in_batches(plan):
            async with within(_SECONDS):
                await self._client.rpush(writing_to, *(_PERSON.dump_json(one) for one in some))
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
            found += [closing.key, closing.waiting]
            closed = (closing.revision, closing.record)
        times = (backfill.started_at_ms, _PLAN_S, KEEP_S)
        pairs = [part for field in fields.items() for part in field]
        async with within(_SECONDS):
            adding = self._client.pipeline(transaction=False)
            adding.eval(_ADD, len(found), *found, backfill.id, attempt, *times, *closed, *pairs)
            answers, _ = await execute_synced(self._client, adding, _ALL)
        return bool(answers[0])

    async def get(self, backfill_id: str) -> Backfill:
        """Return a backfill; `NotFound` when there is none."""
        async with within(_SECONDS):
            found = await self._client.hgetall(_key("job", backfill_id))
        if not found:
            raise NotFound(f"backfill_id: there is no {backfill_id!r}")
        with reading("backfill"):
            return _read(backfill_id, found)

    async def newest(self, count: int) -> list[Backfill]:
        """Return backfills, the newest first; those that were forgotten leave the list."""
        async with within(_SECONDS):
            ids = await self._client.zrevrange(_ALL, 0, count - 1)
            return [one for one_id in ids if (one := await self._known(one_id)) is not None]

    async def running(self) -> list[Backfill]:
        """Return what runs, the oldest first."""
        async with within(_SECONDS):
            ids = await self._client.zrange(_OPEN, 0, -1)
            return [one for one_id in ids if (one := await self._known(one_id)) is not None]

    async def lease(self, backfill_id: str, worker: str) -> bool:
        """Let *worker* work on a backfill, or go on with it; False while another does."""
        key = _key("lease", backfill_id)
        async with within(_SECONDS):
            if await self._client.set(key, worker, nx=True, px=_LEASE_MS):
                return True
            if await self._client.get(key) != worker:
                return False
            await self._client.pexpire(key, _LEASE_MS)
            return True

    async def head(self, backfill_id: str, count: int) -> list[BackfillRecipient]:
        """Return the next persons; they stay until `move_on`."""
        async with within(_SECONDS):
            found = await self._client.lrange(_key("plan", backfill_id), 0, count - 1)
        with reading("person to be reached"):
            return [_PERSON.validate_json(text) for text in found]

    async def move_on(
        self, backfill: Backfill, count: int, counts: Mapping[str, int], now_ms: int
    ) -> bool:
        """Take *count* persons off; False when it was stopped, or another was faster."""
        pairs = [part for what in counts.items() for part in what]
        keys = (_key("job", backfill.id), _key("plan", backfill.id), _OPEN)
        async with within(_SECONDS):
            moved = await self._client.eval(
                _MOVE_ON, len(keys), *keys, backfill.done, count, now_ms, *pairs, backfill.id
            )
        return bool(moved)

    async def stop(self, backfill_id: str, by: str, now_ms: int) -> bool:
        """Stop a backfill and forget who was still to be warned; False when it did not run."""
        keys = (_key("job", backfill_id), _key("plan", backfill_id), _OPEN)
        async with within(_SECONDS):
            stopping = self._client.pipeline(transaction=False)
            stopping.eval(_STOP, len(keys), *keys, backfill_id, by, now_ms)
            answers, _ = await execute_synced(self._client, stopping, _ALL)
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
    waiting = iter(plan)
    while some := list(islice(waiting, _AT_ONCE)):
        yield some


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
        counts={what: int(found[what]) for what in WHAT if what in found},
        stopped_by=found.get("stopped_by", ""),
        ended_at_ms=int(found.get("ended_at_ms", 0)),
    )
