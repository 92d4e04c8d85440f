"""Records findings about list changes in the audit log, and lets an operator settle them."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Sequence

from blocklists.snapshot.findings import Finding
from blocklists.snapshot.replica import Replica
from blocklists.store.store import Store
from fanzha.errors import NotFound
from infra import text_limits
from infra.periodic import run_periodically
from infra.text_limits import CharacterSet, TextLimit
from services.audit.events import Audit, AuditKind

logger = logging.getLogger(__name__)

ACTOR = "fanzha"
"""Actor of findings in the audit log."""
MAX_QUEUED = 1000
"""Most findings that wait to be recorded; newer ones are only logged and counted."""
_REASON = TextLimit(max_characters=500, characters=CharacterSet.ANY)
_PAUSE_SECONDS = 0.5
"""From one record of findings to the next."""


class FindingRecorder:
    """Findings of list administration while it follows the lists."""

    def __init__(
        self, *, store: Store, replica: Replica, audit: Audit, now_ms: Callable[[], int]
    ) -> None:
        self._store = store
        self._replica = replica
        self._audit = audit
        self._now_ms = now_ms
        self._queued: deque[Finding] = deque()
        self._found = asyncio.Event()
        self.unrecorded = 0
        """Number of findings not recorded because too many waited."""

    @property
    def current(self) -> Sequence[Finding]:
        """Unsettled findings about the lists in force."""
        return self._replica.lists.findings

    async def strays(self) -> int:
        """Return the number of quarantined stream records that no commit wrote."""
        return await self._store.strays()

    def found(self, findings: Sequence[Finding]) -> None:
        """Queue findings of the follower."""
        room = max(0, MAX_QUEUED - len(self._queued))
        self._queued.extend(findings[:room])
        self.unrecorded += len(findings[room:])
        self._found.set()

    async def run(self) -> None:
        """Write findings to the audit log until cancelled."""
        await run_periodically(
            self._record_all,
            every_seconds=_PAUSE_SECONDS,
            task="list findings",
            logger=logger,
            work=self._found,
        )

    async def settle(self, version: int, reason: str, author: str) -> None:
        """Record that an operator has dealt with a version, and tell all followers.

        Skipped changes stay skipped; the lists may be compacted again.
        """
        reason = text_limits.required("reason", reason, _REASON)
        about = [one for one in self.current if one.version == version]
        if not about:
            raise NotFound("version: {version} has no unsettled finding", version=version)
        details = {"version": str(version), "reason": reason}
        details |= {one.kind.value: one.why for one in about}
        await self._audit.record(
            AuditKind.QUARANTINE_SETTLED, subject=f"lists:{version}", details=details, actor=author
        )
        settlement = {"by": author, "reason": reason, "at_ms": self._now_ms()}
        await self._store.settle(version, json.dumps(settlement, ensure_ascii=False))

    async def _record_all(self) -> None:
        while self._queued:
            await self._record(self._queued[0])
            self._queued.popleft()

    async def _record(self, one: Finding) -> None:
        await self._audit.record(
            AuditKind.BAD_LIST_CHANGE,
            subject=f"lists:{one.version}",
            details={
                "finding": one.kind.value,
                "why": one.why,
                "rows": str(one.rows),
                "applied": str(not one.skipped).lower(),
            },
            actor=ACTOR,
        )
