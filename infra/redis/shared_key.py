"""A secret key that all processes of one store share, created on first use."""

import secrets

from infra.redis.client import Client, within

KEY_BYTES = 32
_SECONDS = 5.0


class SharedKey:
    """Reads the key under *name*, or creates it. `Unavailable` while the store is down.

    Anyone who can write to the store can replace the key. So it may sign values that are also
    checked otherwise, such as page tokens, but never anything that grants a right.
    """

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name
        self._key = b""

    async def get(self) -> bytes:
        """Return the key; only the first call reads the store."""
        if not self._key:
            async with within(_SECONDS):
                made = secrets.token_hex(KEY_BYTES)
                await self._client.set(self._name, made, nx=True)
                kept: bytes | str = await self._client.get(self._name) or b""
                self._key = bytes.fromhex(kept if isinstance(kept, str) else kept.decode())
        return self._key
