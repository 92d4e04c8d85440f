"""What was done because of how a case ended: kept with the case, so that it is done once.

Before a request is made it is noted that it is *asked* for, afterwards which one it is. Who finds
*asked* does not know whether it was made: if a request holds the entry now, it was.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fanzha.errors import VersionConflict
from infra.redis.client import Client, within
from services.warning import keys

ASKED = "asked"
NOTED = "noted"
"""Field: the case itself says what was done."""
_SECONDS = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeAction:
    """What is to be done about one list entry, or one of the means of a case."""

    field: str
    """Its name with the case."""
    do: Callable[[bool], Awaitable[str]]
    """Does it, and says what was done: a word, a colon, a sentence. Takes whether a request was
    asked for before. `VersionConflict`: it has to wait."""


class AppliedLog:
    """Reads and notes it. Raises `Unavailable` while Redis is away."""

    def __init__(self, client: Client, *, retention_days: int) -> None:
        self._client = client
        self._retention_s = retention_days * 86_400

    async def of(self, case_id: str) -> dict[str, str]:
        """Return what was done, by what it was done with."""
        async with within(_SECONDS):
            found: Any = await self._client.hgetall(_key(case_id))
        return {str(field): str(value) for field, value in found.items()}

    async def note(self, case_id: str, field: str, value: str) -> None:
        """Note what was done with something."""
        async with within(_SECONDS):
            noting: Any = self._client.pipeline(transaction=False)
            noting.hset(_key(case_id), field, value)
            noting.expire(_key(case_id), self._retention_s)
            await noting.execute()

    async def ask(
        self, case_id: str, field: str, request: Callable[[], Awaitable[int]], *, asked: bool
    ) -> int:
        """Make a request; 0 where it was made before, or there is nothing to request."""
        await self.note(case_id, field, ASKED)
        try:
            return await request()
        except VersionConflict:
            if asked:
                return 0  # whoever asked before us was not told: the request that waits is ours
            async with within(_SECONDS):
                await self._client.hdel(_key(case_id), field)
            raise


def _key(case_id: str) -> str:
    return keys.key(keys.shard_of(case_id), "applied", case_id)
