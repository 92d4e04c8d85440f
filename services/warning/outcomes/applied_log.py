"""Log of the actions taken because of the outcome of a case, so that each is taken once.

Before a change request is made the action is marked as *requested*, afterwards with its result. If
a process dies in between, the next one finds *requested*: the change request exists if an open one
locks the entry.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fanzha.errors import VersionConflict
from infra.redis.client import Client, within
from services.warning import keys

REQUESTED = "requested"
NOTED = "noted"
"""Field: the note about all actions was added to the case."""
_SECONDS = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeAction:
    """An action about one list entry, or one of the means of a case."""

    field: str
    """Its field in the log of the case."""
    run: Callable[[bool], Awaitable[str]]
    """Takes whether it was marked as requested before; returns the result, as ``word: sentence``.
    Raises `VersionConflict` if it must be retried later."""


class AppliedLog:
    """Reads and writes the log. Raises `Unavailable` while Redis is away."""

    def __init__(self, client: Client, *, retention_days: int) -> None:
        self._client = client
        self._retention_s = retention_days * 86_400

    async def of(self, case_id: str) -> dict[str, str]:
        """Return the results of a case's actions by field."""
        async with within(_SECONDS):
            found: Any = await self._client.hgetall(_key(case_id))
        return {str(field): str(value) for field, value in found.items()}

    async def write(self, case_id: str, field: str, value: str) -> None:
        """Write the result of an action."""
        async with within(_SECONDS):
            pipeline: Any = self._client.pipeline(transaction=False)
            pipeline.hset(_key(case_id), field, value)
            pipeline.expire(_key(case_id), self._retention_s)
            await pipeline.execute()

    async def request_once(
        self, case_id: str, field: str, request: Callable[[], Awaitable[int]], *, requested: bool
    ) -> int:
        """Make a change request; return its id, 0 if it was made before or is not needed."""
        await self.write(case_id, field, REQUESTED)
        try:
            return await request()
        except VersionConflict:
            if requested:
                return 0  # the open request is the one marked before
            async with within(_SECONDS):
                await self._client.hdel(_key(case_id), field)
            raise


def _key(case_id: str) -> str:
    return keys.key(keys.shard_of(case_id), "applied", case_id)
