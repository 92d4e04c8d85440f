"""Reads one record of the stream of changes, which anybody who reaches the store may have written.

An unreadable record becomes a change without rows that carries the reason. So one bad record never
ends a process, and what follows it is applied: each change names whole entries, and needs none of
what came before it.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, TypeAlias

from blocklists.entry_table import (
    EntryTable,
    Identities,
    concatenate,
    concatenate_identities,
)
from blocklists.store import packing
from blocklists.store.changes import ListChange
from blocklists.store.chunks import Chunks, Digest
from blocklists.store.packing import DamagedPack, NewerPack
from blocklists.store.seals import SEAL, CheckSeal, signed_payload
from fanzha.translation.message import Message

Record: TypeAlias = Mapping[bytes, bytes]
"""The fields of an entry of the stream."""

UNKNOWN = "?"
"""Name of a commit whose name is unknown."""
_KNOWN = frozenset(
    name.encode()
    for name in (
        *("previous", "commit", "committed_at_ms", "author", "reason", SEAL),
        *("additions", "additions_chunks", "removals", "removals_chunks"),
    )
)
_LATEST_MS = 253_402_300_799_000
_MOST_CHUNKS = 10_000
_LONGEST_TEXT = 10_000


class ChangeReader:
    """Reads records; *check* verifies seals of list administration."""

    def __init__(self, chunks: Chunks, check: CheckSeal | None) -> None:
        self._chunks = chunks
        self._check = check

    async def read(self, version: int, record: Record) -> ListChange:
        """Read the record of *version*. Raises `MissingChunk`, and `Unavailable` in an outage."""
        try:
            return await self._read(version, record)
        except DamagedPack as error:
            newer = isinstance(error, NewerPack)
            return skipped(version, record, error.args[0], newer=newer)

    async def _read(self, version: int, record: Record) -> ListChange:
        if not record.keys() <= _KNOWN:
            raise NewerPack(Message("it has a field that this release does not know"))
        digests = {"additions": sha256(), "removals": sha256()}
        additions, removals = await self._rows(record, digests)
        change = ListChange(
            version=version,
            author=_text(record, b"author"),
            reason=_text(record, b"reason"),
            committed_at_ms=_time(record),
            additions=additions,
            removals=removals,
            commit=_text(record, b"commit"),
            previous=_text(record, b"previous"),
        )
        return self._with_seal(change, record, {n: d.hexdigest() for n, d in digests.items()})

    def _with_seal(
        self, change: ListChange, record: Record, digests: Mapping[str, str]
    ) -> ListChange:
        if self._check is None:
            return change
        seal = record.get(SEAL.encode(), b"").decode(errors="replace")
        return replace(change, audited=self._check(signed_payload(change, digests), seal))

    async def _rows(
        self, record: Record, digests: Mapping[str, Digest]
    ) -> tuple[EntryTable, Identities]:
        additions = await self._chunks.get(
            _bytes(record, b"additions"),
            chunk_keys(_bytes(record, b"additions_chunks")),
            packing.unpack_entries,
            concatenate,
            digests["additions"],
        )
        removals = await self._chunks.get(
            _bytes(record, b"removals"),
            chunk_keys(_bytes(record, b"removals_chunks")),
            packing.unpack_identities,
            concatenate_identities,
            digests["removals"],
        )
        return additions, removals


def skipped(version: int, record: Record, why: str, *, newer: bool = False) -> ListChange:
    """Return the change that replaces a record that is not applied."""
    try:
        committed_at_ms = _time(record)
    except DamagedPack:
        committed_at_ms = 0
    return ListChange(
        version=version,
        author="",
        reason="",
        committed_at_ms=committed_at_ms,
        additions=concatenate([]),
        removals=Identities.of([]),
        commit=name_in(record, b"commit") or UNKNOWN,
        previous=name_in(record, b"previous") or "",
        skipped=why,
        newer=newer,
    )


def name_in(record: Record, field: bytes) -> str | None:
    """Return the name of a commit; None where it cannot be read."""
    try:
        return _text(record, field)
    except DamagedPack:
        return None


def chunk_keys(text: bytes) -> list[str]:
    """Read the names of chunks; raise `DamagedPack` when they are malformed."""
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DamagedPack(Message("the names of chunks are no JSON")) from error
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise DamagedPack(Message("the names of chunks are no list of texts"))
    if len(found) > _MOST_CHUNKS:
        raise DamagedPack(Message("it names more than {most} chunks", most=_MOST_CHUNKS))
    return found


def _bytes(record: Record, field: bytes) -> bytes:
    if field not in record:
        raise DamagedPack(Message("{field} is missing", field=field.decode()))
    return record[field]


def _text(record: Record, field: bytes) -> str:
    try:
        text = _bytes(record, field).decode()
    except UnicodeDecodeError as error:
        raise DamagedPack(Message("{field} is not UTF-8", field=field.decode())) from error
    if len(text) > _LONGEST_TEXT:
        raise DamagedPack(Message("{field} is too long", field=field.decode()))
    return text


def _time(record: Record) -> int:
    text = _bytes(record, b"committed_at_ms")
    if not (text.isdigit() and len(text) <= len(str(_LATEST_MS)) and int(text) <= _LATEST_MS):
        raise DamagedPack(Message("committed_at_ms is no time"))
    return int(text)
