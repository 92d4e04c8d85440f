"""Sends an uploaded file to the service, as a dry run or for good, and notes how far it is.

It runs beside the requests of its process. When that process dies, the service imports nothing, as
an import is whole or not at all; the file is still there, and can be sent again by any process.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from fanzha.errors import FanzhaError
from fanzha.v1 import blocklist_pb2 as pb
from services.console.backend.calls import ServiceCalls
from services.console.backend.faults import BackendFault
from services.console.imports.store import ImportStore
from services.list_files import bad_rows
from services.list_files.first_rows import FileOptions
from services.list_files.upload import Upload

DEADLINE_SECONDS = 3600.0
STALE_SECONDS = 60.0
"""A process that has been silent for so long is gone."""
_EVERY_SECONDS = 0.5


class _Cancelled(Exception):
    """Somebody asked to stop."""


class ImportJob:
    """One run over one file."""

    def __init__(
        self, store: ImportStore, calls: ServiceCalls, *, id_: str, owner: str, language: str
    ) -> None:
        self._store = store
        self._calls = calls
        self._id = id_
        self._owner = owner
        self._language = language

    async def run(self, header: pb.ImportHeader, options: FileOptions) -> None:
        """Send the file; how it ended is in the store."""
        try:
            with tempfile.TemporaryDirectory(prefix="fanzha-import-") as folder:
                path = Path(folder) / "list"
                await self._store.write_to(self._id, path)
                await self._send(path, header, options)
        except _Cancelled:
            await self._end(state="cancelled")
        except BackendFault as fault:
            await self._end(state="failed", error=fault.message)
        except FanzhaError as error:
            await self._end(state="failed", error=error.translated(self._language))
        except (OSError, EOFError, ValueError) as error:
            await self._end(state="failed", error=f"{type(error).__name__}: {error}"[:500])

    async def _send(self, path: Path, header: pb.ImportHeader, options: FileOptions) -> None:
        # The name of the file decides its format where nothing else does.
        stored = await self._store.get(self._id, self._owner)
        named = path.with_name("list" + Path(stored.name).suffix[:8].replace("/", ""))
        await asyncio.to_thread(path.rename, named)
        upload = await asyncio.to_thread(
            Upload, named, options.as_read(), int(time.time()), keep_all=True
        )
        try:
            try:
                answer: pb.ImportEntriesResponse = await self._calls.upload(
                    "BlocklistService/ImportEntries",
                    self._messages(upload, header),
                    deadline_seconds=DEADLINE_SECONDS,
                )
            except BackendFault:
                if await self._store.is_cancelled(self._id):
                    raise _Cancelled from None
                if upload.reading.error is not None:
                    raise upload.reading.error from None
                raise
            file, bad = await asyncio.to_thread(bad_rows.write, upload, answer, self._language)
        finally:
            await asyncio.to_thread(upload.close)
        if bad:
            await self._store.keep_bad_rows(self._id, file)
        if not header.dry_run:
            await self._store.drop_file(self._id)
        await self._end(
            state="checked" if header.dry_run else "imported",
            answer=answer.SerializeToString(),
            rows=upload.reading.rows,
            bad=bad,
            unread=upload.reading.invalid.total(),
        )

    async def _messages(
        self, upload: Upload, header: pb.ImportHeader
    ) -> AsyncIterator[pb.ImportEntriesRequest]:
        messages = upload.messages(header, lambda: None)
        noted = 0.0
        while (message := await asyncio.to_thread(next, messages, None)) is not None:
            now = time.monotonic()
            if now - noted >= _EVERY_SECONDS:
                noted = now
                if await self._store.is_cancelled(self._id):
                    raise _Cancelled
                await self._store.set(
                    self._id,
                    rows=upload.reading.rows,
                    bytes_read=upload.file.bytes_read,
                    beat_s=time.time(),
                )
            yield message

    async def _end(self, **fields: object) -> None:
        # The store may be away as well; then the import shows as silent.
        with contextlib.suppress(FanzhaError):
            await self._store.end(self._id, **fields)
