"""Who a request is from where nobody said so: a server has to be told that it asks nobody."""

import contextvars
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from fanzha.errors import Unauthenticated
from fanzha.v1 import access_pb2 as pb
from fanzha.v1 import access_pb2_grpc as pb_grpc
from services.auth import identity
from services.rpc import security
from services.rpc.security import DEVELOPMENT, PortSecurity
from services.rpc.server import RpcServer
from tests.support.identities import Issuer

DEADLINE = 60


@asynccontextmanager
async def serving(guard: PortSecurity) -> AsyncIterator[grpc.aio.Channel]:
    server = RpcServer({}, max_message_bytes=2**20, security=guard)
    with identity.acting_as(identity.BACKGROUND):  # as in processes that do something of their own
        port = await server.start("127.0.0.1", 0)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel
    await server.drain(1)


async def who(channel: grpc.aio.Channel, token: str | None = None) -> pb.WhoAmIResponse:
    stub: Any = pb_grpc.AccessServiceStub(channel)
    metadata = () if token is None else (("authorization", f"Bearer {token}"),)
    answer: pb.WhoAmIResponse = await stub.WhoAmI(
        pb.WhoAmIRequest(), metadata=metadata, timeout=DEADLINE
    )
    return answer


def test_a_task_without_an_identity_may_not_act() -> None:
    def ask() -> None:
        with pytest.raises(Unauthenticated, match="identity: none set"):
            identity.current()
        with pytest.raises(Unauthenticated):
            identity.author("li")

    contextvars.Context().run(ask)


def test_server_security_without_a_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="an interceptor, or development"):
        PortSecurity()


def test_server_security_with_contradicting_modes_is_refused(tmp_path: Path) -> None:
    asking = security.of(Issuer(tmp_path / "jwks.json").settings(), "admin")

    with pytest.raises(ValueError, match="an interceptor, or development"):
        PortSecurity(interceptor=asking.interceptor, development=True)


def test_a_server_requires_explicit_security() -> None:
    make: Any = RpcServer
    with pytest.raises(TypeError, match="security"):
        make({}, max_message_bytes=2**20)


async def test_without_authentication_a_request_acts_as_the_developer_and_not_the_service() -> None:
    async with serving(DEVELOPMENT) as channel:
        found = await who(channel)

    assert found.development
    assert found.name == identity.DEVELOPER.name


async def test_with_authentication_a_request_has_the_identity_of_its_token(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path / "jwks.json")
    async with serving(security.of(issuer.settings(), "admin")) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await who(channel)
        found = await who(channel, issuer.token("auditor"))

    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert (found.name, found.development) == ("wang", False)


ODD_VALUES: dict[str, list[Any]] = {
    "exp": [2**63, 10**400, float("inf"), str(2**40), True, [2**40], {}],
    "nbf": ["x", [1], {}, 10**400],
    "iat": ["x", [1], {}, 10**400],
    "sub": [7, ["wang"], {}, "wang\x1b[2J", ""],
    "iss": [7, ["https://login.bureau.example"], {}],
    "aud": [7, {}, [["fanzha"]]],
    "roles": [7, "editor", {"editor": 1}],
    "regions": [7, [33], [["33"]]],
    "sources": [7, [["bureau"]], {}],
}
ODD_CLAIMS = [{name: value} for name, values in ODD_VALUES.items() for value in values]


async def test_a_token_with_a_malformed_claim_is_refused_by_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    issuer = Issuer(tmp_path / "jwks.json")
    statuses = {}
    async with serving(security.of(issuer.settings(), "admin")) as channel:
        for odd in ODD_CLAIMS:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await who(channel, issuer.signed(issuer.claims("auditor") | odd))
            statuses[str(odd)[:50]] = caught.value.code()
        found = await who(channel, issuer.token("auditor"))

    assert set(statuses.values()) == {grpc.StatusCode.UNAUTHENTICATED}, statuses
    assert "Traceback" not in caplog.text
    assert found.name == "wang"


def test_before_authentication_a_request_has_no_identity(tmp_path: Path) -> None:
    asking = security.of(Issuer(tmp_path / "jwks.json").settings(), "admin")

    assert asking.before_authentication is identity.ANONYMOUS
    assert DEVELOPMENT.before_authentication is identity.DEVELOPER


async def test_an_identity_that_asks_too_often_is_told_when_to_retry(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path / "jwks.json")
    # Less than one in a minute: a slow machine does not fill the bucket meanwhile.
    slow = issuer.settings(identity_requests=0.01)
    async with serving(security.of(slow, "admin")) as channel:
        first = await who(channel, issuer.token("auditor"))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await who(channel, issuer.token("auditor"))
        other = await who(channel, issuer.token("auditor", sub="li"))

    trailers = {str(name): value for name, value in caught.value.trailing_metadata() or ()}
    assert (first.name, other.name) == ("wang", "li")
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert int(trailers["retry-after-ms"]) > 10_000


async def test_requests_for_decisions_have_a_limit_of_their_own(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path / "jwks.json")
    guard = security.of(issuer.settings(identity_requests=0.01), "decisions")

    async with serving(guard) as channel:
        found = [await who(channel, issuer.token("auditor")) for _ in range(5)]

    assert len(found) == 5
