"""List administration with identities, in the test's own process, asked by people with regions."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import text_format
from google.protobuf.message import Message

from blocklists.store.current_lists import CurrentLists
from fanzha.phone import HomePlan
from fanzha.v1 import (
    appeal_pb2_grpc,
    blocklist_pb2,
    blocklist_pb2_grpc,
    change_pb2,
    change_pb2_grpc,
    decision_pb2,
)
from services.lists.drafts import DraftReader
from services.rpc import security
from services.rpc.appeals.handler import AppealServicer
from services.rpc.changes.handler import ChangeServicer
from services.rpc.lists.handler import BlocklistServicer
from tests.support.appeals import Office, office
from tests.support.change_desk import FixedImpact
from tests.support.identities import Issuer
from tests.support.rpc_server import rpc_server

DEADLINE = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who asks; no regions: all."""

    name: str
    roles: tuple[str, ...]
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A status other than OK, and what it says."""

    code: grpc.StatusCode
    details: str

    def __str__(self) -> str:
        return f"{self.code.name}: {self.details}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionalOffice:
    """Calls any method of the services of lists, changes and appeals, as anybody."""

    parts: Office
    stubs: dict[str, Any]
    issuer: Issuer

    async def ask(self, method: str, request: Any, who: Person) -> Any:
        """Call ``Service/Method``; return the answer, those of a stream as a list, or `Refused`."""
        service, _, name = method.partition("/")
        regions = list(who.regions) or None
        token = self.issuer.token(*who.roles, sub=who.name, regions=regions)
        call = getattr(self.stubs[service], name)
        metadata = (("authorization", f"Bearer {token}"),)
        try:
            if isinstance(request, list):
                return await call(iter(request), metadata=metadata, timeout=DEADLINE)
            made = call(request, metadata=metadata, timeout=DEADLINE)
            if hasattr(made, "__aiter__"):
                return [answer async for answer in made]
            return await made
        except grpc.aio.AioRpcError as error:
            return Refused(code=error.code(), details=str(error.details()))

    async def add(self, who: Person, *patterns: str, **fields: Any) -> Any:
        """Block *patterns*."""
        entries = [an_entry(pattern, **fields) for pattern in patterns]
        request = blocklist_pb2.UpdateEntriesRequest(additions=entries, reason="reported")
        return await self.ask("BlocklistService/UpdateEntries", request, who)

    async def propose(self, who: Person, *patterns: str, **fields: Any) -> Any:
        """Propose to block *patterns*, and leave that to a second person."""
        entries = [an_entry(pattern, **fields) for pattern in patterns]
        contents = change_pb2.ChangeContents(additions=entries, reason="reported")
        request = change_pb2.CreateChangeRequest(contents=contents, go_to=2)  # type: ignore[arg-type]
        return await self.ask("ChangeService/CreateChange", request, who)

    async def listed(self, who: Person, **criteria: Any) -> list[str]:
        """Return the patterns that somebody sees."""
        request = blocklist_pb2.ListEntriesRequest(
            criteria=blocklist_pb2.EntryCriteria(**criteria), page_size=1000
        )
        answer = await self.ask("BlocklistService/ListEntries", request, who)
        return sorted(entry.pattern for entry in answer.entries)


def an_entry(pattern: str, **fields: Any) -> blocklist_pb2.Entry:
    """Make an entry that blocks."""
    given: dict[str, Any] = {
        "action": decision_pb2.ACTION_BLOCK,
        "source": decision_pb2.SOURCE_BUREAU,
        "reason": "reported",
        "fraud_type": 5,
    } | fields
    return blocklist_pb2.Entry(pattern=pattern, **given)


def written(answer: Any) -> str:
    """Write all that an answer says, of whatever form, for a test to look for something in it."""
    if isinstance(answer, Message):
        return text_format.MessageToString(answer, as_utf8=True)
    if isinstance(answer, Sequence) and not isinstance(answer, str):
        return "\n".join(map(written, answer))
    return str(answer)


@asynccontextmanager
async def regional_office(url: str, folder: Path) -> AsyncIterator[RegionalOffice]:
    """Run list administration with identities; appeals and changes are served, too."""
    issuer = Issuer(folder / "jwks.json")
    guard = security.of(issuer.settings(identity_requests=0), "admin")
    async with office(url, folder, impact=FixedImpact()) as parts:
        drafts = DraftReader(
            current=CurrentLists(parts.store, parts.replica),
            home=HomePlan(),
            now_ms=parts.clock,
            default_expiry_days=365,
        )
        servicers = {
            "blocklist": BlocklistServicer(parts.administration),
            "changes": ChangeServicer(parts.changes, drafts),
            "appeal": AppealServicer(parts.built.appeals),
        }
        async with (
            rpc_server(servicers, security=guard) as target,
            grpc.aio.insecure_channel(target) as channel,
        ):
            stubs = {
                "BlocklistService": blocklist_pb2_grpc.BlocklistServiceStub(channel),
                "ChangeService": change_pb2_grpc.ChangeServiceStub(channel),
                "AppealService": appeal_pb2_grpc.AppealServiceStub(channel),
            }
            yield RegionalOffice(parts=parts, stubs=stubs, issuer=issuer)
