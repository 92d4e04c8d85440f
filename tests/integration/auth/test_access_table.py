"""Every method of every service, over a real socket, with each role, with none, and with nobody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from fanzha.v1 import blocklist_pb2, warning_pb2
from services.auth import roles as access
from services.auth.identity import Role
from services.auth.roles import AccessLevel
from services.rpc import security
from services.rpc.middleware.paging import process_key
from services.rpc.middleware.registry import MethodRegistry
from services.rpc.server import RpcServer, known_services
from tests.support.identities import Issuer, Reached, ReachedDecisions

DEADLINE = 60
NOBODY = "nobody"
NO_ROLE = "no role"
WHO = [NOBODY, NO_ROLE, *Role]
OUTCOMES = {
    grpc.StatusCode.UNAUTHENTICATED: "not known",
    grpc.StatusCode.PERMISSION_DENIED: "no",
    grpc.StatusCode.INVALID_ARGUMENT: "reached",
    # Health's List: its library has the method, and no answer.
    grpc.StatusCode.UNIMPLEMENTED: "reached",
}


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path / "jwks.json")


@asynccontextmanager
async def everything(issuer: Issuer) -> AsyncIterator[tuple[RpcServer, grpc.aio.Channel]]:
    """Serve all services there are, where identities are asked for."""
    server = RpcServer(
        {key: Reached() for key in known_services()} | {"interception": ReachedDecisions()},
        max_message_bytes=2**20,
        security=security.of(issuer.settings(), "admin"),
    )
    port = await server.start("127.0.0.1", 0)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield server, channel
    await server.drain(1)


async def outcome(channel: grpc.aio.Channel, path: str, token: str | None) -> str:
    """Call *path*, of whatever kind, and tell how far the request got."""
    metadata = None if token is None else (("authorization", f"Bearer {token}"),)
    ask: Any = channel.unary_stream(path)
    call = ask(b"", metadata=metadata, timeout=DEADLINE)
    try:
        await call.read()
    except grpc.aio.AioRpcError as error:
        return OUTCOMES.get(error.code(), error.code().name)
    call.cancel()
    return "reached"


def expected(path: str, who: str) -> str:
    allowed = access.access_of(path)
    if allowed is AccessLevel.OPEN:
        return "reached"
    if who == NOBODY:
        return "not known"
    if allowed is AccessLevel.AUTHENTICATED:
        return "reached"
    assert allowed is not None
    return "reached" if who in {role.value for role in allowed} else "no"


@pytest.mark.parametrize("who", WHO)
async def test_every_method_admits_the_roles_of_the_access_table(issuer: Issuer, who: str) -> None:
    roles = [who] if who in set(Role) else []
    token = None if who == NOBODY else issuer.token(*roles)

    async with everything(issuer) as (server, channel):
        found = {path: await outcome(channel, path, token) for path in server.methods}

    assert found == {path: expected(path, who) for path in found}


async def test_the_access_table_lists_exactly_the_served_methods(issuer: Issuer) -> None:
    async with everything(issuer) as (server, _):
        served = set(server.methods)

    listed = {
        f"/{service}/{method}" for service, methods in access.TABLE.items() for method in methods
    }
    assert served == listed


async def test_a_method_without_an_access_rule_is_refused_even_without_authentication() -> None:
    async def serve(_request: bytes, _context: Any) -> bytes:
        return b"reached"

    registry = MethodRegistry(lambda _code: None, security.DEVELOPMENT, process_key())
    handlers: dict[str, Any] = {"DoAll": grpc.unary_unary_rpc_method_handler(serve)}
    registry.add_registered_method_handlers("fanzha.v1.NewService", handlers)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((registry.handler(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        found = await outcome(channel, "/fanzha.v1.NewService/DoAll", None)
    await server.stop(1)

    assert found == "no"


async def test_an_unserved_method_is_unimplemented_for_every_role(issuer: Issuer) -> None:
    async with everything(issuer) as (_, channel):
        ask: Any = channel.unary_unary("/fanzha.v1.BlocklistService/DropEverything")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ask(b"", timeout=DEADLINE)

    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize(
    "path",
    ["/fanzha.v1.WarningService/SubmitWarnings", "/fanzha.v1.BlocklistService/ImportEntries"],
)
async def test_undecodable_bytes_in_a_stream_are_refused(issuer: Issuer, path: str) -> None:
    async def unreadable() -> AsyncIterator[bytes]:
        yield b"\x0a\x02\xff\xff"

    token = issuer.token("carrier", "editor")
    async with streams(issuer) as channel:
        ask: Any = channel.stream_stream(path)
        call = ask(unreadable(), metadata=(("authorization", f"Bearer {token}"),), timeout=DEADLINE)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()

    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "no message" in str(caught.value.details())


class Counting:
    """Reads all requests of a stream."""

    async def SubmitWarnings(self, requests: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802
        async for _ in requests:
            yield warning_pb2.SubmitWarningsResponse()

    async def ImportEntries(self, requests: Any, context: Any) -> Any:  # noqa: N802
        async for _ in requests:
            pass
        return blocklist_pb2.ImportEntriesResponse()

    def __getattr__(self, name: str) -> Any:
        return self.ImportEntries


@asynccontextmanager
async def streams(issuer: Issuer) -> AsyncIterator[grpc.aio.Channel]:
    server = RpcServer(
        {"warning": Counting(), "blocklist": Counting()},
        max_message_bytes=2**20,
        security=security.of(issuer.settings(), "admin"),
    )
    port = await server.start("127.0.0.1", 0)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel
    await server.drain(1)
