"""Stores requests to activate a model, until a second person decides them, and after.

==============================  =====================================================
key                             what
==============================  =====================================================
``{fanzha:models}:requests``    hash: requests, by their number
``{fanzha:models}:request-no``  the last number given
==============================  =====================================================

The newest `MOST_REQUESTS` stay; the audit log has all.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from fanzha.errors import NotFound, VersionConflict
from infra.redis.client import Client
from infra.redis.damaged_records import readable
from infra.redis.numbered_records import NumberedRecords
from services.decision.model_kinds import ModelKind

REQUESTS, NUMBER = "{fanzha:models}:requests", "{fanzha:models}:request-no"
MOST_REQUESTS = 500


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
        self._records = NumberedRecords(
            client, records=REQUESTS, last_number=NUMBER, most=MOST_REQUESTS
        )

    async def next_number(self) -> int:
        """Return a number that no other request has."""
        return await self._records.next_number()

    async def all(self) -> list[ModelRequest]:
        """Return the requests, the newest first; damaged ones are counted and left out."""
        return readable("request of a model", _request, await self._records.all())

    async def get(self, number: int) -> ModelRequest:
        """Return one request; raises `NotFound`."""
        text = await self._records.get(number)
        if text is None:
            raise NotFound("there is no model request {number}", number=number)
        return _request(text)

    async def replace(self, before: ModelRequest | None, after: ModelRequest) -> None:
        """Store *after* where *before* was, None for nothing; raises `VersionConflict`."""
        old = before.written() if before else ""
        if not await self._records.replace(after.number, old, after.written()):
            raise VersionConflict(
                "somebody else decided model request {number}; look again", number=after.number
            )


def _request(text: str) -> ModelRequest:
    fields: dict[str, Any] = json.loads(text)
    return ModelRequest(
        **{
            **fields,
            "kind": ModelKind(fields["kind"]),
            "state": RequestState(fields["state"]),
        }
    )
