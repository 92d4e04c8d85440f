"""Lets many wait for one write: what comes while the disk works goes together into the next.

The chain is used from one thread, and by one write at a time.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from fanzha.errors import Unavailable
from services.audit.chain import Chain
from services.audit.checkpoints import ACTOR, SUBJECT, CheckpointReason
from services.audit.events import AuditKind
from services.audit.records import AuditEvent
from services.audit.recovery import LogTail

logger = logging.getLogger(__name__)

MOST_TOGETHER = 256
"""Records of one write."""
_Result = TypeVar("_Result")


@dataclass(slots=True)
class _Waiting:
    event: AuditEvent
    written: asyncio.Future[None]


@dataclass(slots=True)
class _Unwritten:
    """What the disk refused since it last took something."""

    records: int = 0
    since_ms: int = 0


class GroupCommit:
    """Writes to *chain*; *wrote* is called after each write."""

    def __init__(
        self, chain: Chain, *, now_ms: Callable[[], int], wrote: Callable[[], None]
    ) -> None:
        self._chain = chain
        self._now_ms = now_ms
        self._wrote = wrote
        # Its own, so that merging lists in the common ones keeps no record waiting.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="audit")
        self._one_at_a_time = asyncio.Lock()
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None
        self._written_at = time.monotonic()
        self._unwritten = _Unwritten()
        self.refused = 0
        """Records the disk refused."""

    @property
    def quiet_for(self) -> float:
        """Seconds since records were last written."""
        return time.monotonic() - self._written_at

    async def open(self) -> LogTail:
        """Take the log over; see `Chain.open`."""
        end = await self._in_thread(self._chain.open)
        self._wrote()
        return end

    async def write(self, event: AuditEvent) -> None:
        """Return when *event* is on the disk; raise `Unavailable` when the disk refuses it."""
        waiting = _Waiting(event, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_waiting())
        await waiting.written

    async def checkpoint(self, reason: CheckpointReason, told: Callable[[], _Result]) -> _Result:
        """Vouch for everything so far, and return what is *told* before anything else comes.

        Raises `Unavailable` when the disk refuses it.
        """
        async with self._one_at_a_time:
            refused = await self._try(self._chain.checkpoint, reason)
            if refused is None:
                return told()
        raise _unavailable(refused)

    async def settle(self) -> None:
        """Wait until nothing waits."""
        while self._writing is not None:
            await asyncio.wait([self._writing])

    async def close(self) -> None:
        """Let go of the log."""
        await self._in_thread(self._chain.close)
        self._thread.shutdown()

    async def _write_waiting(self) -> None:
        some, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        refused: OSError | None = OSError("an unexpected fault")
        try:
            refused = await self._append([one.event for one in some])
        finally:
            # Whatever happens, nobody may be left waiting, or believe it is on record.
            for one in some:
                _tell(one.written, refused)
            self._writing = asyncio.create_task(self._write_waiting()) if self._waiting else None

    async def _append(self, events: list[AuditEvent]) -> OSError | None:
        """Write *events*; return why the disk refused."""
        first = [self._unwritten_told()] if self._unwritten.records else []
        async with self._one_at_a_time:
            refused = await self._try(self._chain.append, first + events)
            if refused is None:
                self._unwritten = _Unwritten()
                self._written_at = time.monotonic()
            else:
                self._unwritten.since_ms = self._unwritten.since_ms or self._now_ms()
                self._unwritten.records += len(events)
                self.refused += len(events)
        return refused

    async def _try(self, write: Callable[[Any], object], what: object) -> OSError | None:
        """Let the chain *write*; return why the disk refused."""
        try:
            await self._in_thread(write, what)
        except OSError as error:
            refused = error
        else:
            self._wrote()
            return None
        logger.error("the audit log cannot be written: %s", refused.strerror or refused)
        return refused

    async def _in_thread(self, work: Callable[..., _Result], *arguments: Any) -> _Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, work, *arguments)

    def _unwritten_told(self) -> AuditEvent:
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


def _tell(written: asyncio.Future[None], refused: OSError | None) -> None:
    if written.done():
        return  # whoever waited is gone; what happened is on record all the same
    if refused is None:
        written.set_result(None)
    else:
        written.set_exception(_unavailable(refused))


def _unavailable(refused: OSError) -> Unavailable:
    return Unavailable(f"the audit log cannot be written: {refused}")
