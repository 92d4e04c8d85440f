"""The truth about the lists, in Redis: a base and the changes since.

=====================================  ================================================
key                                    what
=====================================  ================================================
``{fanzha:lists}:head``                hash: version, committed_at_ms, commit
``{fanzha:lists}:changes``             stream: change ``<version>-0``
``{fanzha:lists}:recent``              list: the last commits, with their versions
``{fanzha:lists}:base``                hash: version, committed_at_ms, commit, chunks
``fanzha:lists:chunk:<id>:<n>``        packed rows, spread over the slots of a cluster
``{fanzha:workers}``                   hash: what each worker reports
=====================================  ================================================

A change is committed by one script on one slot that compares the version and appends
one stream entry. A small change is in the entry; of a large one the rows are written
to chunks first and the entry names them, so nobody sees half a change. Chunks of a
commit whose outcome nobody learned stay behind.

Each commit has a name of its own and tells the one before it. A commit that was sent
twice, because its answer was lost, counts once. A store that lost changes and gave
their versions to others is noticed by whoever follows it.
"""

import json
import logging
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from blocklists import packing
from blocklists.changes import Change
from blocklists.chunks import CHUNK_ROWS, Chunks
from blocklists.entry_table import EntryTable, concatenate, concatenate_identities
from blocklists.redis_client import Client, execute_synced, within
from blocklists.store_scripts import COMMIT, REBASE
from fanzha.errors import VersionConflict

logger = logging.getLogger(__name__)

