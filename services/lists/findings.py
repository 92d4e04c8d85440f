"""Puts on record what is wrong with changes to the lists, and lets an operator settle it."""

import json
import logging
from collections import deque
from collections.abc import Callable, Sequence

from blocklists.snapshot.findings import Finding
from blocklists.snapshot.replica import Replica
from blocklists.store.store import Store
from fanzha.errors import InvalidInput, NotFound
from infra.periodic import run_periodically
from services.audit.events import Audit, AuditKind

logger = logging.getLogger(__name__)

ACTOR = "fanzha"
"""Who puts down what a process found by itself."""
MAX_WAITING = 1000
"""Findings that wait to be put down; of more, the newest are said in the log only."""
MAX_REASON_CHARACTERS = 500
_POLL_SECONDS = 0.5


class FindingRecorder:
    """What list administration found while it followed the lists."""

    def __init__(
        self, *, store: Store, replica: Replica, audit: Audit, now_ms: Callable[[], int]
    ) -> None:
        self._store = store
        self._replica = replica
        self._audit = audit
        self._now_ms = now_ms
        self._waiting: deque[Finding] = deque()
        self.unrecorded = 0
        """Findings that could not wait to be put down."""

    @property
    def current(self) -> Sequence[Finding]:
        """What is wrong with the lists in force, and nobody has settled."""
        return self._replica.lists.findings

    async def strays(self) -> int:
        """Return how many records that no commit made are kept aside."""
        return await self._store.strays()

    def found(self, findings: Sequence[Finding]) -> None:
        """Take in what the follower found."""
        room = max(0, MAX_WAITING - len(self._waiting))
        self._waiting.extend(findings[:room])
        self.unrecorded += len(findings[room:])

    async def run(self) -> None:
        """Put findings into the audit log, until cancelled."""
        await run_periodically(
            self._record_all, every_seconds=_POLL_SECONDS, task="list findings", logger=logger
        )

    async def settle(self, version: int, reason: str, author: str) -> None:
        """Put down, and say to whoever follows, that a person has dealt with a version.

        What was skipped of it stays so; the lists may be compacted again.
        """
        if not 0 < len(reason) <= MAX_REASON_CHARACTERS:
            raise InvalidInput(f"reason: 1 to {MAX_REASON_CHARACTERS} characters are required")
        about = [one for one in self.current if one.version == version]
        if not about:
            raise NotFound(f"version: nothing is wrong with {version}, or it is settled")
        details = {"version": str(version), "reason": reason}
        details |= {one.kind.value: one.why for one in about}
        await self._audit.record(
            AuditKind.QUARANTINE_SETTLED, subject=f"lists:{version}", details=details, actor=author
        )
        said = {"by": author, "reason": reason, "at_ms": self._now_ms()}
        await self._store.settle(version, json.dumps(said, ensure_ascii=False))

    async def _record_all(self) -> None:
        while self._waiting:
            await self._record(self._waiting[0])
            self._waiting.popleft()

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
