"""Change requests on a real store, with lists that follow it."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blocklists.entries import Entry, Source
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot.replica import Replica
from blocklists.snapshot.snapshot import Snapshot
from blocklists.store.current_lists import CurrentLists
from blocklists.store.follower import Follower
from blocklists.store.store import Store
from blocklists.wrong_entries import WrongEntry
from fanzha.errors import Unavailable
from infra import process_lifecycle
from infra.redis.client import Client, connect
from services.audit.events import Audit, AuditKind
from services.auth.identity import Identity, Role
from services.carrier_policy.policy_log import PolicyLog
from services.changes import wiring
from services.changes.maintenance import ChangeMaintenance
from services.changes.model import ChangeKind, Draft
from services.changes.service import ChangeService
from services.changes.store import ChangeStore
from services.decision_log.impact.model import Impact
from tests.support.builders import NINE_O_CLOCK_MS

LI = Identity(name="li", roles=frozenset({Role.EDITOR}))
WANG = Identity(name="wang", roles=frozenset({Role.APPROVER, Role.EDITOR}))
ZHAO = Identity(name="zhao", roles=frozenset({Role.AUDITOR}))
CHEN = Identity(name="chen", roles=frozenset({Role.APPEALS_OFFICER}))


class MemoryAudit:
    """Collects audit records; raises while *full*."""

    def __init__(self) -> None:
        self.records: list[tuple[AuditKind, str, Mapping[str, str], str]] = []
        self.full = False

    async def record(
        self, kind: AuditKind, *, subject: str, details: Mapping[str, str], actor: str = ""
    ) -> None:
        if self.full:
            raise Unavailable("the audit log cannot be written")
        self.records.append((kind, subject, details, actor))

    @property
    def kinds(self) -> list[AuditKind]:
        return [kind for kind, *_ in self.records]


def an_impact(*, known: bool = True, calls: int = 3, parties: int = 2) -> Impact:
    """Return the impact by a nearly empty decision log."""
    return Impact(
        known=known,
        hours=24.0 if known else 3.0,
        since_ms=0,
        rows_examined=1000,
        calls=calls,
        texts=0,
        links=0,
        parties=parties,
        known_contacts=0,
        top=(),
    )


@dataclass(slots=True)
class FixedImpact:
    """Returns the same impact for every change."""

    says: Impact | None = field(default_factory=an_impact)
    breaks: bool = False

    def of(
        self,
        table: EntryTable,
        removals: Identities,
        *,
        hours: int,
        now_ms: int,
        shadows_enforce: bool = False,
    ) -> Impact | None:
        if self.breaks:
            raise OSError("the disk is gone")
        return self.says


class RetractionsSeen:
    """Collects wrong entries; raises while *away*."""

    def __init__(self) -> None:
        self.entries: list[WrongEntry] = []
        self.away = False

    async def __call__(self, entries: Iterable[WrongEntry]) -> None:
        if self.away:
            raise Unavailable("Redis is away")
        self.entries += entries


@dataclass(slots=True, kw_only=True)
class ChangeDesk:
    """The parts of list administration that tests use."""

    client: Client
    store: Store
    replica: Replica
    changes: ChangeService
    upkeep: ChangeMaintenance
    requests: ChangeStore
    audit: MemoryAudit
    impact: FixedImpact
    retractions: RetractionsSeen
    clock: list[int]
    """The time in milliseconds, in a list so that a test can set it."""

    @property
    def now_s(self) -> int:
        return self.clock[0] // 1000

    async def lists(self) -> Snapshot:
        """Return the lists as they are in the store."""
        return await CurrentLists(self.store, self.replica).caught_up()

    async def listed(self) -> dict[str, Entry]:
        """Return all entries by action and pattern, such as ``block +8617000000001``."""
        snapshot = await self.lists()
        entries = [snapshot.entry(row) for row in snapshot.live_rows().tolist()]
        return {f"{entry.action.name.lower()} {entry.pattern}": entry for entry in entries}


def a_draft(
    *additions: Entry,
    removals: Identities | None = None,
    kind: ChangeKind = ChangeKind.NORMAL,
    author: str = "li",
    reason: str = "reported by three victims",
    **more: Any,
) -> Draft:
    """Make a draft of li's."""
    return Draft(
        kind=kind,
        author=author,
        reason=reason,
        additions=EntryTable.from_entries(additions),
        removals=Identities.of([]) if removals is None else removals,
        source=Source.BUREAU,
        **more,
    )


def identities(*entries: Entry) -> Identities:
    """Name entries."""
    return Identities.of((entry.kind, entry.pattern, entry.action) for entry in entries)


@asynccontextmanager
async def change_desk(
    url: str,
    folder: Path,
    *,
    audit: Audit | None = None,
    policies: PolicyLog | None = None,
    chunk_rows: int = 100_000,
    **parts: Any,
) -> AsyncIterator[ChangeDesk]:
    """Keep change requests in the store at *url*, lists in *folder*; the clock stands at nine.

    *parts* are those of `services.changes.wiring.build`: options, popular, risks, policy_impact.
    """
    client, text_client = connect(url, decode_responses=False), connect(url)
    store, replica = Store(client, chunk_rows=chunk_rows), Replica(folder)
    parts["policies"] = policies or PolicyLog(text_client)
    desk = _wired(client, store, replica, audit, parts)
    following = asyncio.create_task(Follower(store, folder).run())
    refreshing = asyncio.create_task(_refresh(replica))
    try:
        yield desk
    finally:
        await process_lifecycle.cancel([following, refreshing])
        await client.aclose()
        await text_client.aclose()


def _wired(
    client: Any, store: Store, replica: Replica, audit: Audit | None, parts: dict[str, Any]
) -> ChangeDesk:
    audit_log, impact, retractions = MemoryAudit(), FixedImpact(), RetractionsSeen()
    clock = [NINE_O_CLOCK_MS]
    changes, upkeep = wiring.build(
        client,
        store=store,
        replica=replica,
        now_ms=lambda: clock[0],
        elapsed=lambda: clock[0] / 1000,
        audit=audit or audit_log,
        impact=impact,
        retract=retractions,
        **parts,
    )
    return ChangeDesk(
        client=client,
        store=store,
        replica=replica,
        changes=changes,
        upkeep=upkeep,
        requests=ChangeStore(client),
        audit=audit_log,
        impact=impact,
        retractions=retractions,
        clock=clock,
    )


async def _refresh(replica: Replica) -> None:
    while True:
        if replica.changed:
            await asyncio.to_thread(replica.refresh)
        await asyncio.sleep(0.005)