HEAD, CHANGES, BASE, RECENT = (
    f"{{fanzha:lists}}:{name}" for name in ("head", "changes", "base", "recent")
)
WORKERS = "{fanzha:workers}"
CHUNK = "fanzha:lists:chunk"
INLINE_BYTES = 32_768
READ_CHANGES = 512
"""Changes read at a time."""
REPORT_AGE_MS = 10_000
_READ_SECONDS = 5.0
_WRITE_SECONDS = 10.0
_ANY_VERSION = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What version the lists are at."""

    version: int
    committed_at_ms: int
    commit: str
    """Name of the commit that made it; empty before the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """A change is in the store."""

    version: int
    synced: bool
    """Whether it is on the disk of the store; otherwise in its memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerReport:
    """What a worker says of itself."""

    worker: str
    list_version: int
    applied_at_ms: int
    reported_at_ms: int


class Store:
    """Reads and writes the lists. The client must not decode answers.

    Raises `Unavailable`, soon, while Redis is away.
    """

    def __init__(self, client: Client, *, chunk_rows: int = CHUNK_ROWS) -> None:
        self._client: Any = client
        self._chunks = Chunks(client, CHUNK, chunk_rows=chunk_rows)

    async def head(self) -> Head:
        """Return the version of the lists; 0 before the first change."""
        async with within(_READ_SECONDS):
            found = await self._client.hgetall(HEAD)
        return _head(found)

    async def commit(self, change: Change, *, expected_version: int | None) -> Committed:
        """Commit a change whole; `VersionConflict` when the lists are at another version."""
        parts = [("additions", change.additions), ("removals", change.removals)]
        fields: dict[str, str | bytes] = {"author": change.author, "reason": change.reason}
        chunks: list[str] = []
        for name, rows in parts:
            packed, keys = await self._chunks.put(rows, INLINE_BYTES)
            fields |= {name: packed, f"{name}_chunks": json.dumps(keys)}
            chunks += keys
        expected = _ANY_VERSION if expected_version is None else expected_version
        pairs = [text for field in fields.items() for text in field]
        async with within(_WRITE_SECONDS):
            writing = self._client.pipeline(transaction=False)
            writing.eval(COMMIT, 3, HEAD, CHANGES, RECENT, expected, change.committed_at_ms,
                         change.commit or uuid4().hex, *pairs)  # fmt: skip
            ((done, version), *_), synced = await execute_synced(self._client, writing, HEAD)
        if not done:
            await self._chunks.drop(chunks)
            raise VersionConflict(f"expected_version: the lists are at {version}, not {expected}")
        return Committed(version=int(version), synced=synced)

    async def base_head(self) -> Head:
        """Return what version the base is at; changes after it are in `changes_after`."""
        async with within(_READ_SECONDS):
            return _head(await self._client.hgetall(BASE))

    async def load(self) -> tuple[Head, EntryTable]:
        """Return the base; what came since is in `changes_after`."""
        async with within(_READ_SECONDS):
            found = await self._client.hgetall(BASE)
        keys = json.loads(found.get(b"chunks", b"[]"))
        return _head(found), await self._chunks.get(b"", keys, packing.unpack_entries, concatenate)

    async def base_version(self) -> int:
        """Return the version of the base; changes up to it are no longer kept."""
        async with within(_READ_SECONDS):
            return int(await self._client.hget(BASE, "version") or 0)

    async def version_of(self, commit: str, *, after: int) -> int | None:
        """Return the version that a commit after version *after* made, None if it made none.

        Finds what is in the change stream, and the last commits even beyond its beginning.
        """
        async with within(_READ_SECONDS):
            recent = await self._client.lrange(RECENT, 0, -1)
        for text in recent:
            version, _, name = text.decode().partition(" ")
            if name == commit:
                return int(version)
        place = f"{after}-0"
        while True:
            async with within(_READ_SECONDS):
                entries = await self._client.xrange(CHANGES, f"({place}", "+", count=READ_CHANGES)
            for entry, fields in entries:
                if fields[b"commit"].decode() == commit:
                    return _version_of(entry)
            if len(entries) < READ_CHANGES:
                return None
            place = entries[-1][0].decode()

    async def changes_after(
        self, version: int, commit: str, *, block_ms: int = 0
    ) -> list[Change] | None:
        """Return some of the changes after *version*, waiting up to *block_ms* for the first.

        None when the store no longer has the next change, or never made *version* by
        *commit*: the lists must be loaded anew.
        """
        async with within(_READ_SECONDS + block_ms / 1000):
            answer = await self._client.xread(
                {CHANGES: f"{version}-0"}, count=READ_CHANGES, block=block_ms or None
            )
        entries = _entries(answer)
        if entries:
            first, fields = entries[0]
            if _version_of(first) != version + 1 or fields[b"previous"].decode() != commit:
                return None
            return [await self._change(entry, fields) for entry, fields in entries]
        head = await self.head()
        if head.version > version:
            # The change came between the two questions; or it went with those before a base.
            async with within(_READ_SECONDS):
                there = await self._client.xrange(CHANGES, f"{version + 1}-0", f"{version + 1}-0")
            return await self.changes_after(version, commit) if there else None
        return [] if (head.version, head.commit) == (version, commit) else None

    async def rebase(self, head: Head, table: EntryTable) -> bool:
        """Make *table*, the lists at *head*, the base and drop the changes up to it."""
        old = await self._chunks_up_to(head.version)
        _, keys = await self._chunks.put(table, inline_bytes=-1)
        async with within(_WRITE_SECONDS):
            writing = self._client.pipeline(transaction=False)
            writing.eval(REBASE, 2, BASE, CHANGES, head.version, head.committed_at_ms,
                         head.commit, json.dumps(keys), f"{head.version + 1}-0")  # fmt: skip
            (done, *_), _synced = await execute_synced(self._client, writing, BASE)
        # A host that reads these chunks right now finds one gone, and loads the new base.
        await self._chunks.drop(old if done else keys)
        return bool(done)

    async def changes_kept(self) -> int:
        """Return how many changes there are since the base."""
        async with within(_READ_SECONDS):
            return int(await self._client.xlen(CHANGES))

    async def report_worker(self, report: WorkerReport) -> None:
        """Put down what a worker says of itself."""
        text = json.dumps([report.list_version, report.applied_at_ms, report.reported_at_ms])
        async with within(_READ_SECONDS):
            await self._client.hset(WORKERS, report.worker, text)

    async def workers(self, now_ms: int) -> list[WorkerReport]:
        """Return the workers that reported in the last ten seconds; forget the others."""
        async with within(_READ_SECONDS):
            found = await self._client.hgetall(WORKERS)
            reports = [
                WorkerReport(
                    worker=name.decode(),
                    list_version=version,
                    applied_at_ms=applied,
                    reported_at_ms=reported,
                )
                for name, (version, applied, reported) in (
                    (name, json.loads(text)) for name, text in sorted(found.items())
                )
            ]
            silent = [r.worker for r in reports if r.reported_at_ms < now_ms - REPORT_AGE_MS]
            if silent:
                await self._client.hdel(WORKERS, *silent)
        return [report for report in reports if report.worker not in silent]

    async def _change(self, entry: bytes, fields: dict[bytes, bytes]) -> Change:
        return Change(
            version=_version_of(entry),
            author=fields[b"author"].decode(),
            reason=fields[b"reason"].decode(),
            committed_at_ms=int(fields[b"committed_at_ms"]),
            additions=await self._chunks.get(
                fields[b"additions"],
                json.loads(fields[b"additions_chunks"]),
                packing.unpack_entries,
                concatenate,
            ),
            removals=await self._chunks.get(
                fields[b"removals"],
                json.loads(fields[b"removals_chunks"]),
                packing.unpack_identities,
                concatenate_identities,
            ),
            commit=fields[b"commit"].decode(),
            previous=fields[b"previous"].decode(),
        )

    async def _chunks_up_to(self, version: int) -> list[str]:
        async with within(_READ_SECONDS):
            base = await self._client.hget(BASE, "chunks")
            entries = await self._client.xrange(CHANGES, "-", f"{version}-0")
        keys = json.loads(base or b"[]")
        for _, fields in entries:
            keys += json.loads(fields[b"additions_chunks"])
            keys += json.loads(fields[b"removals_chunks"])
        return list(keys)


def _head(found: dict[bytes, bytes]) -> Head:
    return Head(
        version=int(found.get(b"version", 0)),
        committed_at_ms=int(found.get(b"committed_at_ms", 0)),
        commit=found.get(b"commit", b"").decode(),
    )


def _entries(answer: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    # A list in version 2 of the protocol, a mapping with nested lists in version 3.
    if isinstance(answer, dict):
        return [pair for parts in answer.values() for part in parts for pair in part]
    return [pair for _, entries in answer or [] for pair in entries]


def _version_of(entry: bytes) -> int:
    return int(entry.split(b"-")[0])
