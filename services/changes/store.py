"""Change requests in Redis.

==========================================  ===========================================
key                                         what
==========================================  ===========================================
``{fanzha:changes}:count``                  the last number given out
``{fanzha:changes}:request:<id>``           hash: state, revision, record, small rows
``{fanzha:changes}:locks``                  counts how often a request began or ceased to wait
``{fanzha:changes}:in:<state>``             sorted set: ids in a state
``{fanzha:changes}:emergencies``            sorted set: unconfirmed ones by their end
``{fanzha:changes}:maintenance``            lease of the process that maintains them
``{fanzha:changes}:versions``               sorted set: ids by the version they made
``fanzha:changes:rows:<uuid>:<n>``          packed rows of large requests, over all slots
==========================================  ===========================================

A step is one script that compares the state and revision it was made from. Rows are written
before the record that names them; rows of a step that was not taken are dropped.
"""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from blocklists.entry_table import (
    EntryTable,
    Identities,
    concatenate,
    concatenate_identities,
)
from blocklists.store import packing
from blocklists.store.chunks import CHUNK_ROWS, Chunks
from fanzha.errors import NotFound, Unavailable, VersionConflict
from fanzha.tables import Bools
from infra.redis.client import Client, execute_durable, is_cluster, within
from infra.redis.damaged_records import readable
from services.changes import model
from services.changes.model import OPEN, ChangeKind, ChangeRequest, ChangeState, PackedRows
from services.changes.scripts import TRANSITION

_TAG = "{fanzha:changes}"
COUNT, LOCKS, EMERGENCIES, VERSIONS, MAINTENANCE = (
    f"{_TAG}:{name}" for name in ("count", "locks", "emergencies", "versions", "maintenance")
)
IN_STATE = tuple(f"{_TAG}:in:{state.name.lower()}" for state in ChangeState)
ROWS = "fanzha:changes:rows"
INLINE_BYTES = 16_384
_PARTS = ("additions", "removals", "before")
POLICY = "policy"
"""The field of the document that a request of kind POLICY proposes."""
_READ_SECONDS = 5.0
_WRITE_SECONDS = 10.0


