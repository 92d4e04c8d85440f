"""Uploaded files and how their imports go, in Redis: any console process can go on with them.

=================================  ============================================================
key                                what
=================================  ============================================================
``console:import:{<id>}``          hash: owner, name, size, options, state, progress, result
``console:import:{<id>}:data``     list: the file, in compressed pieces
``console:import:{<id>}:bad``      the bad rows as a CSV file, compressed
=================================  ============================================================

All of it is deleted an hour after it was last used; the file as soon as it is imported.
"""

import json
import secrets
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fanzha.errors import NotFound
from infra.redis.client import Client, within

KEEP_SECONDS = 3600
PIECE_BYTES = 1 << 20
_SECONDS = 10.0
_ID_BYTES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredImport:
    """One uploaded file."""

    id: str
    owner: str
    name: str
    """As the browser said; a text, never a path."""
    size: int
    state: str = "uploaded"
    """uploaded, checking, checked, importing, imported, failed or cancelled."""
    options: Mapping[str, Any] = field(default_factory=dict)
    rows: int = 0
    bytes_read: int = 0
    beat_s: float = 0.0
    """When the process that works on it last said so."""
    error: str = ""
    bad: int = 0
    """Bad rows to download."""
    answer: bytes = b""
    """The answer of the service, as bytes of its message."""

    @property
    def is_busy(self) -> bool:
        """Whether a process works on it."""
        return self.state in {"checking", "importing"}


class ImportStore:
    """Keeps uploaded files; the client gives bytes."""

    def __init__(self, client: Client) -> None:
        self._client: Any = client

    async def create(self, owner: str, name: str, pieces: Iterable[bytes]) -> str:
        """Keep a file; return its id."""
        id_ = secrets.token_urlsafe(_ID_BYTES)
        size = 0
        for piece in pieces:
            size += len(piece)
            async with within(_SECONDS):
                await self._client.rpush(_data(id_), zlib.compress(piece, 1))
                await self._client.expire(_data(id_), KEEP_SECONDS)
        await self.set(id_, owner=owner, name=name[:255], size=size, state="uploaded")
        return id_

    async def set(self, id_: str, **fields: Any) -> None:
        """Change fields of an import, and keep it for another hour."""
        written = {
            name: json.dumps(dict(value)) if isinstance(value, Mapping) else value
            for name, value in fields.items()
        }
        async with within(_SECONDS):
            await self._client.hset(_key(id_), mapping=written)
            for key in (_key(id_), _data(id_), _bad(id_)):
                await self._client.expire(key, KEEP_SECONDS)

    async def begin(self, id_: str, state: str, now_s: float) -> bool:
        """Take an import on; False when a process works on it already."""
        async with within(_SECONDS):
            taken = await self._client.hsetnx(_key(id_), "worker", state)
        if taken:
            await self.set(
                id_, state=state, rows=0, bytes_read=0, beat_s=now_s, error="", cancel=""
            )
        return bool(taken)

    async def end(self, id_: str, **fields: Any) -> None:
        """Say how it ended, and let others take it on."""
        await self.set(id_, **fields)
        async with within(_SECONDS):
            await self._client.hdel(_key(id_), "worker")

    async def get(self, id_: str, owner: str) -> StoredImport:
        """Return an import of *owner*; `NotFound` for what is gone, or another's."""
        async with within(_SECONDS):
            found: Mapping[bytes, bytes] = await self._client.hgetall(_key(id_))
        fields = {name.decode(): value for name, value in found.items()}
        if fields.get("owner", b"").decode() != owner or "name" not in fields:
            raise NotFound("there is no such upload; it may have expired")
        return StoredImport(
            id=id_,
            owner=owner,
            name=fields["name"].decode(),
            size=int(fields["size"]),
            state=fields["state"].decode(),
            options=json.loads(fields.get("options", b"{}")),
            rows=int(fields.get("rows", 0)),
            bytes_read=int(fields.get("bytes_read", 0)),
            beat_s=float(fields.get("beat_s", 0)),
            error=fields.get("error", b"").decode(),
            bad=int(fields.get("bad", 0)),
            answer=fields.get("answer", b""),
        )

    async def write_to(self, id_: str, path: Path) -> None:
        """Write the file to *path*; `NotFound` when it is gone."""
        async with within(_SECONDS):
            pieces = int(await self._client.llen(_data(id_)))
        if not pieces:
            raise NotFound("there is no such upload; it may have expired")
        with path.open("wb") as file:
            for place in range(pieces):
                async with within(_SECONDS):
                    piece: bytes | None = await self._client.lindex(_data(id_), place)
                if piece is None:
                    raise NotFound("there is no such upload; it may have expired")
                file.write(zlib.decompress(piece))

    async def ask_to_cancel(self, id_: str) -> None:
        """Ask whichever process works on it to stop."""
        await self.set(id_, cancel="1")

    async def is_cancelled(self, id_: str) -> bool:
        """Return whether somebody asked to stop; also when it is gone."""
        async with within(_SECONDS):
            asked, owner = await self._client.hmget(_key(id_), "cancel", "owner")
        return bool(asked) or owner is None

    async def keep_bad_rows(self, id_: str, file: bytes) -> None:
        """Keep the bad rows."""
        async with within(_SECONDS):
            await self._client.set(_bad(id_), zlib.compress(file, 1), ex=KEEP_SECONDS)

    async def bad_rows(self, id_: str) -> bytes:
        """Return the bad rows; `NotFound` when there are none."""
        async with within(_SECONDS):
            packed: bytes | None = await self._client.get(_bad(id_))
        if packed is None:
            raise NotFound("there are no bad rows")
        return zlib.decompress(packed)

    async def drop_file(self, id_: str) -> None:
        """Delete the file; how the import went stays for an hour."""
        async with within(_SECONDS):
            await self._client.delete(_data(id_))

    async def drop(self, id_: str) -> None:
        """Delete everything of an import."""
        async with within(_SECONDS):
            for key in (_key(id_), _data(id_), _bad(id_)):
                await self._client.delete(key)


def _key(id_: str) -> str:
    return f"console:import:{{{id_}}}"


def _data(id_: str) -> str:
    return f"{_key(id_)}:data"


def _bad(id_: str) -> str:
    return f"{_key(id_)}:bad"
