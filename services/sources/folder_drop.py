"""Takes files from a folder of this host, such as one that another program synchronizes."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from pathlib import Path

from infra import atomic_file
from services.sources import addresses
from services.sources.fetched_file import (
    MOST_NAMES,
    OK,
    DropFile,
    FetchedFile,
    SourceFailed,
    is_candidate,
    store,
)
from services.sources.model import AfterPull, DataSource

_BLOCK_BYTES = 2**20


@asynccontextmanager
async def opened(source: DataSource) -> AsyncIterator["FolderDrop"]:
    """Open the folder of a source."""
    yield FolderDrop(source)


class FolderDrop:
    """A folder here. Symbolic links are ignored."""

    def __init__(self, source: DataSource) -> None:
        self._source = source
        self._folder = addresses.folder(source.address)

    async def files(self) -> Sequence[DropFile]:
        """Return the files that are there, whole or not."""
        try:
            return await asyncio.to_thread(self._scan)
        except OSError as error:
            raise SourceFailed("{error}", error=error) from error

    async def read(self, file: DropFile, into: Path) -> FetchedFile:
        """Copy a file; `SourceFailed` when it changes meanwhile."""
        # A pipe in the place of the file must not block.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            handle = os.open(self._folder / file.name, flags)
        except OSError as error:
            raise SourceFailed("{error}", error=error) from error
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise SourceFailed("the file changed while it was read")
            sha256, size = await store(_blocks(handle), into, self._source)
            now = os.fstat(handle)
        finally:
            os.close(handle)
        if (now.st_size, now.st_mtime_ns, size) != (file.size, file.modified, file.size):
            raise SourceFailed("the file changed while it was read")
        return FetchedFile(name=file.name, sha256=sha256, size=size)

    async def finish(self, file: DropFile, fetched: FetchedFile) -> None:
        """Leave, move or acknowledge a file that was taken."""
        try:
            await asyncio.to_thread(self._finish, file, fetched)
        except OSError as error:
            raise SourceFailed("{error}", error=error) from error

    def _scan(self) -> Sequence[DropFile]:
        found: list[DropFile] = []
        pattern = self._source.drop.files
        with os.scandir(self._folder) as entries:
            for count, entry in enumerate(entries):
                if count >= MOST_NAMES:
                    raise SourceFailed("more than {most:,} names in the folder", most=MOST_NAMES)
                if not is_candidate(entry.name) or not fnmatchcase(entry.name, pattern):
                    continue
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(status.st_mode):
                    found.append(
                        DropFile(name=entry.name, size=status.st_size, modified=status.st_mtime_ns)
                    )
        return found

    def _finish(self, file: DropFile, fetched: FetchedFile) -> None:
        terms = self._source.drop
        path = self._folder / file.name
        if terms.after is AfterPull.ACKNOWLEDGE:
            path.with_name(file.name + OK).touch(mode=0o640)
        elif terms.after is AfterPull.MOVE:
            folder = self._folder / terms.move_to
            atomic_file.make_folder(folder)
            target = folder / file.name
            if target.exists():
                target = folder / f"{fetched.sha256[:12]}-{file.name}"
            path.rename(target)


async def _blocks(handle: int) -> AsyncIterator[bytes]:
    while block := await asyncio.to_thread(os.read, handle, _BLOCK_BYTES):
        yield block
