"""The audit log, written by `fanzha admin`: `record` returns once the record is durable.

When a write fails, `record` raises `Unavailable`, so the action to be recorded does not happen.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fanzha.errors import CannotStart, Unavailable
from infra import atomic_file
from infra.periodic import run_periodically
from services.audit import keys
from services.audit.anchors import AnchorFolder
from services.audit.chain import Chain
from services.audit.checkpoint_copies import CheckpointCopies
from services.audit.checkpoints import ACTOR, SUBJECT, CheckpointReason
from services.audit.events import AuditKind
from services.audit.group_commit import GroupCommit
from services.audit.keys import SigningKey
from services.audit.records import AuditEvent, AuditRecord
from services.audit.recovery import LogTail
from services.audit.spread import CheckpointKeeper, CheckpointSpread
from services.auth import identity

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHead:
    """The newest record of the log."""

    sequence: int
    hash: str
    uncovered: int
    """Records since the last checkpoint."""
    checkpoint: AuditRecord
    """The last checkpoint."""
    public_pem: str
    end: tuple[str, int]
    """The newest file and its size in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLogState:
    """State of the log, for metrics."""

    sequence: int
    uncovered: int
    uncopied: int
    """Checkpoints not copied to Redis, or to the anchors, yet."""
    refused: int
    """Records that could not be written since the process started."""


class AuditLog:
    """The audit log in *folder*. One process at a time, one event loop."""

    def __init__(
        self,
        folder: Path,
        *,
        key: SigningKey,
        within: int,
        quiet_seconds: float,
        now_ms: Callable[[], int],
        keepers: Sequence[CheckpointKeeper] = (),
    ) -> None:
        self.folder = folder
        self._key = key
        self._chain = Chain(folder, key, within=within, now_ms=now_ms)
        self._writer = GroupCommit(self._chain, now_ms=now_ms, on_write=self._collect_checkpoints)
        self._quiet_seconds = quiet_seconds
        self._now_ms = now_ms
        self._spread = CheckpointSpread(keepers)
        self._last: AuditRecord | None = None
        self._uncovered = asyncio.Event()

    @property
    def key(self) -> SigningKey:
        """The key that signs checkpoints."""
        return self._key

    @property
    def head(self) -> LogHead:
        """The current head of the log."""
        if self._last is None:
            raise Unavailable("the audit log is not open")
        return LogHead(
            sequence=self._chain.sequence,
            hash=self._chain.head,
            uncovered=self._chain.uncovered,
            checkpoint=self._last,
            public_pem=self._key.public_pem,
            end=self._chain.end,
        )

    def state(self) -> AuditLogState:
        """Return the state of the log; safe to call from any thread."""
        return AuditLogState(
            sequence=self._chain.sequence,
            uncovered=self._chain.uncovered,
            uncopied=self._spread.uncopied,
            refused=self._writer.refused,
        )

    async def open(self) -> None:
        """Open the log, set aside a torn tail, and compare it with the copied checkpoints.

        Raise `RuntimeError` when another process has locked it, `ValueError` when it is unreadable.
        """
        end = await self._writer.open()
        for torn in end.torn:
            logger.warning("audit log: set aside a torn tail of %d bytes", torn.size)
            await self._record_repair(
                file=torn.file,
                set_aside_bytes=str(torn.size),
                set_aside_lines=str(torn.lines),
                set_aside_sha256=torn.digest,
                set_aside_as=torn.kept_as,
            )
        await self._compare(end)
        logger.info("audit log open", extra={"sequence": end.sequence, "key_id": self._key.key_id})

    async def record(
        self, kind: AuditKind, *, subject: str, details: Mapping[str, str], actor: str = ""
    ) -> None:
        """Record an event; return once it is durable, or raise `Unavailable`."""
        if self._last is None:
            raise Unavailable("the audit log is not open")
        event = AuditEvent(
            time_ms=self._now_ms(),
            kind=kind,
            actor=actor or identity.current().name,
            subject=subject,
            details=dict(details),
        )
        await self._writer.write(event)

    async def checkpoint(self, reason: CheckpointReason) -> LogHead:
        """Write a checkpoint and return the head right after it.

        Raise `Unavailable` when the write fails.
        """
        return await self._writer.checkpoint(reason, lambda: self.head)

    async def run(self) -> None:
        """Write checkpoints when idle, and copy them to their keepers, until cancelled."""
        await asyncio.gather(
            run_periodically(
                self._cover,
                every_seconds=_POLL_SECONDS,
                task="audit checkpoints",
                logger=logger,
                work=self._uncovered,
            ),
            run_periodically(
                self._spread.copy,
                every_seconds=_POLL_SECONDS,
                task="copies of audit checkpoints",
                logger=logger,
                work=self._spread.due,
            ),
        )

    async def close(self) -> None:
        """Write a last checkpoint and close the log."""
        if self._last is None:
            return
        await self._writer.flush()
        with suppress(Unavailable):
            await self.checkpoint(CheckpointReason.STOPPED)
        with suppress(Unavailable):
            await self._spread.copy()
        self._last = None
        await self._writer.close()

    def _collect_checkpoints(self) -> None:
        made, self._chain.checkpoints = self._chain.checkpoints, []
        self._uncovered.set()
        for checkpoint in made:
            self._last = checkpoint
            # Log lines are one more copy: truncating the audit log does not remove them.
            logger.info(
                "audit checkpoint",
                extra={"sequence": checkpoint.sequence, "hash": checkpoint.hash},
            )
        self._spread.add(made)

    async def _cover(self) -> None:
        """Write a checkpoint once the log has been idle for long enough."""
        if self._chain.uncovered and self._writer.idle_seconds >= self._quiet_seconds:
            await self.checkpoint(CheckpointReason.QUIET)
        if self._chain.uncovered:
            self._uncovered.set()

    async def _compare(self, end: LogTail) -> None:
        """Report checkpoints that keepers have and the log, as found at start, lacks."""
        for missing in await self._spread.missing(self.folder):
            logger.error(
                "the audit log lacks a checkpoint that %s has: it was truncated or replaced",
                missing.place,
            )
            await self._record_repair(
                missing_checkpoint=str(missing.copy.sequence),
                missing_hash=missing.copy.hash,
                found_sequence=str(end.sequence),
                kept_in=missing.place,
            )

    async def _record_repair(self, **details: str) -> None:
        try:
            await self.record(AuditKind.LOG_MENDED, subject=SUBJECT, details=details, actor=ACTOR)
        except Unavailable as error:
            raise CannotStart("{error}", error=error) from error


def open_log(
    folder: Path,
    *,
    key_file: Path | None,
    within: int,
    quiet_seconds: float,
    now_ms: Callable[[], int],
    copies: CheckpointCopies | None = None,
    anchor_dir: Path | None = None,
) -> AuditLog:
    """Return the log of *folder*; its key is *key_file*, by default a file in the folder.

    Checkpoints are kept by *copies*, and in *anchor_dir*, where these are given.
    """
    atomic_file.make_folder(folder)
    key = keys.open_key(key_file or folder / keys.KEY_FILE)
    anchors = None if anchor_dir is None else AnchorFolder(anchor_dir, key.public_file)
    return AuditLog(
        folder,
        key=key,
        within=within,
        quiet_seconds=quiet_seconds,
        now_ms=now_ms,
        keepers=[keeper for keeper in (copies, anchors) if keeper is not None],
    )
