"""What every step of a change request needs, and how a step is taken: audited first."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from blocklists.conflicts.findings import Conflicts
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot.snapshot import Snapshot
from blocklists.store.current_lists import CurrentLists
from blocklists.store.store import Store
from fanzha.errors import FanzhaError, NotAllowed, Unavailable, VersionConflict
from services.audit.events import Audit, AuditKind
from services.auth import identity
from services.changes import permissions
from services.changes.diff import ChangeDiff
from services.changes.impact import ImpactPreview
from services.changes.locks import Locks
from services.changes.model import ChangeRequest, SecondPerson
from services.changes.popularity import PopularHosts
from services.changes.preview import ChangePreview
from services.changes.second_person import Rule
from services.changes.store import ChangeStore, ChangeTransition


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOptions:
    """What an operator sets."""

    second_person: Rule = "by_identity"
    impact_threshold: int = 100
    impact_hours: int = 24
    popular_host_rank: int = 100_000
    emergency_hours: float = 24
    retention_days: int = 730


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionResult:
    """How far a request came, and what it does to the lists."""

    record: ChangeRequest | None
    """None when it was a trial, or would change nothing."""
    judged: ChangeDiff
    snapshot: Snapshot
    """The lists it was judged by."""
    conflicts: Conflicts
    """What its additions contradict."""
    preview: ChangePreview | None
    second_person: SecondPerson | None
    version: int
    """Of the lists now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeContents:
    """The rows of a request."""

    additions: EntryTable
    removals: Identities


@dataclass(slots=True, kw_only=True)
class ChangeContext:
    """What every step of a request needs."""

    requests: ChangeStore
    lists: Store
    current: CurrentLists
    locks: Locks
    audit: Audit
    impact: ImpactPreview
    popular: PopularHosts
    options: ChangeOptions
    now_ms: Callable[[], int]
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One step at a time in this process; others are told apart by state and revision."""

    async def take(
        self,
        moves: Sequence[ChangeTransition],
        kind: AuditKind,
        details: Mapping[str, str],
        *,
        locks: int | None = None,
        actor: str = "",
    ) -> int:
        """Take a step once the audit has it: without an audit record, nothing happens."""
        subject = moves[0].after.subject
        await self.audit.record(kind, subject=subject, details=details, actor=actor)
        try:
            return await self.requests.move(moves, locks=locks)
        except (VersionConflict, Unavailable) as error:
            await self.not_done(subject, kind.value, error, actor=actor)
            raise

    async def not_done(
        self, subject: str, what: str, error: FanzhaError, *, actor: str = ""
    ) -> None:
        """Put down that a step, which may be in the audit already, was not taken."""
        details = {"asked": what, "why": str(error)}
        await self.audit.record(AuditKind.REFUSED, subject=subject, details=details, actor=actor)

    async def contents(self, record: ChangeRequest) -> ChangeContents:
        """Read the rows of a request."""
        return ChangeContents(
            additions=await self.requests.additions(record),
            removals=await self.requests.removals(record),
        )

    async def check_scope(self, contents: ChangeContents) -> None:
        """Raise `NotAllowed` when rows are of list sources that who asks may not change."""
        who = identity.current()
        if who.sources:
            snapshot = await self.current.caught_up()
            rows = contents.additions, contents.removals
            await asyncio.to_thread(permissions.check_sources, who, snapshot, *rows)

    @asynccontextmanager
    async def refusals(self, subject: str, what: str) -> AsyncIterator[None]:
        """Put down in the audit who was refused *what*, and refuse."""
        try:
            yield
        except NotAllowed as error:
            await self.not_done(subject, what, error, actor=identity.current().name)
            error.on_record = True
            raise
