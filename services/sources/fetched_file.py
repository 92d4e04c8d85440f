"""What all connectors share: files fetched to this host, and why one could not be."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fanzha.errors import FanzhaError, InvalidInput
from services.sources.model import DataSource


class SourceFailed(FanzhaError):
    """The source could not be reached, or broke off; a later pull may succeed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedFile:
    """A file that lies on this host now."""

    name: str
    """Its name at the source."""
    sha256: str
    size: int
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropFile:
    """A file at its source."""

    name: str
    size: int
    modified: int
    """Its time, in the unit of the source."""

    @property
    def mark(self) -> str:
        """What tells it from other files, and from itself when it is written anew."""
        text = f"{self.name}\0{self.size}\0{self.modified}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class DropAccess(Protocol):
    """An open folder of files. Raises `SourceFailed`."""

    async def files(self) -> Sequence[DropFile]:
        """Return the files that are there, whole or not."""
        ...

    async def read(self, file: DropFile, into: Path) -> FetchedFile:
        """Fetch a file; `SourceFailed` when it changes meanwhile."""
        ...

    async def finish(self, file: DropFile, fetched: FetchedFile) -> None:
        """Do what is to be done with a file that was taken."""
        ...


MOST_NAMES = 20_000
"""Names of a folder; one with more is not read."""
UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".swp", ".crdownload")
"""Endings of names of files that are being written."""
OK = ".ok"
_LONGEST_NAME = 255


def is_candidate(name: str) -> bool:
    """Return whether a name may be that of a file to take."""
    return (
        len(name) <= _LONGEST_NAME
        and name.isprintable()
        and "/" not in name
        and not name.startswith(".")
        and not name.endswith((*UNFINISHED, OK))
    )


async def store(blocks: AsyncIterable[bytes], into: Path, source: DataSource) -> tuple[str, int]:
    """Write *blocks* to a file; return its SHA-256 and size.

    Raises `InvalidInput` when it is larger than its source may send.
    """
    digest, size, most = hashlib.sha256(), 0, source.limits.most_bytes
    handle = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        async for block in blocks:
            size += len(block)
            if size > most:
                raise InvalidInput("file: more than {most:,} bytes", most=most)
            digest.update(block)
            await asyncio.to_thread(file.write, block)
    return digest.hexdigest(), size
