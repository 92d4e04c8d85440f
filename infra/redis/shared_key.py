"""A secret key that all processes of one store share: made once, by whoever needs it first."""

import secrets

from infra.redis.client import Client, within

KEY_BYTES = 32
_SECONDS = 5.0


class SharedKey:
    """Reads the key under *name*, or makes it. `Unavailable` while the store is away.

    Whoever can write into the store can replace the key: it may sign what is checked otherwise,
    such as page tokens, and never what gives a right.
    """

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name
        self._key = b""

    async def get(self) -> bytes:
        """Return the key; the store is asked once."""
        if not self._key:
            async with within(_SECONDS):
                made = secrets.token_hex(KEY_BYTES)
                await self._client.set(self._name, made, nx=True)
                self._key = bytes.fromhex(str(await self._client.get(self._name)))
        return self._key
