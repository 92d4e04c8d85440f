"""Serves ListUpdateService: what has changed since the version of a copy at the edge."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from blocklists.edge.lists import EdgeLists, EdgeVersion
from blocklists.entries import EntryKind
from fanzha.errors import InvalidInput
from fanzha.translation.message import Message
from fanzha.v1 import list_update_pb2 as pb
from fanzha.v1 import list_update_pb2_grpc as pb_grpc
from services.audit.events import Audit, NoAudit
from services.auth import identity, region_scope
from services.auth.identity import Role
from services.lists import audit_records

MOST_WAIT_MS = 60_000
PART_BYTES = 1 << 20
"""Of a part of an answer, about."""
_RECOMMENDED_MS = 1000
# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int


@dataclass(frozen=True, slots=True)
class _Difference:
    """What a copy must do to be at a version."""

    is_reset: bool
    additions: Iterable[bytes]
    removals: Iterable[bytes] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.is_reset or self.additions or self.removals)


class ListUpdateServicer(pb_grpc.ListUpdateServiceServicer):
    """Serves differences. Errors become statuses in the error interceptor."""

    def __init__(self, lists: EdgeLists, audit: Audit | None = None) -> None:
        self._lists = lists
        self._audit = audit or NoAudit()

    async def ComputeDiff(
        self, request: pb.ComputeDiffRequest, context: object
    ) -> AsyncIterator[pb.ComputeDiffResponse]:
        if Role.CARRIER not in identity.current().roles:
            region_scope.check_all_regions(Message("a copy of the lists to decide by"))
        kinds = _kinds(request.kinds)
        if request.wait_ms > MOST_WAIT_MS:
            raise InvalidInput(
                "wait_ms: 0 to {most}, not {wait_ms}", most=MOST_WAIT_MS, wait_ms=request.wait_ms
            )
        deadline = time.monotonic() + request.wait_ms / 1000
        await self._lists.catch_up()
        at, found = await self._difference(request.version_token, kinds)
        while found.is_empty and (left := deadline - time.monotonic()) > 0:
            await self._lists.wait_beyond(at.version, left)
            at, found = await self._difference(request.version_token, kinds)
        entries = sum(len(at.lists[kind]) for kind in kinds)
        most = request.constraints.max_entries
        if 0 < most < entries:
            raise InvalidInput(
                "max_entries: the lists have {entries}, more than {most}",
                entries=entries,
                most=most,
            )
        if found.is_reset:
            await audit_records.copied(self._audit, at.version, kinds)
        checksums = await asyncio.to_thread(_checksums, at, kinds)
        kind_of_answer = pb.DIFF_TYPE_RESET if found.is_reset else pb.DIFF_TYPE_DIFF
        for removals in _parts(found.removals):
            yield pb.ComputeDiffResponse(response_type=kind_of_answer, removals=removals)
        for additions in _parts(found.additions):
            yield pb.ComputeDiffResponse(response_type=kind_of_answer, additions=additions)
        yield pb.ComputeDiffResponse(
            response_type=kind_of_answer,
            new_version_token=f"{at.version}.{at.lineage}",
            version=at.version,
            checksums=checksums,
            recommended_next_diff_ms=_RECOMMENDED_MS,
        )

    async def _difference(
        self, token: str, kinds: frozenset[EntryKind]
    ) -> tuple[EdgeVersion, _Difference]:
        at = await self._lists.newest()
        version, _, lineage = token.partition(".")
        if not (version.isascii() and version.isdecimal()):
            return at, _whole(at, kinds)
        if (int(version), lineage) == (at.version, at.lineage):
            return at, _Difference(is_reset=False, additions=())
        touched = self._lists.touched_since(int(version), lineage, kinds)
        if (
            touched is None
            or sum(map(len, touched.values()))
            > sum(len(at.lists[kind]) for kind in kinds) + PART_BYTES // 100
        ):
            return at, _whole(at, kinds)
        return at, await asyncio.to_thread(_changed, at, touched)


def _whole(at: EdgeVersion, kinds: frozenset[EntryKind]) -> _Difference:
    in_order = sorted(kinds, key=lambda kind: kind.name)
    blocks = [block for kind in in_order for block in at.lists[kind].blocks]
    return _Difference(is_reset=True, additions=blocks)


def _changed(at: EdgeVersion, touched: Any) -> _Difference:
    additions, removals = [], []
    for kind, keys in touched.items():
        for key in sorted(keys):
            line = at.lists[kind].get(key)
            if line is None:
                removals.append(key + b"\n")
            else:
                additions.append(line)
    return _Difference(is_reset=False, additions=sorted(additions), removals=sorted(removals))


def _parts(lines: Iterable[bytes]) -> Iterator[bytes]:
    part: list[bytes] = []
    size = 0
    for line in lines:
        part.append(line)
        size += len(line)
        if size >= PART_BYTES:
            yield b"".join(part)
            part, size = [], 0
    if part:
        yield b"".join(part)


def _checksums(at: EdgeVersion, kinds: frozenset[EntryKind]) -> list[pb.ListChecksum]:
    return [
        pb.ListChecksum(kind=_wire(kind), sha256=at.lists[kind].sha256, entries=len(at.lists[kind]))
        for kind in sorted(kinds)
    ]


def _kinds(numbers: Sequence[int]) -> frozenset[EntryKind]:
    unknown = [number for number in numbers if number not in set(EntryKind)]
    if unknown:
        raise InvalidInput("kinds: unknown number {unknown}", unknown=unknown[0])
    return frozenset(map(EntryKind, numbers)) or frozenset(EntryKind)
