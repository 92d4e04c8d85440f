"""The key that reporters are hashed with: from a file, or kept in the store."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from infra.redis.client import Client
from infra.redis.shared_key import SharedKey
from services.sources import secret_files

_NAME = "fanzha:reports:key"


def reporter_key(file: Path | None, client: Client) -> Callable[[], Awaitable[bytes]]:
    """Return what reads the key.

    Without a *file* all processes share one in the store, beside the hashes: whoever reads both
    could try all numbers.
    """
    if file is None:
        return SharedKey(client, _NAME).get

    async def read() -> bytes:
        return await asyncio.to_thread(secret_files.read, file)

    return read
