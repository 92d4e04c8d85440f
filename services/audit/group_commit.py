"""Group commit for the audit log: events that arrive during a write share the next one.

The chain is used from one thread, by one write at a time.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from fanzha.errors import Unavailable
from infra.clock import monotonic_seconds
from services.audit.chain import Chain
from services.audit.checkpoints import ACTOR, SUBJECT, CheckpointReason
from services.audit.events import AuditKind
from services.audit.records import AuditEvent
from services.audit.recovery import LogTail

logger = logging.getLogger(__name__)

MAX_BATCH = 256
"""Most records per write."""
_Result = TypeVar("_Result")


@dataclass(slots=True)
class _QueuedEvent:
    event: AuditEvent
    written: asyncio.Future[None]


@dataclass(slots=True)
class _Unwritten:
    """Failed writes since the last successful one."""

    records: int = 0
    since_ms: int = 0


class GroupCommit:
    """Writes events to *chain*; calls *on_write* after each write."""

    def __init__(
        self, chain: Chain, *, now_ms: Callable[[], int], on_write: Callable[[], None]
    ) -> None:
        self._chain = chain
        self._now_ms = now_ms
        self._on_write = on_write
        # A thread of its own, so that list merges in the default pool do not delay records.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="audit")
        self._write_lock = asyncio.Lock()
        self._queued: list[_QueuedEvent] = []
        self._writing: asyncio.Task[None] | None = None
        self._written_at = monotonic_seconds()
        self._unwritten = _Unwritten()
        self.refused = 0
        """Records that could not be written."""

    @property
    def idle_seconds(self) -> float:
        """Seconds since the last write."""
        return monotonic_seconds() - self._written_at

    async def open(self) -> LogTail:
        """Open the log; see `Chain.open`."""
        end = await self._in_thread(self._chain.open)
        self._on_write()
        return end

    async def write(self, event: AuditEvent) -> None:
        """Return once *event* is durable; raise `Unavailable` when the write fails."""
        queued = _QueuedEvent(event, asyncio.get_running_loop().create_future())
        self._queued.append(queued)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_waiting())
        await queued.written

    async def checkpoint(self, reason: CheckpointReason, result: Callable[[], _Result]) -> _Result:
        """Write a checkpoint, and return *result()* taken before any later write.

        Raise `Unavailable` when the write fails.
        """
        async with self._write_lock:
            refused = await self._try(self._chain.checkpoint, reason)
            if refused is None:
                return result()
        raise _unavailable(refused)

    async def flush(self) -> None:
        """Wait until all pending events are written."""
        while self._writing is not None:
            await asyncio.wait([self._writing])

    async def close(self) -> None:
        """Close the log."""
        await self._in_thread(self._chain.close)
        self._thread.shutdown()

    async def _write_waiting(self) -> None:
        some, self._queued = self._queued[:MAX_BATCH], self._queued[MAX_BATCH:]
        refused: OSError | None = OSError("an unexpected fault")
        try:
            refused = await self._append([one.event for one in some])
        finally:
            # Every waiter must be resolved, and none as written unless it was.
            for one in some:
                _resolve(one.written, refused)
            self._writing = asyncio.create_task(self._write_waiting()) if self._queued else None

    async def _append(self, events: list[AuditEvent]) -> OSError | None:
        """Write *events*; return the error, or None."""
        first = [self._failure_event()] if self._unwritten.records else []
        async with self._write_lock:
            refused = await self._try(self._chain.append, first + events)
            if refused is None:
                self._unwritten = _Unwritten()
                self._written_at = monotonic_seconds()
            else:
                self._unwritten.since_ms = self._unwritten.since_ms or self._now_ms()
                self._unwritten.records += len(events)
                self.refused += len(events)
        return refused

    async def _try(self, write: Callable[[Any], object], what: object) -> OSError | None:
        """Run *write* in the thread of the log; return the error, or None."""
        try:
            await self._in_thread(write, what)
        except OSError as error:
            refused = error
        else:
            self._on_write()
            return None
        logger.error("the audit log cannot be written: %s", refused.strerror or refused)
        return refused

    async def _in_thread(self, work: Callable[..., _Result], *arguments: Any) -> _Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, work, *arguments)

    def _failure_event(self) -> AuditEvent:
        return AuditEvent(
            time_ms=self._now_ms(),
            kind=AuditKind.LOG_MENDED,
            actor=ACTOR,
            subject=SUBJECT,
            details={
                "refused_by_disk": str(self._unwritten.records),
                "since_ms": str(self._unwritten.since_ms),
            },
        )


def _resolve(written: asyncio.Future[None], refused: OSError | None) -> None:
    if written.done():
        return  # the waiter was cancelled; the event is recorded all the same
    if refused is None:
        written.set_result(None)
    else:
        written.set_exception(_unavailable(refused))


def _unavailable(refused: OSError) -> Unavailable:
    return Unavailable("the audit log cannot be written: {refused}", refused=refused)
