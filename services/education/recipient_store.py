"""Recipients of each campaign in Redis: who they are, and what became of each.

All keys of a campaign are in one slot, ``{fanzha:education:<id>}``:

==============  ===========================================================================
key             what
==============  ===========================================================================
``people``      hash: recipients as JSON, by the digest of their number
``states``      hash: what became of each (`PersonState`), by digest, once assigned
``counts``      hash: how many are in each state
``pending``     sorted set: digests that wait to be sent, in the order of their draw
``queued``      sorted set: digests by the time at which they were handed to the channel
==============  ===========================================================================

A digest stands for a number in ids of messages. There are few numbers, so anyone with access to
the store can find them by brute force: it only avoids casual exposure. All keys but ``counts``
expire some time after the campaign.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from infra.redis.client import Client, execute_durable, within
from infra.redis.damaged_records import readable
from services.education import serialization
from services.education.model import EducationRecipient, PersonCounts, PersonState

_SECONDS = 10.0
_SCAN = 1_000
_PERSONAL = ("people", "states", "pending", "queued")
_RANKS = {
    PersonState.TO_SEND: 0,
    PersonState.QUEUED: 1,
    PersonState.WITHHELD: 2,
    PersonState.FAILED: 2,
    PersonState.SENT: 2,
    PersonState.DELIVERED: 3,
}
"""A report of a lower rank never replaces one of a higher: they come in any order."""
_ASSIGN = """
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
if ARGV[2] == 'to_send' then redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1]) end
return 1
"""
_SETTLE = """
local known = redis.call('HGET', KEYS[1], ARGV[1])
if not known or known == ARGV[2] then return 0 end
local ranks = cjson.decode(ARGV[3])
if not ranks[known] or ranks[known] > ranks[ARGV[2]] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HINCRBY', KEYS[2], known, -1)
redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
return 1
"""
_QUEUED = """
if redis.call('ZREM', KEYS[3], ARGV[1]) == 0 then return 0 end
redis.call('ZADD', KEYS[4], ARGV[2], ARGV[1])
if redis.call('HGET', KEYS[1], ARGV[1]) ~= 'to_send' then return 1 end
redis.call('HSET', KEYS[1], ARGV[1], 'queued')
redis.call('HINCRBY', KEYS[2], 'to_send', -1)
redis.call('HINCRBY', KEYS[2], 'queued', 1)
return 1
"""
_DRAFT_S = 90 * 86_400
"""How long recipients of a draft are kept after the last were added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What was decided of one recipient."""

    person: str
    """Digest of the number."""
    state: PersonState
    draw: float
    """From 0 to 1: decides who is held out, and in which order the others are written to."""


def digest_of(number: str) -> str:
    """Return the digest that stands for an E.164 number."""
    return blake2b(number.encode(), digest_size=10).hexdigest()


class RecipientStore:
    """Reads and writes recipients. Raises `Unavailable` within seconds while Redis is down."""

    def __init__(self, client: Client) -> None:
        """*client* must decode answers."""
        self._client: Any = client

    async def add(
        self, campaign_id: int, people: Mapping[str, EducationRecipient | None], *, replace: bool
    ) -> tuple[int, int]:
        """Store recipients by number; None removes one.

        Returns how many there are now, and how many of these were there before.
        """
        name, numbers = _key(campaign_id, "people"), [digest_of(one) for one in people]
        writing = self._client.pipeline(transaction=False)
        if replace:
            writing.delete(name)
        if numbers:
            writing.hmget(name, numbers)
        for person, recipient in zip(numbers, people.values(), strict=True):
            if recipient is None:
                writing.hdel(name, person)
            else:
                writing.hset(name, person, serialization.written(recipient))
        writing.expire(name, _DRAFT_S)
        writing.hlen(name)
        async with within(_SECONDS):
            answers = await execute_durable(self._client, writing)
        known = answers[int(replace)] if numbers else []
        return int(answers[-1]), sum(one is not None for one in known)

    async def walk(self, campaign_id: int) -> AsyncIterator[dict[str, EducationRecipient]]:
        """Yield all recipients in batches, by digest; each once."""
        seen = set[str]()
        async for batch in self._scan(campaign_id, "people"):
            new = {one: text for one, text in batch.items() if one not in seen}
            seen.update(new)
            yield _read(new)

    async def assign(self, campaign_id: int, decided: Sequence[Assignment]) -> None:
        """Store what was decided, durably; what was decided before stays."""
        if not decided:
            return
        writing = self._client.pipeline(transaction=False)
        names = _keys(campaign_id, "states", "counts", "pending")
        for one in decided:
            writing.eval(_ASSIGN, 3, *names, one.person, one.state.value, repr(one.draw))
        async with within(_SECONDS):
            await execute_durable(self._client, writing)

    async def states(self, campaign_id: int) -> dict[str, PersonState]:
        """Return what became of all, by digest."""
        found = dict[str, PersonState]()
        async for batch in self._scan(campaign_id, "states"):
            found |= {
                person: PersonState(state)
                for person, state in batch.items()
                if state in set(PersonState)
            }
        return found

    async def counts(self, campaign_id: int) -> PersonCounts:
        """Return how many are in each state."""
        async with within(_SECONDS):
            found = await self._client.hgetall(_key(campaign_id, "counts"))
        return PersonCounts(
            by_state={
                PersonState(state): int(count)
                for state, count in found.items()
                if state in set(PersonState) and int(count)
            }
        )

    async def pending(self, campaign_id: int, most: int) -> dict[str, EducationRecipient | None]:
        """Return the next people to write to, by digest: the same until they are queued.

        None stands for one whose record is gone or damaged.
        """
        async with within(_SECONDS):
            people = await self._client.zrange(_key(campaign_id, "pending"), 0, most - 1)
            texts = await self._client.hmget(_key(campaign_id, "people"), people) if people else []
        found = _read({one: text for one, text in zip(people, texts, strict=True) if text})
        return {one: found.get(one) for one in people}

    async def waiting(self, campaign_id: int) -> int:
        """Return how many still wait."""
        async with within(_SECONDS):
            return int(await self._client.zcard(_key(campaign_id, "pending")))

    async def queue(self, campaign_id: int, people: Sequence[str], now_ms: int) -> None:
        """Record that messages were handed to the channel."""
        writing = self._client.pipeline(transaction=False)
        names = _keys(campaign_id, "states", "counts", "pending", "queued")
        for person in people:
            writing.eval(_QUEUED, 4, *names, person, now_ms)
        async with within(_SECONDS):
            await writing.execute()

    async def queued_since(self, campaign_id: int, since_ms: int) -> int:
        """Return how many were handed over since a time."""
        async with within(_SECONDS):
            return int(await self._client.zcount(_key(campaign_id, "queued"), since_ms, "+inf"))

    async def settle(self, campaign_id: int, person: str, state: PersonState) -> bool:
        """Record what became of a message; whether it is news."""
        ranks = json.dumps({one.value: rank for one, rank in _RANKS.items()})
        names = _keys(campaign_id, "states", "counts")
        async with within(_SECONDS):
            return bool(await self._client.eval(_SETTLE, 2, *names, person, state.value, ranks))

    async def keep_until(self, campaign_id: int, at_ms: int) -> None:
        """Let all that is known of single recipients expire at a time."""
        writing = self._client.pipeline(transaction=False)
        for name in _keys(campaign_id, *_PERSONAL):
            writing.pexpireat(name, at_ms)
        async with within(_SECONDS):
            await writing.execute()

    async def _scan(self, campaign_id: int, name: str) -> AsyncIterator[dict[str, str]]:
        cursor = 0
        while True:
            async with within(_SECONDS):
                cursor, batch = await self._client.hscan(
                    _key(campaign_id, name), cursor, count=_SCAN
                )
            if batch:
                yield batch
            if not int(cursor):
                return


def _read(texts: Mapping[str, str]) -> dict[str, EducationRecipient]:
    """Read recipients; damaged ones are counted and left out."""
    found: dict[str, EducationRecipient] = {}
    for person, text in texts.items():
        for recipient in readable("education recipient", serialization.read_recipient, [text]):
            found[person] = recipient
    return found


def _key(campaign_id: int, name: str) -> str:
    return f"{{fanzha:education:{campaign_id}}}:{name}"


def _keys(campaign_id: int, *names: str) -> list[str]:
    return [_key(campaign_id, name) for name in names]
