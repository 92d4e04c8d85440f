"""The client shows who it is, over TLS, to a server that decides."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from fanzha.client import Answer, AsyncClient, Call, Client, Login, LoginError, Options
from fanzha.phone import HomePlan
from services.auth.identity import Role
from services.auth.local_authority import FIRST_CLIENT, AuthorityFolder
from services.decision.observer import Observer
from services.rpc import security
from services.rpc.decide.handler import InterceptionServicer
from services.rpc.decide.message_decoder import MessageDecoder
from services.rpc.server import RpcServer
from services.settings.settings import Settings
from tests.support.builders import NINE_O_CLOCK_S, an_engine, an_entry
from tests.support.identities import now

LISTED = "+8617000000013"
CALL = Call(caller=LISTED, callee="+8619900000001")
PATIENT = Options(timeout=60, connections=1)


@pytest.fixture
def folder(tmp_path: Path) -> AuthorityFolder:
    made = AuthorityFolder(tmp_path / "identity")
    made.make([], now=now(), days=30)
    return made


@asynccontextmanager
async def deciding(folder: AuthorityFolder, **more: Any) -> AsyncIterator[str]:
    settings: dict[str, Any] = {
        "tls_certificate": folder.path / "server.pem",
        "tls_key": folder.private("server"),
        "jwks_file": folder.keys,
        "identities_file": folder.roster,
        "token_issuer": "fanzha-local",
    }
    servicer = InterceptionServicer(
        engine=an_engine(an_entry(LISTED)),
        reader=MessageDecoder(HomePlan("86")),
        now_ms=lambda: NINE_O_CLOCK_S * 1000,
        observer=Observer(),
    )
    server = RpcServer(
        {"interception": servicer},
        max_message_bytes=2**22,
        security=security.of(Settings(**(settings | more)), "decisions"),
    )
    port = await server.start("127.0.0.1", 0)
    await server.serve()
    yield f"127.0.0.1:{port}"
    await server.drain(5)


def with_token(folder: AuthorityFolder, role: Role) -> Login:
    token = folder.token("gateway-1", [role], regions=[], sources=[], now=now(), days=1)
    return Login(ca=str(folder.authority), token=token)


async def ask(target: str, login: Login) -> Answer:
    async with AsyncClient(target, PATIENT, login=login) as client:
        assert await client.wait_until_ready(20)
        return await client.decide_call(CALL)


async def test_a_carrier_with_a_token_is_answered(folder: AuthorityFolder) -> None:
    async with deciding(folder) as target:
        assert (await ask(target, with_token(folder, Role.CARRIER))).blocked


async def test_a_carrier_with_a_certificate_is_answered(folder: AuthorityFolder) -> None:
    certificate, key = folder.client(FIRST_CLIENT)
    login = Login(ca=str(folder.authority), certificate=str(certificate), key=str(key))

    async with deciding(folder, tls_client_ca=folder.authority) as target:
        assert (await ask(target, login)).blocked


async def test_the_blocking_client_sends_its_token(folder: AuthorityFolder) -> None:
    def decide(target: str) -> bool:
        with Client(target, PATIENT, login=with_token(folder, Role.CARRIER)) as client:
            return client.wait_until_ready(20) and client.decide_call(CALL).blocked

    async with deciding(folder) as target:
        assert await asyncio.to_thread(decide, target)


async def test_traffic_of_an_unauthorised_client_is_let_through_with_the_reason(
    folder: AuthorityFolder,
) -> None:
    async with deciding(folder) as target:
        unknown = await ask(target, Login(ca=str(folder.authority)))
        auditor = await ask(target, with_token(folder, Role.AUDITOR))

    assert (unknown.failed_open, unknown.status) == (True, grpc.StatusCode.UNAUTHENTICATED)
    assert (auditor.failed_open, auditor.status) == (True, grpc.StatusCode.PERMISSION_DENIED)


def test_unusable_credentials_are_refused_when_the_client_is_made() -> None:
    with pytest.raises(LoginError, match="the token is not sent"):
        Client("fanzha.example:7361", login=Login(token="secret"))
