"""Rows in Redis as packed bytes: small ones as they are, many as chunks spread over the slots."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar
from uuid import uuid4

import numpy as np
from redis.exceptions import ResponseError

from blocklists.entry_table import Identities
from blocklists.store import packing
from blocklists.store.packing import DamagedPack
from fanzha.errors import Unavailable
from fanzha.tables import Int64s
from fanzha.translation.message import Message
from infra.redis.client import Client, execute_durable, is_cluster, within

CHUNK_ROWS = 100_000
_READ_SECONDS = 5.0
_WRITE_SECONDS = 10.0

MOST_PACKED_BYTES = packing.MOST_PLAIN_BYTES + 2**16
"""Of one pack in the store; rows that do not compress are a little longer packed."""

Table = TypeVar("Table", bound=Identities)


class Digest(Protocol):
    """Takes in the bytes of packs, as those of `hashlib` do."""

    def update(self, data: bytes, /) -> None:
        """Take some bytes in."""
        ...


class MissingChunk(Unavailable):
    """A chunk is not there: the store lost it, or dropped it for a newer base."""


class Chunks:
    """Writes and reads rows under ``<prefix>:<id>:<n>``. The client must not decode answers."""

    def __init__(self, client: Client, prefix: str, *, chunk_rows: int = CHUNK_ROWS) -> None:
        self._client: Any = client
        self._prefix = prefix
        self._chunk_rows = chunk_rows

    async def put(
        self, rows: Identities, inline_bytes: int, digest: Digest | None = None
    ) -> tuple[bytes, list[str]]:
        """Pack rows: into the returned bytes if these are at most *inline_bytes*, else into chunks.

        Chunks are written before the commit that names them; if it fails, the caller must `drop`
        them. *digest* takes the packs in, in their order.
        """
        if len(rows) <= self._chunk_rows and inline_bytes >= 0:
            [packed, *more] = await asyncio.to_thread(_packs, rows)
            if not more and len(packed) <= inline_bytes:
                _take_in(digest, packed)
                return packed, []
        name = uuid4().hex
        keys: list[str] = []
        for start in range(0, len(rows), self._chunk_rows):
            some = np.arange(start, min(start + self._chunk_rows, len(rows)))
            for packed in await asyncio.to_thread(_packs, rows, some):
                keys.append(f"{self._prefix}:{name}:{len(keys)}")
                _take_in(digest, packed)
                await self._write(keys[-1], packed)
        return b"", keys

    async def _write(self, key: str, packed: bytes) -> None:
        async with within(_WRITE_SECONDS):
            writing = self._client.pipeline(transaction=False)
            writing.set(key, packed)
            if is_cluster(self._client):
                # What names it waits for its own node only.
                await execute_durable(self._client, writing)
            else:
                await writing.execute()

    async def get(
        self,
        packed: bytes,
        keys: Sequence[str],
        unpack: Callable[[bytes], Table],
        joined: Callable[[Sequence[Table]], Table],
        digest: Digest | None = None,
    ) -> Table:
        """Read rows that `put` wrote; none for no bytes and no keys. *digest*: as for `put`.

        Raises `DamagedPack` for what `put` never wrote, and `MissingChunk`.
        """
        if not keys:
            _take_in(digest, packed)
            return await asyncio.to_thread(unpack, packed) if packed else joined([])
        parts = []
        for key in keys:
            packed = await self._read(key)
            _take_in(digest, packed)
            parts.append(await asyncio.to_thread(unpack, packed))
        return await asyncio.to_thread(joined, parts)

    async def _read(self, key: str) -> bytes:
        if not key.startswith(f"{self._prefix}:"):
            raise DamagedPack(Message("names a chunk that is none"))
        try:
            async with within(_READ_SECONDS):
                # Bounded, whatever the key holds; empty for a missing key.
                packed: bytes = await self._client.getrange(key, 0, MOST_PACKED_BYTES)
        except Unavailable as error:
            if isinstance(error.__cause__, ResponseError) and "WRONGTYPE" in str(error):
                raise DamagedPack(Message("names a chunk that is none")) from error
            raise
        if len(packed) > MOST_PACKED_BYTES:
            raise DamagedPack(Message("a chunk has more than {most} bytes", most=MOST_PACKED_BYTES))
        if not packed:
            raise MissingChunk("the store lost {key}, or dropped it for a newer base", key=key)
        return packed

    async def drop(self, keys: Sequence[str]) -> None:
        """Remove chunks that nothing names any more."""
        async with within(_WRITE_SECONDS):
            for key in keys:  # one by one: in a cluster they are in different slots
                await self._client.unlink(key)


def _take_in(digest: Digest | None, packed: bytes) -> None:
    if digest is not None:
        digest.update(len(packed).to_bytes(8, "little") + packed)


def _packs(rows: Identities, some: Int64s | None = None) -> list[bytes]:
    """Pack *some* rows, or all; into several packs where one would be too large."""
    which = np.arange(len(rows)) if some is None else some
    try:
        return [packing.pack(rows if some is None else rows.take(which))]
    except packing.TooLarge:
        if len(which) < 2:  # noqa: PLR2004 - one row cannot be split
            raise
        half = len(which) // 2
        return _packs(rows, which[:half]) + _packs(rows, which[half:])
