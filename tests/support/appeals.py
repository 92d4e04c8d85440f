"""List administration with appeals, in the test's own process: real store, real sockets.

Its clock is set by the test. Workers are small objects that report versions on request or at once.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from prometheus_client import CollectorRegistry, generate_latest

from blocklists.snapshot.replica import Replica
from blocklists.store.follower import Follower
from blocklists.store.store import Store
from blocklists.store.worker_reports import WorkerReport
from fanzha.decisions import Action, MatchedOn, Reason
from fanzha.errors import Unavailable
from fanzha.phone import HomePlan
from fanzha.tables import Channel
from fanzha.v1 import appeal_pb2_grpc
from infra import process_lifecycle
from infra.redis.client import connect
from services.appeals import wiring
from services.appeals.decision_lookup import LoggedDecisionSource
from services.appeals.list_access import AdministeredLists, ListAccess
from services.appeals.origins import RequestedOrigins
from services.appeals.wiring import WiredAppeals
from services.audit.events import AuditKind
from services.auth.identity import Identity, Role
from services.changes import wiring as change_requests
from services.changes.impact import ImpactSource
from services.changes.report import ChangeTerms, Reference
from services.changes.service import ChangeService
from services.changes.store import ChangeStore
from services.decision.sinks.hit_records import Hit
from services.decision.sinks.hit_store import HitStore
from services.lists.service import ListService
from services.rpc.appeals.handler import AppealServicer
from services.rpc.security import DEVELOPMENT
from services.rpc.server import RpcServer
from services.settings.settings import Settings
from services.warning.retractions.notices import RetractionStore
from tests.support.builders import NINE_O_CLOCK_MS, as_written
from tests.support.proposed_rows import proposed

LISTED = "+8617000000123"
OTHER = "+8619900000001"
SUSPECT_ID = 2**40 + 1
LISTED_ID = 2**40 + 2
HOUR_MS = 3_600_000


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NINE_O_CLOCK_MS

    def __call__(self) -> int:
        return self.now

    def forward(self, hours: float) -> None:
        self.now += int(hours * HOUR_MS)


@dataclass
class Recorded:
    """One audit record."""

    kind: AuditKind
    subject: str
    details: Mapping[str, str]
    actor: str


class AuditSeen:
    """Keeps audit records; refuses them while it is away."""

    def __init__(self) -> None:
        self.records: list[Recorded] = []
        self.away = False

    async def record(
        self, kind: AuditKind, *, subject: str, details: Mapping[str, str], actor: str = ""
    ) -> None:
        if self.away:
            raise Unavailable("the audit log cannot be written")
        self.records.append(Recorded(kind, subject, details, actor))

    def kinds(self) -> list[AuditKind]:
        return [one.kind for one in self.records]


@dataclass
class Office:
    """The parts of list administration that tests use."""

    built: WiredAppeals
    administration: ListService
    changes: ChangeService
    store: Store
    replica: Replica
    hits: HitStore
    clock: Clock
    audit: AuditSeen
    registry: CollectorRegistry
    folder: Path
    client: Any
    """Of the store; does not decode answers."""
    text_client: Any
    """Of the store; decodes answers."""
    target: str = ""
    workers: dict[str, int | None] = field(default_factory=dict)
    """Version each worker reports; None: whatever the lists are at."""

    async def list_(self, *patterns: str, action: Action = Action.BLOCK, **columns: Any) -> None:
        rows = len(patterns)
        given = {"sources": [3] * rows, "actions": [int(action)] * rows} | columns
        await self.administration.update(
            proposed(*patterns, **given), [], ChangeTerms(author="li", reason="reported by victims")
        )

    async def unlist(self, pattern: str) -> None:
        reference = Reference(kind=0, pattern=pattern, action=0)
        await self.administration.update(
            proposed(), [reference], ChangeTerms(author="li", reason="no longer needed")
        )

    async def hit(self, decision_id: int, **fields: Any) -> None:
        common: dict[str, Any] = {
            "channel": Channel.CALL, "from_party": LISTED, "to_party": OTHER,
            "reason": Reason.SCORED, "score": 0.97, "model_version": "caller-2",
            "occurred_at_ms": NINE_O_CLOCK_MS, "decided_at_ms": NINE_O_CLOCK_MS,
        }  # fmt: skip
        await self.hits.write([as_written(Hit(decision_id=decision_id, **common | fields))])

    async def listed_hit(self, decision_id: int = LISTED_ID, **fields: Any) -> None:
        given: dict[str, Any] = {
            "reason": Reason.BLOCKLISTED, "score": float("nan"), "pattern": LISTED,
            "matched_on": MatchedOn.CALLER,
        }  # fmt: skip
        await self.hit(decision_id, **given | fields)

    async def patterns(self, query: str) -> set[tuple[str, Action]]:
        found = await self.administration.views.find(query)
        return {(entry.pattern, entry.action) for entry in found.entries}

    def metrics(self) -> str:
        return generate_latest(self.registry).decode()

    def channel(self) -> grpc.aio.Channel:
        return grpc.aio.insecure_channel(self.target)


def _wired(
    url: str,
    folder: Path,
    around: Callable[[ListAccess], ListAccess],
    log: LoggedDecisionSource | None,
    settings: dict[str, Any],
    *,
    impact: ImpactSource | None,
) -> Office:
    client, text_client = connect(url, decode_responses=False), connect(url)
    store, replica, clock = Store(client), Replica(folder / "lists"), Clock()
    audit, registry = AuditSeen(), CollectorRegistry()
    changes, _ = change_requests.build(
        client, store=store, replica=replica, now_ms=clock, impact=impact
    )
    administration = ListService(
        store=store,
        replica=replica,
        changes=changes,
        home=HomePlan(),
        now_ms=clock,
        default_expiry_days=365,
    )
    built = wiring.build(
        Settings(data_dir=folder, **settings),
        redis=text_client,
        lists=around(AdministeredLists(administration, store, clock)),
        audit=audit,
        registry=registry,
        now_ms=clock,
        log=log,
        origins=RequestedOrigins(ChangeStore(client)),
        retract=RetractionStore(text_client).publish,
    )
    return Office(
        built, administration, changes, store, replica, HitStore(text_client), clock, audit,
        registry, folder, client, text_client,
    )  # fmt: skip


@asynccontextmanager
async def office(
    url: str,
    folder: Path,
    *,
    around: Callable[[ListAccess], ListAccess] = lambda lists: lists,
    log: LoggedDecisionSource | None = None,
    impact: ImpactSource | None = None,
    **settings: Any,
) -> AsyncIterator[Office]:
    """Run list administration; *around* may wrap the lists that appeals use.

    Without an *impact*, what changes would do is unknown, and each waits for a second person.
    """
    running = _wired(url, folder, around, log, settings, impact=impact)
    servicer: Any = AppealServicer(running.built.appeals)
    server = RpcServer({"appeal": servicer}, max_message_bytes=2**24, security=DEVELOPMENT)
    running.target = f"127.0.0.1:{await server.start('127.0.0.1', 0)}"
    background = [
        asyncio.create_task(Follower(running.store, folder / "lists").run()),
        asyncio.create_task(_refresh(running.replica)),
        asyncio.create_task(_report(running)),
    ]
    try:
        yield running
    finally:
        await server.drain(0)
        await process_lifecycle.cancel(background)
        await running.client.aclose()
        await running.text_client.aclose()


@asynccontextmanager
async def stub_of(running: Office) -> AsyncIterator["appeal_pb2_grpc.AppealServiceAsyncStub"]:
    """Yield a stub for an office, over a socket."""
    async with running.channel() as channel:
        yield appeal_pb2_grpc.AppealServiceStub(channel)


def somebody(name: str, role: Role) -> Identity:
    """Make an authenticated identity."""
    return Identity(name=name, roles=frozenset({role}))


async def _refresh(replica: Replica) -> None:
    while True:
        if replica.changed:
            await asyncio.to_thread(replica.refresh)
        await asyncio.sleep(0.005)


async def _report(running: Office) -> None:
    while True:
        head = await running.store.head()
        for worker, version in running.workers.items():
            await running.store.report_worker(
                WorkerReport(
                    worker=worker,
                    list_version=head.version if version is None else version,
                    applied_at_ms=running.clock(),
                    reported_at_ms=running.clock(),
                )
            )
        await asyncio.sleep(0.01)
