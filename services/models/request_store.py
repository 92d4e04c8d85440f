"""Stores requests to activate a model, until a second person decides them, and after.

==============================  =====================================================
key                             what
==============================  =====================================================
``{fanzha:models}:requests``    hash: requests, by their number
``{fanzha:models}:request-no``  the last number given
==============================  =====================================================

A request is replaced only if it is still the one that was read, so that two people cannot decide it
at once. Of decided ones the newest `MOST_REQUESTS` stay; the audit log has all.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from fanzha.errors import NotFound, VersionConflict
from infra.redis.client import Client, execute_synced, within
from infra.redis.damaged_records import readable
from services.decision.model_kinds import ModelKind

REQUESTS, NUMBER = "{fanzha:models}:requests", "{fanzha:models}:request-no"
MOST_REQUESTS = 500
_READ_SECONDS = 2.0
_WRITE_SECONDS = 4.0
_REPLACE = """
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('HDEL', KEYS[1], ARGV[4])
return 1
"""


class RequestState(StrEnum):
    """Where a request stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    """The model was activated."""
    REJECTED = "rejected"
    """A second person refused it, or its author withdrew it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """A request that a bundle decides."""

    number: int
    kind: ModelKind
    version: str
    running: str
    """The version that decided when it was made."""
    reason: str
    author: str
    made_at_ms: int
    state: RequestState = RequestState.WAITING
    decided_by: str = ""
    decided_at_ms: int = 0
    note: str = ""

    def written(self) -> str:
        """Return this as text."""
        return json.dumps(asdict(self), ensure_ascii=False)


class ModelRequestStore:
    """Reads and writes requests. Raises `Unavailable` while Redis is down."""

    def __init__(self, client: Client) -> None:
        self._client: Any = client

    async def next_number(self) -> int:
        """Return a number that no other request has."""
        async with within(_WRITE_SECONDS):
            return int(await self._client.incr(NUMBER))

    async def all(self) -> list[ModelRequest]:
        """Return the requests, the newest first."""
        async with within(_READ_SECONDS):
            fields = await self._client.hgetall(REQUESTS)
        found = readable("request of a model", lambda pair: _request(pair[1]), fields.items())
        return sorted(found, key=lambda one: -one.number)

    async def get(self, number: int) -> ModelRequest:
        """Return one request; raises `NotFound`."""
        async with within(_READ_SECONDS):
            text = await self._client.hget(REQUESTS, str(number))
        if text is None:
            raise NotFound("there is no model request {number}", number=number)
        return _request(text)

    async def replace(self, before: ModelRequest | None, after: ModelRequest) -> bool:
        """Store *after* where *before* was, None for nothing; return whether it is on disk."""
        old = before.written() if before else ""
        forgotten = str(after.number - MOST_REQUESTS)
        async with within(_WRITE_SECONDS):
            writing = self._client.pipeline(transaction=False)
            writing.eval(_REPLACE, 1, REQUESTS, str(after.number), old, after.written(), forgotten)
            (replaced,), synced = await execute_synced(self._client, writing)
        if not replaced:
            raise VersionConflict(
                "somebody else decided model request {number}; look again", number=after.number
            )
        return bool(synced)


def _request(text: str) -> ModelRequest:
    fields: Mapping[str, Any] = json.loads(text)
    return ModelRequest(
        **{
            **fields,
            "kind": ModelKind(fields["kind"]),
            "state": RequestState(fields["state"]),
        }
    )
