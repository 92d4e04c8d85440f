"""Rows in Redis as packed bytes: small ones as they are, many as chunks spread over the slots."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import uuid4

import numpy as np

from blocklists import packing
from blocklists.entry_table import Identities
from blocklists.redis_client import Client, within
from fanzha.errors import Unavailable
from fanzha.tables import Int64s

CHUNK_ROWS = 100_000
_READ_SECONDS = 5.0
_WRITE_SECONDS = 10.0

Table = TypeVar("Table", bound=Identities)


class Chunks:
    """Writes and reads rows under ``<prefix>:<id>:<n>``. The client must not decode answers."""

    def __init__(self, client: Client, prefix: str, *, chunk_rows: int = CHUNK_ROWS) -> None:
        self._client: Any = client
        self._prefix = prefix
        self._chunk_rows = chunk_rows

    async def put(self, rows: Identities, inline_bytes: int) -> tuple[bytes, list[str]]:
        """Pack rows: into what is returned when that is at most *inline_bytes*, or into chunks.

        What a commit names later must be there before: chunks of a commit that never comes
        are for the caller to `drop`.
        """
        if len(rows) <= self._chunk_rows:
            packed = await asyncio.to_thread(packing.pack, rows)
            if len(packed) <= inline_bytes:
                return packed, []
        name, keys = uuid4().hex, []
        for number, start in enumerate(range(0, len(rows), self._chunk_rows)):
            some = np.arange(start, min(start + self._chunk_rows, len(rows)))
            packed = await asyncio.to_thread(_packed, rows, some)
            keys.append(f"{self._prefix}:{name}:{number}")
            async with within(_WRITE_SECONDS):
                await self._client.set(keys[-1], packed)
        return b"", keys

    async def get(
        self,
        packed: bytes,
        keys: Sequence[str],
        unpack: Callable[[bytes], Table],
        joined: Callable[[Sequence[Table]], Table],
    ) -> Table:
        """Read rows that `put` wrote; none for no bytes and no keys."""
        if not keys:
            return await asyncio.to_thread(unpack, packed) if packed else joined([])
        parts = []
        for key in keys:
            async with within(_READ_SECONDS):
                packed = await self._client.get(key)
            if packed is None:
                raise Unavailable(f"the store lost {key}, or dropped it for a newer base")
            parts.append(await asyncio.to_thread(unpack, packed))
        return await asyncio.to_thread(joined, parts)

    async def drop(self, keys: Sequence[str]) -> None:
        """Remove chunks that nothing names any more."""
        async with within(_WRITE_SECONDS):
            for key in keys:  # one by one: in a cluster they lie in different slots
                await self._client.unlink(key)


def _packed(rows: Identities, some: Int64s) -> bytes:
    return packing.pack(rows.take(some))
