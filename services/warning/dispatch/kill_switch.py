"""The kill switch: one key in Redis that stops all warnings, seen by everybody within a second."""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from fanzha.errors import InvalidInput
from infra.periodic import run_periodically
from infra.redis.client import Client, execute_synced, within
from services.audit.events import Audit, AuditKind, NoAudit
from services.auth import identity

logger = logging.getLogger(__name__)

KEY = "{fanzha:warning:switch}:stopped"
LOOK_SECONDS = 0.4
"""Half of the second within which everybody must know, less what reading takes."""
LONGEST_REASON = 200
_LOOK_SECONDS = 0.5
"""For who looks again and again. Who turns the switch waits, lest it acts and yet seems to fail."""
_SECONDS = 5.0
_SUBJECT = "warnings"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopOrder:
    """Who stopped the warnings, when and why."""

    by: str
    why: str
    at_ms: int


class KillSwitch:
    """Follows the switch, and turns it.

    Until it has been read once, warnings count as stopped: better late than against an order.
    While Redis is away, what was read last holds; nothing new goes out then anyway.
    """

    def __init__(
        self, client: Client, *, now_ms: Callable[[], int], audit: Audit | None = None
    ) -> None:
        """*client* must decode answers. Only who turns the switch needs an *audit*."""
        self._client: Any = client
        self._now_ms = now_ms
        self._audit = audit or NoAudit()
        self._stop: StopOrder | None = None
        self._known = False

    @property
    def stopped(self) -> bool:
        """Whether no warning may go out."""
        return not self._known or self._stop is not None

    async def look(self, seconds: float = _SECONDS) -> StopOrder | None:
        """Read the switch now, within so many *seconds*; None: warnings go out."""
        async with within(seconds):
            text = await self._client.get(KEY)
        stop = _read(text) if text else None
        if self._known and (stop is None) != (self._stop is None):
            logger.warning("warnings %s", "stopped" if stop else "go out again")
        self._stop, self._known = stop, True
        return stop

    async def follow(self) -> None:
        """Look again and again, until cancelled."""
        await run_periodically(
            lambda: self.look(_LOOK_SECONDS),
            every_seconds=LOOK_SECONDS,
            task="kill switch follower",
            logger=logger,
        )

    async def stop(self, *, by: str, why: str) -> StopOrder:
        """Stop all warnings, and put it on record; stopping twice changes the reason."""
        if not 1 <= len(why.strip()) <= LONGEST_REASON:
            raise InvalidInput(f"reason: 1 to {LONGEST_REASON} characters are required")
        stop = StopOrder(by=identity.author(by), why=why.strip(), at_ms=self._now_ms())
        # It acts first: whoever must stop warnings does not wait for a disk.
        await self._write(lambda writing: writing.set(KEY, json.dumps(asdict(stop))))
        await self._audit.record(
            AuditKind.WARNINGS_STOPPED, subject=_SUBJECT, details={"why": stop.why}, actor=stop.by
        )
        return stop

    async def start(self, *, by: str, why: str) -> bool:
        """Let warnings go out again; False when they did anyway."""
        if not 1 <= len(why.strip()) <= LONGEST_REASON:
            raise InvalidInput(f"reason: 1 to {LONGEST_REASON} characters are required")
        if await self.look() is None:
            return False
        # On record first: nothing goes out that nobody answers for.
        await self._audit.record(
            AuditKind.WARNINGS_STARTED,
            subject=_SUBJECT,
            details={"why": why.strip()},
            actor=identity.author(by),
        )
        await self._write(lambda writing: writing.delete(KEY))
        return True

    async def _write(self, queue: Callable[[Any], Any]) -> None:
        async with within(_SECONDS):
            writing = self._client.pipeline(transaction=False)
            queue(writing)
            await execute_synced(self._client, writing, KEY)
        await self.look()


def _read(text: str) -> StopOrder:
    try:
        fields = json.loads(text)
        return StopOrder(by=str(fields["by"]), why=str(fields["why"]), at_ms=int(fields["at_ms"]))
    except (ValueError, TypeError, KeyError):
        # Somebody wrote the key by hand, in a hurry: that stops warnings too.
        return StopOrder(by="", why="the key in Redis was set by hand", at_ms=0)
