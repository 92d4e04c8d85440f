"""The dependencies every step of a change request shares, and the rule that audit comes first."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from blocklists.conflicts.findings import Conflicts
from blocklists.critical.risks import RiskFinder
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot.snapshot import Snapshot
from blocklists.store.current_lists import CurrentLists
from blocklists.store.store import Store
from blocklists.wrong_entries import Retract, retract_nothing
from fanzha.errors import FanzhaError, NotAllowed, Unavailable, VersionConflict
from services.audit.events import Audit, AuditKind
from services.auth import identity
from services.carrier_policy.policy_log import PolicyLog
from services.changes import permissions
from services.changes.diff import ChangeDiff
from services.changes.impact import ImpactSource
from services.changes.locks import Locks
from services.changes.model import ChangeRequest, SecondPerson
from services.changes.policy.impact import PolicyImpactSource
from services.changes.popularity import PopularHosts
from services.changes.preview import ChangePreview
from services.changes.redo.journal import RedoJournal
from services.changes.scope import region_checks
from services.changes.store import ChangeStore, ChangeTransition


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOptions:
    """The operator's settings for change requests; see `services.settings`."""

    second_person: identity.SecondPersonRule = "by_identity"
    impact_threshold: int = 100
    impact_hours: int = 24
    popular_host_rank: int = 100_000
    emergency_hours: float = 24
    retention_days: int = 730


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionResult:
    """A submitted change: its request, if one was created, and what it does to the lists."""

    record: ChangeRequest | None
    """None for a dry run, and for a change that would change nothing."""
    diff: ChangeDiff
    snapshot: Snapshot
    """The lists it was compared with."""
    conflicts: Conflicts
    """Entries that its additions contradict."""
    preview: ChangePreview | None
    second_person: SecondPerson | None
    version: int
    """Version of the lists after this step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeContents:
    """The rows of a request."""

    additions: EntryTable
    removals: Identities


@dataclass(slots=True, kw_only=True)
class ChangeContext:
    """What every step of a change request needs."""

    requests: ChangeStore
    lists: Store
    current: CurrentLists
    locks: Locks
    audit: Audit
    impact: ImpactSource
    popular: PopularHosts
    risks: RiskFinder
    options: ChangeOptions
    policies: PolicyLog | None
    """None where the carrier policy cannot be changed."""
    policy_impact: PolicyImpactSource | None
    """None without a decision log."""
    now_ms: Callable[[], int]
    retract: Retract = retract_nothing
    journal: RedoJournal | None = None
    """Keeps what the store acknowledges; None: nothing does."""
    step_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Serializes the steps of this process; other processes are detected by state and revision."""

    async def transition(
        self,
        transitions: Sequence[ChangeTransition],
        kind: AuditKind,
        details: Mapping[str, str],
        *,
        expected_locks: int | None = None,
        actor: str = "",
    ) -> int:
        """Write the audit record, then store the transitions, all or none; return the lock counter.

        Without an audit record nothing is stored.
        """
        subject = transitions[0].after.subject
        await self.audit.record(kind, subject=subject, details=details, actor=actor)
        try:
            return await self.requests.transition(transitions, expected_locks=expected_locks)
        except (VersionConflict, Unavailable) as error:
            await self.record_failure(subject, kind.value, error, actor=actor)
            raise

    async def record_failure(
        self, subject: str, what: str, error: FanzhaError, *, actor: str = ""
    ) -> None:
        """Record in the audit log that a step failed whose record may be there already."""
        details = {"asked": what, "why": str(error)}
        await self.audit.record(AuditKind.REFUSED, subject=subject, details=details, actor=actor)

    async def contents(self, record: ChangeRequest) -> ChangeContents:
        """Read the rows of a request."""
        return ChangeContents(
            additions=await self.requests.additions(record),
            removals=await self.requests.removals(record),
        )

    async def seen(self, id_: int) -> ChangeRequest:
        """Return a request; `NotFound` when there is none in the caller's regions."""
        return region_checks.check_seen(await self.requests.get(id_))

    async def check_scope(self, contents: ChangeContents) -> None:
        """Raise `NotAllowed` when a row is of a list source or region the caller may not change."""
        who = identity.current()
        if who.sources or who.regions:
            snapshot = await self.current.caught_up()
            rows = contents.additions, contents.removals
            await asyncio.to_thread(permissions.check_sources, who, snapshot, *rows)
            await asyncio.to_thread(region_checks.check_regions, who, snapshot, *rows)

    @asynccontextmanager
    async def audit_refusals(self, subject: str, what: str) -> AsyncIterator[None]:
        """Record a `NotAllowed` raised inside in the audit log, and re-raise it."""
        try:
            yield
        except NotAllowed as error:
            await self.record_failure(subject, what, error, actor=identity.current().name)
            error.on_record = True
            raise
