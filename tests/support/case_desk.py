"""The desk of a city or county for tests: real store, real socket, a clock that tests set."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest

from fanzha.phone import HomePlan
from fanzha.v1 import case_pb2 as pb
from fanzha.v1 import case_pb2_grpc
from infra.redis.client import Client, connect
from services.audit.audited_actions import AuditedActions
from services.audit.events import AuditKind
from services.rpc import security
from services.rpc.cases.handler import CaseServicer
from services.warning.cases.claims import CaseClaims
from services.warning.cases.index_upgrade import CaseIndexUpgrade
from services.warning.cases.listing import CaseListing
from services.warning.cases.opening import PlainRouter
from services.warning.cases.store import CaseStore
from services.warning.desk import wiring
from services.warning.desk.queue import CaseQueue
from services.warning.desk.service import CaseDesk
from services.warning.intake.parser import WarningParser
from services.warning.intake.service import WarningIntake
from services.warning.messages.catalog import MessageCatalog
from services.warning.model import Region
from services.warning.policy.router import TemplateComposer
from services.warning.robot.screen import DialogueScreen
from tests.support.identities import Issuer
from tests.support.rpc_server import rpc_server
from tests.support.warnings import NOW_MS, a_warning

COUNTY = Region(province="340000", city="340500", county="340503")
CITY = Region(province="340000", city="340500")
ELSEWHERE = Region(province="340000", city="340100", county="340102")
NOWHERE = Region(how="unknown")
PLACES = [COUNTY, COUNTY, CITY, ELSEWHERE, NOWHERE]
"""The regions of persons 1, 2, 3 and so on."""


class Places(PlainRouter):
    """The regions of the persons of a test."""

    def region(self, victim: str) -> Region:
        return PLACES[(int(victim[-4:]) - 1) % len(PLACES)]


@dataclass
class Record:
    """Collects audit records."""

    said: list[tuple[AuditKind, str, str, dict[str, str]]] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[object]] | None = None
    """Called once, while a record is written."""

    async def record(
        self, kind: AuditKind, *, subject: str, details: Mapping[str, str], actor: str = ""
    ) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        self.said.append((kind, subject, actor, dict(details)))


@dataclass
class Office:
    """A desk and its parts."""

    desk: CaseDesk
    queue: CaseQueue
    store: CaseStore
    intake: WarningIntake
    reader: WarningParser
    record: Record
    client: Client
    clock: list[int]

    async def opened(self, count: int = len(PLACES)) -> list[str]:
        """Open cases of persons 1 to *count*."""
        results = await self.intake.ingest([a_warning(number) for number in range(1, count + 1)])
        return [one.case_id for one in results]


@asynccontextmanager
async def an_office(redis_url: str) -> AsyncIterator[Office]:
    """Open a desk on a store."""
    client, clock, record, router = connect(redis_url), [NOW_MS], Record(), Places()
    store = CaseStore(client)
    wired = wiring.build(
        store=store,
        listing=CaseListing(client, store),
        claims=CaseClaims(client, now_ms=lambda: clock[0]),
        indexed=CaseIndexUpgrade(client, store),
        router=router,
        scripts=TemplateComposer(MessageCatalog.load()),
        trail=AuditedActions(record, of="case"),
        now_ms=lambda: clock[0],
    )
    yield Office(
        desk=wired.desk,
        queue=wired.queue,
        store=store,
        intake=WarningIntake(client=client, store=store, router=router, now_ms=lambda: clock[0]),
        reader=WarningParser(HomePlan("86"), now_ms=lambda: clock[0], max_age_hours=72),
        record=record,
        client=client,
        clock=clock,
    )
    await client.aclose()


@dataclass
class Window:
    """The service, as seen by people with tokens."""

    stub: Any
    issuer: Issuer
    target: str

    async def ask(self, method: str, request: Any, role: str = "dispatcher", **claims: Any) -> Any:
        token = self.issuer.token(role, **claims)
        metadata = (("authorization", f"Bearer {token}"),)
        return await getattr(self.stub, method)(request, metadata=metadata, timeout=60)

    async def status(self, method: str, request: Any, **claims: Any) -> grpc.StatusCode:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.ask(method, request, **claims)
        return caught.value.code()

    async def seen(self, request: pb.ListCasesRequest | None = None, **claims: Any) -> list[str]:
        answer = await self.ask("ListCases", request or pb.ListCasesRequest(), **claims)
        return [one.case_id for one in answer.cases]


@asynccontextmanager
async def a_window(office: Office, jwks: Path) -> AsyncIterator[Window]:
    """Serve a desk to people with tokens."""
    issuer = Issuer(jwks)
    screen = DialogueScreen(office.desk)
    servicers = {"case": CaseServicer(office.desk, office.queue, office.reader, screen)}
    guard = security.of(issuer.settings(), "admin")
    async with (
        rpc_server(servicers, security=guard) as target,
        grpc.aio.insecure_channel(target) as channel,
    ):
        yield Window(case_pb2_grpc.CaseServiceStub(channel), issuer, target)
