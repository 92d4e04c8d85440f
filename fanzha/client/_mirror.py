"""Keeps a copy of the lists, for a switch or resolver that decides without asking."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc

from fanzha.client import channels
from fanzha.client._failures import RequestFailed, failure_of
from fanzha.client._mirror_file import DamagedMirror, MirroredLists
from fanzha.client._options import targets_of
from fanzha.client.login import Login
from fanzha.edge.entry import EdgeKind
from fanzha.edge.sorted_lines import SortedLines, differences, key_of
from fanzha.v1 import blocklist_pb2, list_update_pb2, list_update_pb2_grpc

logger = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 60.0
"""How long a server holds a request that waits for a change."""
_ANSWER_SECONDS = 120.0
"""How long an answer may take, besides what it waits: all parts of the longest lists."""
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 5.0
_WIRE: dict[EdgeKind, Any] = {
    EdgeKind.NUMBER: blocklist_pb2.ENTRY_KIND_NUMBER,
    EdgeKind.RANGE: blocklist_pb2.ENTRY_KIND_RANGE,
    EdgeKind.SENDER: blocklist_pb2.ENTRY_KIND_SENDER,
    EdgeKind.HOST: blocklist_pb2.ENTRY_KIND_HOST,
    EdgeKind.URL: blocklist_pb2.ENTRY_KIND_URL_PREFIX,
    EdgeKind.FINGERPRINT: blocklist_pb2.ENTRY_KIND_FINGERPRINT,
}


class MirrorMismatch(ValueError):
    """A copy is not what the server says it should be; it was discarded."""


@dataclass(frozen=True, slots=True)
class MirrorChange:
    """What an answer did to a copy."""

    version: int
    was_reset: bool
    """Whether the copy began anew."""
    edits: Mapping[bytes, bytes | None]
    """By what a line begins with, the line that is there now; None: none is. Of a copy that began
    anew, compared with the one before."""


class ListMirror:
    """A copy of the lists of *kinds*, all if empty, in memory; with *file*, also there.

    Asks *targets*, list administration, ``host:port,host:port``, one after the other until one
    answers. With *max_entries*, the server refuses longer lists. A copy whose checksum does not
    hold is discarded, and the next answer begins anew. Made and used inside one running event loop.
    """

    def __init__(
        self,
        targets: str,
        kinds: Collection[EdgeKind] = (),
        *,
        file: Path | None = None,
        login: Login | None = None,
        max_entries: int = 0,
    ) -> None:
        self._kinds = frozenset(kinds) or frozenset(EdgeKind)
        self._max_entries = max_entries
        self._file = file
        self._channels = [channels.asynchronous(one, login) for one in targets_of(targets)]
        self._turn = 0
        self.copy = MirroredLists.nothing(self._kinds)
        """The lists as they were last copied; replaced whole, never changed."""
        self.mismatches = 0
        """Copies that were discarded."""

    def load(self) -> bool:
        """Begin with the copy in the file; return False, and begin with none, if it has none."""
        if self._file is None:
            return False
        try:
            self.copy = MirroredLists.load(self._file, self._kinds)
        except (DamagedMirror, OSError) as error:
            logger.info("no copy of the lists to begin with: %s", error)
            return False
        return True

    async def update(self, wait_seconds: float = 0.0) -> MirrorChange:
        """Ask what has changed, waiting up to *wait_seconds* for something, and apply it.

        Raises `RequestFailed` when no server answers, and `MirrorMismatch` for a copy that was
        discarded.
        """
        wait_ms = round(min(wait_seconds, LONGEST_WAIT_SECONDS) * 1000)
        request = list_update_pb2.ComputeDiffRequest(
            kinds=[_WIRE[kind] for kind in sorted(self._kinds)],
            version_token=self.copy.token,
            constraints=list_update_pb2.DiffConstraints(max_entries=self._max_entries),
            wait_ms=wait_ms,
        )
        channel = self._channels[self._turn % len(self._channels)]
        stub: Any = list_update_pb2_grpc.ListUpdateServiceStub(channel)
        try:
            answers = stub.ComputeDiff(request, timeout=wait_ms / 1000 + _ANSWER_SECONDS)
            parts = [part async for part in answers]
        except grpc.aio.AioRpcError as error:
            self._turn += 1
            raise failure_of(error) from error
        change = await asyncio.to_thread(self._applied, parts)
        if self._file is not None and (change.edits or change.was_reset):
            await asyncio.to_thread(self.copy.save, self._file)
        return change

    async def follow(self, wait_seconds: float = 30.0) -> AsyncIterator[MirrorChange]:
        """Return each change as it comes, for ever; outages are logged and waited out."""
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                change = await self.update(wait_seconds)
            except (RequestFailed, MirrorMismatch, OSError) as error:
                logger.warning("the copy of the lists stays at version %d: %s",
                               self.copy.version, error)  # fmt: skip
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
                continue
            pause = _FIRST_PAUSE_SECONDS
            yield change

    async def close(self) -> None:
        """Close the connections."""
        for channel in self._channels:
            await channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _applied(self, parts: Sequence[list_update_pb2.ComputeDiffResponse]) -> MirrorChange:
        """Take over an answer whole, or discard the copy."""
        try:
            after, edits = _changed(self.copy, parts)
        except ValueError as error:
            self.mismatches += 1
            # What was copied before serves until the next answer, which begins anew.
            self.copy = replace(self.copy, token="")
            raise MirrorMismatch(str(error)) from error
        self.copy = after
        was_reset = parts[-1].response_type == list_update_pb2.DIFF_TYPE_RESET
        return MirrorChange(after.version, was_reset, edits)


def _changed(
    before: MirroredLists, parts: Sequence[list_update_pb2.ComputeDiffResponse]
) -> tuple[MirroredLists, dict[bytes, bytes | None]]:
    """Return the copy after an answer, and the edits; ValueError where it does not add up."""
    if not parts or not parts[-1].new_version_token:
        raise ValueError("the answer has no end")
    last = parts[-1]
    edits: dict[bytes, bytes | None] = {}
    lists: dict[EdgeKind, SortedLines] = {}
    if last.response_type == list_update_pb2.DIFF_TYPE_RESET:
        whole = SortedLines.of_sorted([part.additions for part in parts])
        lists = whole.by_first_field(list(before.lists))
        for kind, held in before.lists.items():
            edits |= differences(held, lists[kind])
    elif last.response_type == list_update_pb2.DIFF_TYPE_DIFF:
        removals = [line for part in parts for line in part.removals.splitlines()]
        additions = [line for part in parts for line in part.additions.splitlines(keepends=True)]
        edits = dict.fromkeys(removals)
        edits |= {key_of(line): line for line in additions}
        for kind, held in before.lists.items():
            prefix = f"{kind}\t".encode()
            mine = {key: line for key, line in edits.items() if key.startswith(prefix)}
            lists[kind] = held.changed(mine)
    else:
        raise ValueError(f"unknown kind of answer {last.response_type}")
    _check(lists, last.checksums)
    return MirroredLists(last.new_version_token, last.version, lists), edits


def _check(lists: Mapping[EdgeKind, SortedLines], checksums: Sequence[Any]) -> None:
    said = {one.kind: one.sha256 for one in checksums}
    for kind, held in lists.items():
        if said.get(_WIRE[kind]) != held.sha256:
            raise ValueError(f"the checksum over entries of kind {kind} does not hold")
