"""The authoritative lists, in Redis: a base and the changes since.

=====================================  ================================================
key                                    what
=====================================  ================================================
``{fanzha:lists}:head``                hash: version, committed_at_ms, commit
``{fanzha:lists}:changes``             stream: change ``<version>-0``
``{fanzha:lists}:recent``              list: the last commits, with their versions
``{fanzha:lists}:strays``              stream: entries of the change stream that no commit made
``{fanzha:lists}:settled``             hash: settlements of bad records by operators, by version
``{fanzha:lists}:given-up:<commit>``   there while a commit may still arrive that must not
``{fanzha:lists}:base``                hash: version, committed_at_ms, commit, chunks
``fanzha:lists:chunk:<id>:<n>``        packed rows, spread over the slots of a cluster
``{fanzha:workers}``                   see `blocklists.store.worker_reports`
=====================================  ================================================

A change is committed by one script on one slot that compares the version and appends
one stream entry. A small change is in the entry; of a large one the rows are written
to chunks first and the entry names them, so no reader sees half a change. Chunks of a commit
with an unknown outcome are left over.

Each commit has a unique name and names its predecessor. A commit sent twice, because its
answer was lost, counts once (idempotent). Followers notice a store that lost changes and reused
their versions.

Anyone with access to the store can write anything. An unreadable record, or one that neither its
successor nor the head names, is a change without rows that carries the reason
(`blocklists.store.change_reader`). Entries beyond the version of the head are strays: they are
not read, and the next commit moves them away. See docs/adr/0028.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any
from uuid import uuid4

from blocklists.entry_table import EntryTable, concatenate
from blocklists.store import given_up, packing, worker_reports
from blocklists.store.change_reader import (
    UNKNOWN,
    ChangeReader,
    Record,
    chunk_keys,
    name_in,
    skipped,
)
from blocklists.store.changes import ListChange
from blocklists.store.chunks import CHUNK_ROWS, Chunks, MissingChunk
from blocklists.store.given_up import CommitGivenUp
from blocklists.store.packing import DamagedPack
from blocklists.store.scripts import COMMIT, REBASE, STRAYS
from blocklists.store.seals import SEAL, CheckSeal, Sign, signed_payload
from blocklists.store.worker_reports import WorkerReport
from fanzha.errors import Unavailable, VersionConflict
from fanzha.translation.message import Message
from infra.redis.client import Client, execute_durable, execute_synced, within
from infra.redis.consumer_group import pairs_of_stream

logger = logging.getLogger(__name__)

HEAD, CHANGES, BASE, RECENT, STRAY, SETTLED, WHOLE = (
    f"{{fanzha:lists}}:{name}"
    for name in ("head", "changes", "base", "recent", "strays", "settled", "whole")
)
CHUNK = "fanzha:lists:chunk"
_PLACE = "{fanzha:lists}"
INLINE_BYTES = 32_768
READ_CHANGES = 512
"""Changes read at a time."""
_READ_SECONDS = 5.0
_WRITE_SECONDS = 10.0
_ANY_VERSION = -1
ANY_COMMIT = UNKNOWN
"""Stands for whatever commit made a version."""
_GONE: Record = {}
"""Replaces records that were deleted."""
_MOST_DIGITS = 16
_PAUSE_SECONDS = 0.2
"""Between two reads of a stream that holds only strays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListHead:
    """What version the lists are at."""

    version: int
    committed_at_ms: int
    commit: str
    """Name of the commit that made it; empty before the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitResult:
    """A change is in the store."""

    version: int
    synced: bool
    """Whether it is on the disk of the store; otherwise in its memory."""


class Store:
    """Reads and writes the lists. The client must not decode answers.

    Raises `Unavailable`, soon, while Redis is away.
    """

    def __init__(
        self,
        client: Client,
        *,
        chunk_rows: int = CHUNK_ROWS,
        sign: Sign | None = None,
        check_seal: CheckSeal | None = None,
    ) -> None:
        """Use *client*; commits are sealed by *sign*, changes are held against *check_seal*."""
        self._client: Any = client
        self._chunks = Chunks(client, CHUNK, chunk_rows=chunk_rows)
        self._reader = ChangeReader(self._chunks, check_seal)
        self._sign = sign

    async def head(self) -> ListHead:
        """Return the version of the lists; 0 before the first change."""
        async with within(_READ_SECONDS):
            found = await self._client.hgetall(HEAD)
        return _head(found)

    async def commit(self, change: ListChange, *, expected_version: int | None) -> CommitResult:
        """Commit a change whole; `VersionConflict` at another version, or after `give_up`."""
        parts = [("additions", change.additions), ("removals", change.removals)]
        fields: dict[str, str | bytes] = {"author": change.author, "reason": change.reason}
        chunks: list[str] = []
        digests: dict[str, str] = {}
        for name, rows in parts:
            digest = sha256()
            packed, keys = await self._chunks.put(rows, INLINE_BYTES, digest)
            fields |= {name: packed, f"{name}_chunks": json.dumps(keys)}
            chunks += keys
            digests[name] = digest.hexdigest()
        expected = _ANY_VERSION if expected_version is None else expected_version
        change = replace(change, version=expected + 1, commit=change.commit or uuid4().hex)
        if self._sign is not None and expected_version is not None:
            fields[SEAL] = self._sign(signed_payload(change, digests))
        pairs = [text for field in fields.items() for text in field]
        refused = given_up.key_of(_PLACE, change.commit)
        async with within(_WRITE_SECONDS):
            writing = self._client.pipeline(transaction=False)
            writing.eval(COMMIT, 6, HEAD, CHANGES, RECENT, STRAY, WHOLE, refused, expected,
                         change.committed_at_ms, change.commit, *pairs)  # fmt: skip
            ((done, version), *_), synced = await execute_synced(
                self._client, writing, or_raise=True
            )
        if done < 0:
            await self._chunks.drop(chunks)
            raise CommitGivenUp
        if not done:
            await self._chunks.drop(chunks)
            raise VersionConflict.between(
                "expected_version", "the lists are", expected=expected, actual=int(version)
            )
        return CommitResult(version=int(version), synced=synced)

    async def give_up(self, commit: str) -> None:
        """Refuse a commit from now on; it may have arrived before."""
        await given_up.give_up(self._client, _PLACE, commit)

    async def base_head(self) -> ListHead:
        """Return what version the base is at; changes after it are in `changes_after`."""
        async with within(_READ_SECONDS):
            return _head(await self._client.hgetall(BASE))

    async def load(self) -> tuple[ListHead, EntryTable]:
        """Return the base; `changes_after` has the changes since."""
        async with within(_READ_SECONDS):
            found = await self._client.hgetall(BASE)
        try:
            keys = chunk_keys(found.get(b"chunks", b"[]"))
            table = await self._chunks.get(b"", keys, packing.unpack_entries, concatenate)
        except DamagedPack as error:
            raise Unavailable(
                "the base of the lists cannot be read: {error}", error=error
            ) from error
        return _head(found), table

    async def base_version(self) -> int:
        """Return the version of the base; changes up to it are no longer kept."""
        return (await self.base_head()).version

    async def recent(self) -> dict[int, str]:
        """Return the names of the last 64 commits by their versions, newest first."""
        async with within(_READ_SECONDS):
            recent = await self._client.lrange(RECENT, 0, -1)
        pairs = (text.decode(errors="replace").partition(" ")[::2] for text in recent)
        return {int(version): name for version, name in pairs if version.isdecimal()}

    async def version_of(self, commit: str, *, after: int) -> int | None:
        """Return the version that a commit after version *after* made, None if it made none.

        Searches the change stream, and the last 64 commits even if trimmed from it.
        """
        for version, name in (await self.recent()).items():
            if name == commit:
                return version
        place = f"{after}-0"
        while True:
            async with within(_READ_SECONDS):
                entries = await self._client.xrange(CHANGES, f"({place}", "+", count=READ_CHANGES)
            for entry, fields in entries:
                if _is_version(entry) and name_in(fields, b"commit") == commit:
                    return _version_of(entry)
            if len(entries) < READ_CHANGES:
                return None
            place = entries[-1][0].decode()

    async def changes_after(
        self, version: int, commit: str, *, block_ms: int = 0
    ) -> list[ListChange] | None:
        """Return some of the changes after *version*, waiting up to *block_ms* for the first.

        None when the store no longer has the next change, or never made *version* by
        *commit*: the lists must be reloaded. A record that must not be applied is a change with
        the reason in ``skipped``.
        """
        async with within(_READ_SECONDS + block_ms / 1000):
            answer = await self._client.xread(
                {CHANGES: f"{version}-0"}, count=READ_CHANGES, block=block_ms or None
            )
        entries = pairs_of_stream(answer)
        head = await self.head()
        records = [
            (_version_of(entry), fields)
            for entry, fields in entries
            if _is_version(entry) and _version_of(entry) <= head.version
        ]
        if records:
            first, fields = records[0]
            if first == version + 1:
                elsewhere = _differ(name_in(fields, b"previous"), commit)
            else:
                elsewhere = (await self.base_head()).version > version
            if elsewhere:
                return None
            return await self._changes(_without_gaps(version, records), head)
        if head.version > version:
            return await self._missed(version, commit, head)
        if head.version != version or _differ(head.commit, commit):
            return None
        if entries and block_ms:  # strays: the read did not block
            await asyncio.sleep(_PAUSE_SECONDS)
        return []

    async def _missed(self, version: int, commit: str, head: ListHead) -> list[ListChange] | None:
        """Return the result of `changes_after` when the head is ahead of the records read."""
        # The change was committed between the two reads, or was trimmed for a newer base.
        async with within(_READ_SECONDS):
            later = await self._client.xrange(CHANGES, f"({version}-0", "+", count=1)
        if later and _is_version(later[0][0]):
            return await self.changes_after(version, commit)
        if (await self.base_head()).version > version:
            return None
        return await self._changes([(head.version, _GONE)], head)

    async def move_strays(self) -> int:
        """Move strays out of the change stream; return how many."""
        async with within(_WRITE_SECONDS):
            return int(await self._client.eval(STRAYS, 5, HEAD, CHANGES, RECENT, STRAY, WHOLE))

    async def strays(self) -> int:
        """Return how many strays were moved and are kept, a hundred at most."""
        async with within(_READ_SECONDS):
            return int(await self._client.xlen(STRAY))

    async def settle(self, version: int, text: str) -> None:
        """Record that an operator has dealt with the record of *version*."""
        async with within(_WRITE_SECONDS):
            await self._client.hset(SETTLED, str(version), text)

    async def settled(self) -> set[int]:
        """Return the versions that operators have dealt with."""
        async with within(_READ_SECONDS):
            found = await self._client.hkeys(SETTLED)
        return {int(one) for one in found if one.isdigit()}

    async def rebase(self, head: ListHead, table: EntryTable) -> bool:
        """Make *table*, the lists at *head*, the base and drop the changes up to it."""
        old = await self._chunks_up_to(head.version)
        _, keys = await self._chunks.put(table, inline_bytes=-1)
        async with within(_WRITE_SECONDS):
            writing = self._client.pipeline(transaction=False)
            writing.eval(REBASE, 4, BASE, CHANGES, HEAD, RECENT, head.version, head.committed_at_ms,
                         head.commit, json.dumps(keys), f"{head.version + 1}-0")  # fmt: skip
            # Before what the old base needs is dropped, perhaps on other nodes of a cluster.
            done, *_ = await execute_durable(self._client, writing)
        # A host that reads these chunks right now finds one gone, and loads the new base.
        await self._chunks.drop(old if done else keys)
        return bool(done)

    async def change_count(self) -> int:
        """Return how many changes there are since the base."""
        async with within(_READ_SECONDS):
            return int(await self._client.xlen(CHANGES))

    async def report_worker(self, report: WorkerReport) -> None:
        """Write the report of a worker over its last one."""
        await worker_reports.write(self._client, report)

    async def workers(self, now_ms: int) -> list[WorkerReport]:
        """Return the workers that reported in the last ten seconds; drop the others."""
        return await worker_reports.active(self._client, now_ms)

    async def _changes(
        self, records: Sequence[tuple[int, Record]], head: ListHead
    ) -> list[ListChange]:
        """Read records that follow each other; each must be the one that the next one names."""
        names = [name_in(fields, b"previous") for _, fields in records[1:]]
        names.append(await self._name_of(records[-1][0], head))
        changes = []
        for (version, fields), name in zip(records, names, strict=True):
            change = await self._change(version, fields)
            if _differ(name, change.commit):
                why = Message("the change after it, or the head, follows another commit")
                change = replace(
                    skipped(version, fields, change.skipped or why), newer=change.newer
                )
            # Followers continue from the name in the next record.
            changes.append(replace(change, commit=name or change.commit))
        return changes

    async def _name_of(self, version: int, head: ListHead) -> str | None:
        """Return the name of the commit that made *version*; None where it is unknown."""
        if head.version == version:
            return head.commit
        async with within(_READ_SECONDS):
            later = await self._client.xrange(CHANGES, f"{version + 1}-0", f"{version + 1}-0")
        return name_in(later[0][1], b"previous") if later else None

    async def _change(self, version: int, fields: Record) -> ListChange:
        if fields is _GONE:
            why = Message("its record, or those before it, are gone from the store")
            return skipped(version, fields, why)
        try:
            return await self._reader.read(version, fields)
        except MissingChunk as error:
            if (await self.base_head()).version >= version:
                raise  # it is in the base, which is to be loaded
            return skipped(version, fields, error.as_message())

    async def _chunks_up_to(self, version: int) -> list[str]:
        async with within(_READ_SECONDS):
            base = await self._client.hget(BASE, "chunks")
            entries = await self._client.xrange(CHANGES, "-", f"{version}-0")
        named = [base or b"[]"]
        for _, fields in entries:
            named += [fields.get(b"additions_chunks", b""), fields.get(b"removals_chunks", b"")]
        keys = []
        for text in named:
            try:
                keys += chunk_keys(text)
            except DamagedPack:
                logger.warning("a record names no chunks that can be read: they stay in the store")
        return [key for key in keys if key.startswith(f"{CHUNK}:")]


def _head(found: dict[bytes, bytes]) -> ListHead:
    numbers = [found.get(name, b"0") for name in (b"version", b"committed_at_ms")]
    if not all(one.isdigit() and len(one) <= _MOST_DIGITS for one in numbers):
        raise Unavailable("the store says no version of the lists that can be read")
    version, committed_at_ms = map(int, numbers)
    return ListHead(
        version=version,
        committed_at_ms=committed_at_ms,
        commit=found.get(b"commit", b"").decode(errors="replace"),
    )


def _differ(name: str | None, other: str) -> bool:
    """Return whether two names of a commit are of different ones, as far as they are known."""
    return name is not None and UNKNOWN not in (name, other) and name != other


def _version_of(entry: bytes) -> int:
    return int(entry.split(b"-")[0])


def _without_gaps(version: int, records: Sequence[tuple[int, Record]]) -> list[tuple[int, Record]]:
    """Put one record that is gone where versions after *version* are missing between others."""
    complete: list[tuple[int, Record]] = []
    for number, fields in records:
        if number != version + 1:
            complete.append((number - 1, _GONE))
        complete.append((number, fields))
        version = number
    return complete


def _is_version(entry: bytes) -> bool:
    return entry.endswith(b"-0")
