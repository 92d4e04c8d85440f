"""Kill switch: one Redis key that stops all warnings; every process sees it within a second.

A process reads it when it has something to send, so a stop by hand acts as fast as one by command.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from fanzha.errors import Unavailable
from infra import text_limits
from infra.clock import monotonic_seconds
from infra.periodic import OutageLog
from infra.redis.client import Client, execute_durable, within
from infra.text_limits import CharacterSet, TextLimit
from services.audit.events import Audit, AuditKind, NoAudit
from services.auth import identity

logger = logging.getLogger(__name__)

KEY = "{fanzha:warning:switch}:stopped"
FRESH_SECONDS = 0.4
"""How long a read holds; leaves room for one timed-out read within the second."""
_REASON = TextLimit(max_characters=200, characters=CharacterSet.ANY)
_READ_SECONDS = 0.5
"""Timeout of a read before sending. Turning the switch waits longer: it must not act, yet fail."""
_SECONDS = 5.0
_SUBJECT = "warnings"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopOrder:
    """A stop of all warnings."""

    by: str
    why: str
    at_ms: int


class KillSwitch:
    """Reads the switch before warnings are sent, and turns it.

    Fails closed: warnings are stopped until the switch was read once. While Redis is away the last
    value holds; without Redis nothing is sent anyway.
    """

    def __init__(
        self, client: Client, *, now_ms: Callable[[], int], audit: Audit | None = None
    ) -> None:
        """*client* must decode answers; *audit* is needed to turn the switch."""
        self._client: Any = client
        self._now_ms = now_ms
        self._audit = audit or NoAudit()
        self._stop: StopOrder | None = None
        self._known = False
        self._outage = OutageLog("reading of the kill switch", logger)
        self._reading = asyncio.Lock()
        self._read_at = -FRESH_SECONDS

    @property
    def stopped(self) -> bool:
        """Whether warnings were stopped when the switch was last read."""
        return not self._known or self._stop is not None

    async def is_stopped(self) -> bool:
        """Return whether warnings are stopped; reads the switch unless it was just read."""
        async with self._reading:
            if monotonic_seconds() - self._read_at >= FRESH_SECONDS:
                self._read_at = monotonic_seconds()
                try:
                    await self.read(_READ_SECONDS)
                except Unavailable as error:
                    self._outage.failed(error)
                else:
                    self._outage.succeeded()
        return self.stopped

    async def read(self, seconds: float = _SECONDS) -> StopOrder | None:
        """Read the switch, with a timeout in *seconds*; None: warnings are not stopped."""
        async with within(seconds):
            text = await self._client.get(KEY)
        stop = _read(text) if text else None
        if self._known and (stop is None) != (self._stop is None):
            logger.warning("warnings %s", "stopped" if stop else "go out again")
        self._stop, self._known = stop, True
        return stop

    async def stop(self, *, by: str, why: str) -> StopOrder:
        """Stop all warnings, then audit the stop; a second stop replaces the reason."""
        why = text_limits.required("reason", why, _REASON)
        stop = StopOrder(by=identity.author(by), why=why, at_ms=self._now_ms())
        # Audited after it acts: an emergency stop does not wait for the audit log.
        await self._write(lambda writing: writing.set(KEY, json.dumps(asdict(stop))))
        await self._audit.record(
            AuditKind.WARNINGS_STOPPED, subject=_SUBJECT, details={"why": stop.why}, actor=stop.by
        )
        return stop

    async def start(self, *, by: str, why: str) -> bool:
        """Resume warnings; False if they were not stopped."""
        why = text_limits.required("reason", why, _REASON)
        if await self.read() is None:
            return False
        # Audited first: no warning is sent without a record of who resumed them.
        await self._audit.record(
            AuditKind.WARNINGS_STARTED,
            subject=_SUBJECT,
            details={"why": why},
            actor=identity.author(by),
        )
        await self._write(lambda writing: writing.delete(KEY))
        return True

    async def _write(self, queue: Callable[[Any], Any]) -> None:
        async with within(_SECONDS):
            writing = self._client.pipeline(transaction=False)
            queue(writing)
            await execute_durable(self._client, writing)
        await self.read()


def _read(text: str) -> StopOrder:
    try:
        fields = json.loads(text)
        return StopOrder(by=str(fields["by"]), why=str(fields["why"]), at_ms=int(fields["at_ms"]))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        # A key written by hand stops warnings too.
        return StopOrder(by="", why="the key in Redis was set by hand", at_ms=0)
