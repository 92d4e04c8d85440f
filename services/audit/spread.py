"""Copies each checkpoint to every place that keeps them, and asks them what the log should have."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fanzha.errors import Unavailable
from services.audit.checkpoint_copies import CheckpointCopy
from services.audit.records import AuditRecord
from services.audit.tail_reader import is_in_log

logger = logging.getLogger(__name__)


class CheckpointKeeper(Protocol):
    """A place that keeps checkpoints. Its methods raise `Unavailable` while it is away."""

    @property
    def place(self) -> str:
        """Where that is, in words for a log."""

    async def append(self, checkpoint: AuditRecord) -> None:
        """Keep a checkpoint; return once it is durable there."""

    async def newest(self) -> CheckpointCopy | None:
        """Return the newest checkpoint kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingCheckpoint:
    """A checkpoint that a keeper has and the log lacks."""

    place: str
    copy: CheckpointCopy


class CheckpointSpread:
    """The keepers of one log, and what each of them does not have yet."""

    def __init__(self, keepers: Sequence[CheckpointKeeper]) -> None:
        self._keepers = tuple(keepers)
        self._waiting: list[list[AuditRecord]] = [[] for _ in self._keepers]
        self.due = asyncio.Event()
        """Set while something may have to be copied."""

    @property
    def uncopied(self) -> int:
        """Checkpoints that some keeper does not have yet."""
        return max(map(len, self._waiting), default=0)

    def add(self, made: Iterable[AuditRecord]) -> None:
        """Have *made* copied to every keeper."""
        made = list(made)
        for waiting in self._waiting:
            waiting.extend(made)
        self.due.set()

    async def copy(self) -> None:
        """Copy what is due; raise `Unavailable` after all were tried where a keeper was away."""
        failed: Unavailable | None = None
        for keeper, waiting in zip(self._keepers, self._waiting, strict=True):
            try:
                while waiting:
                    await keeper.append(waiting[0])
                    waiting.pop(0)
            except Unavailable as error:
                failed = error
        if failed is not None:
            raise failed

    async def missing(self, folder: Path) -> list[MissingCheckpoint]:
        """Return the newest checkpoints kept that the log in *folder* lacks, one of each keeper."""
        found = []
        for keeper in self._keepers:
            try:
                copy = await keeper.newest()
            except Unavailable as error:
                logger.warning(
                    "audit log not compared with its checkpoints in %s: %s", keeper.place, error
                )
                continue
            if copy is not None and not await asyncio.to_thread(is_in_log, folder, copy):
                found.append(MissingCheckpoint(place=keeper.place, copy=copy))
        return found
