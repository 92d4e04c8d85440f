"""Limits tries to sign in, by address and in all, over all console processes."""

from collections.abc import Callable
from hashlib import sha256

from infra.redis.client import Client, within

MOST_TRIES = 20
"""Failed tries of one address in a window."""
MOST_TRIES_IN_ALL = 1000
WINDOW_SECONDS = 300
_SECONDS = 5.0
_KEY = "console:tries:"


class TryLimit:
    """Counts failed tries in windows of five minutes. `Unavailable` while the store is down."""

    def __init__(self, client: Client, now_s: Callable[[], float]) -> None:
        self._client = client
        self._now_s = now_s

    async def allows(self, address: str) -> bool:
        """Return whether another try from *address* is allowed now."""
        async with within(_SECONDS):
            own = await self._client.get(self._key(address))
            everyone = await self._client.get(self._key("*"))
        return int(own or 0) < MOST_TRIES and int(everyone or 0) < MOST_TRIES_IN_ALL

    async def failed(self, address: str) -> None:
        """Count a failed try."""
        async with within(_SECONDS):
            for key in (self._key(address), self._key("*")):
                await self._client.incr(key)
                await self._client.expire(key, WINDOW_SECONDS)

    def _key(self, address: str) -> str:
        window = int(self._now_s() // WINDOW_SECONDS)
        return f"{_KEY}{sha256(address.encode()).hexdigest()[:16]}:{window}"