class LocksChanged(VersionConflict):
    """The lock counter changed: check the locks again and retry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTransition:
    """One step of one request."""

    before: ChangeRequest | None
    """The stored record it is based on; None for a new request."""
    after: ChangeRequest
    fields: dict[str, bytes]
    """Inline rows to store with it."""


class ChangeStore:
    """Reads and writes change requests. The client must not decode answers.

    Raises `Unavailable`, soon, while Redis is away.
    """

    def __init__(self, client: Client, *, chunk_rows: int = CHUNK_ROWS) -> None:
        self._client: Any = client
        self._chunks = Chunks(client, ROWS, chunk_rows=chunk_rows)
        self._last_id = 0
        """The highest that this process was given."""
        self.single_node = not is_cluster(client)
        """Whether one fsync covers both lists and requests: one node has one append-only file."""

    async def new_id(self) -> int:
        """Allocate a request id; an id that is not used leaves a gap.

        None twice, though a store that failed over counts from an earlier number: whoever looked at
        a request that was lost would approve another one.
        """
        async with within(_READ_SECONDS):
            found = int(await self._client.incr(COUNT))
            if found <= self._last_id:
                found = int(await self._client.incrby(COUNT, self._last_id + 1 - found))
        self._last_id = max(found, self._last_id)
        return found

    async def put(self, rows: Identities, part: str) -> tuple[PackedRows, dict[str, bytes]]:
        """Store rows; small ones are returned as an inline field for the transition instead."""
        if not len(rows):
            return PackedRows(), {}
        packed, keys = await self._chunks.put(rows, INLINE_BYTES)
        if not keys:
            digest = hashlib.sha256(packed).hexdigest()
            return PackedRows(rows=len(rows), inline=True, sha256=digest), {part: packed}
        return PackedRows(rows=len(rows), chunks=tuple(keys), sha256=await self._sha256(keys)), {}

    async def drop(self, *parts: PackedRows) -> None:
        """Delete rows that no record refers to."""
        await self._chunks.drop([key for rows in parts for key in rows.chunks])

    async def drop_rows(self, record: ChangeRequest) -> ChangeRequest:
        """Delete the rows of a finished request; keep its record."""
        gone = {part: replace(getattr(record, part), retained=False, chunks=()) for part in _PARTS}
        after = replace(record, **gone)
        await self.transition(
            [ChangeTransition(before=record, after=after, fields={})], expected_locks=None
        )
        await self.drop(*(getattr(record, part) for part in _PARTS))
        async with within(_WRITE_SECONDS):
            await self._client.hdel(key_of(record.id), *_PARTS, *MASKS, POLICY)
        return replace(after, revision=record.revision + 1)

    async def additions(self, record: ChangeRequest) -> EntryTable:
        """Return the entries it adds, replaces or edits."""
        return await self._entries(record, "additions")

    async def before(self, record: ChangeRequest) -> EntryTable:
        """Return the entries as they were before it was applied."""
        return await self._entries(record, "before")

    async def removals(self, record: ChangeRequest) -> Identities:
        """Return what it removes."""
        packed = await self._inline(record, "removals")
        return await self._chunks.get(
            packed, record.removals.chunks, packing.unpack_identities, concatenate_identities
        )

    async def masks(self, record: ChangeRequest) -> tuple[Bools, Bools]:
        """Return which additions were written when it was applied, and what removals removed."""
        async with within(_READ_SECONDS):
            wrote, removed = await self._client.hmget(key_of(record.id), *MASKS)
        return unpack_mask(wrote, record.additions.rows), unpack_mask(removed, record.removals.rows)

    async def policy_document(self, record: ChangeRequest) -> str:
        """Return the carrier policy that a request proposes."""
        async with within(_READ_SECONDS):
            stored: bytes | None = await self._client.hget(key_of(record.id), POLICY)
        if stored is None:
            raise NotFound("the policy of change {id} is no longer stored", id=record.id)
        return stored.decode()

    async def transition(
        self,
        transitions: Sequence[ChangeTransition],
        *,
        expected_locks: int | None,
        synced: bool = True,
    ) -> int:
        """Store transitions, all or none; return the lock counter after them.

        Raise `VersionConflict` when a request is no longer at the revision its transition is
        based on, and `LocksChanged` when the lock counter is not *expected_locks*. With *synced*,
        wait for fsync.
        """
        arguments: list[Any] = [len(transitions), "" if expected_locks is None else expected_locks]
        for transition in transitions:
            arguments += _arguments(transition)
        keys = [
            LOCKS,
            EMERGENCIES,
            VERSIONS,
            *IN_STATE,
            *(key_of(one.after.id) for one in transitions),
        ]
        async with within(_WRITE_SECONDS):
            writing = self._client.pipeline(transaction=False)
            writing.eval(TRANSITION, len(keys), *keys, *arguments)
            if synced:
                answer, *_ = await execute_durable(self._client, writing)
            else:
                (answer,) = await writing.execute()
        done, place, first, _second = answer
        if done:
            return int(first)
        if await self._already_applied(transitions):
            return await self.lock_counter()  # a retry after a lost answer: already stored
        if not place:
            raise LocksChanged("another request changed the locks; retry")
        raise VersionConflict(_conflict_message(transitions[place - 1], int(first)))

    async def get(self, id_: int) -> ChangeRequest:
        """Return a request; raise `NotFound` when there is none."""
        found = await self.get_many([id_])
        if not found:
            raise NotFound("there is no change {id}", id=id_)
        return found[0]

    async def get_many(self, ids: Sequence[int]) -> list[ChangeRequest]:
        """Return the requests that exist, in the order of *ids*."""
        async with within(_READ_SECONDS):
            reading = self._client.pipeline(transaction=False)
            for id_ in ids:
                reading.hmget(key_of(id_), "record", "state", "revision")
            answers = await reading.execute() if ids else []
        return readable(
            "change request",
            lambda one: model.from_json(one[0], state=int(one[1]), revision=int(one[2])),
            [one for one in answers if one[0] is not None],
        )

    async def page_ids(self, state: ChangeState | None, *, before_id: int, size: int) -> list[int]:
        """Return up to *size* ids below *before_id* (0 means from the newest), descending."""
        highest = f"({before_id}" if before_id else "+inf"
        async with within(_READ_SECONDS):
            reading = self._client.pipeline(transaction=False)
            for key in IN_STATE if state is None else (IN_STATE[state - 1],):
                reading.zrevrangebyscore(key, highest, "-inf", start=0, num=size)
            answers = await reading.execute()
        return sorted({int(id_) for ids in answers for id_ in ids}, reverse=True)[:size]

    async def count(self, state: ChangeState) -> int:
        """Return the number of requests in a state."""
        async with within(_READ_SECONDS):
            return int(await self._client.zcard(IN_STATE[state - 1]))

    async def ids_in_state(self, state: ChangeState, *, after_id: int, size: int) -> list[int]:
        """Return up to *size* ids above *after_id* in a state, ascending."""
        async with within(_READ_SECONDS):
            found = await self._client.zrangebyscore(
                IN_STATE[state - 1], f"({after_id}", "+inf", start=0, num=size
            )
        return [int(id_) for id_ in found]

    async def read_locks(self) -> tuple[int, list[int]]:
        """Return the lock counter and the ids of open requests.

        The counter is read first, so a change in between fails the next transition.
        """
        async with within(_READ_SECONDS):
            locks = int(await self._client.get(LOCKS) or 0)
            ids: list[bytes] = []
            for state in sorted(OPEN):
                ids += await self._client.zrange(IN_STATE[state - 1], 0, -1)
        return locks, sorted(map(int, ids))

    async def lock_counter(self) -> int:
        """Return the lock counter."""
        async with within(_READ_SECONDS):
            return int(await self._client.get(LOCKS) or 0)

    async def unconfirmed_emergencies(self) -> list[int]:
        """Return ids of unconfirmed emergencies, by expiry."""
        async with within(_READ_SECONDS):
            return [int(id_) for id_ in await self._client.zrange(EMERGENCIES, 0, -1)]

    async def ids_by_version(self, first: int, last: int) -> dict[int, int]:
        """Return the request id of each version that a request created."""
        async with within(_READ_SECONDS):
            found = await self._client.zrangebyscore(VERSIONS, first, last, withscores=True)
        return {int(version): int(id_) for id_, version in found}

    async def _already_applied(self, transitions: Sequence[ChangeTransition]) -> bool:
        async with within(_READ_SECONDS):
            reading = self._client.pipeline(transaction=False)
            for transition in transitions:
                reading.hget(key_of(transition.after.id), "record")
            answers = await reading.execute()
        texts = [model.to_json(transition.after).encode() for transition in transitions]
        return bool(answers == texts)

    async def _entries(self, record: ChangeRequest, part: str) -> EntryTable:
        rows: PackedRows = getattr(record, part)
        packed = await self._inline(record, part)
        return await self._chunks.get(packed, rows.chunks, packing.unpack_entries, concatenate)

    async def _inline(self, record: ChangeRequest, part: str) -> bytes:
        rows: PackedRows = getattr(record, part)
        if rows.rows and not rows.retained:
            raise NotFound(
                "the rows of change {id} were deleted after change_retention_days", id=record.id
            )
        if not rows.inline:
            return b""
        async with within(_READ_SECONDS):
            packed: bytes | None = await self._client.hget(key_of(record.id), part)
        if packed is None:
            raise Unavailable("change {id}: {part} missing in the store", id=record.id, part=part)
        return packed

    async def _sha256(self, keys: Sequence[str]) -> str:
        digest = hashlib.sha256()
        for key in keys:
            async with within(_READ_SECONDS):
                digest.update(await self._client.get(key) or b"")
        return digest.hexdigest()


def key_of(id_: int) -> str:
    """Return the Redis key of a request."""
    return f"{_TAG}:request:{id_}"


def _arguments(transition: ChangeTransition) -> list[Any]:
    before, after = transition.before, transition.after
    urgent = after.emergency
    ends = urgent.ends_s if urgent is not None and after.unconfirmed else ""
    return [
        after.id,
        int(before.state) if before else 0,
        before.revision if before else 0,
        int(after.state),
        model.to_json(after),
        ends,
        # The sorted set is of versions of the lists.
        "" if after.kind is ChangeKind.POLICY else after.applied_version or "",
        len(transition.fields),
        *(part for field in transition.fields.items() for part in field),
    ]


def _conflict_message(transition: ChangeTransition, state: int) -> str:
    now = ChangeState(state).name.lower() if state else "gone"
    return f"change {transition.after.id} was changed meanwhile and is {now}; reload it"


MASKS = ("wrote", "removed")


def pack_masks(wrote: Bools, removed: Bools) -> dict[str, bytes]:
    """Return which rows were written and removed as inline fields, one bit per row."""
    return {
        name: zlib.compress(np.packbits(mask).tobytes(), 1)
        for name, mask in zip(MASKS, (wrote, removed), strict=True)
    }


def unpack_mask(packed: bytes | None, rows: int) -> Bools:
    """Read a mask of *rows* rows; all False when there is none."""
    if packed is None:
        return np.zeros(rows, np.bool_)
    bits = np.frombuffer(zlib.decompress(packed), np.uint8)
    return np.unpackbits(bits, count=rows).astype(np.bool_)
