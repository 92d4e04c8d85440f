"""Cost of authentication for a request, on a real connection."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from fanzha.client import Login, channels
from services.auth.identity import Role
from services.auth.local_authority import FIRST_CLIENT, AuthorityFolder
from services.rpc import security
from services.settings.settings import Settings

METHOD = "/fanzha.v1.InterceptionService/DecideCall"
_DEADLINE_SECONDS = 120


@pytest.fixture
def folder(tmp_path: Path) -> AuthorityFolder:
    made = AuthorityFolder(tmp_path / "identity")
    made.make([], now=datetime.now(UTC), days=1)
    return made


@pytest.mark.parametrize("shown", ["token", "certificate"])
def bench_entering(benchmark: BenchmarkFixture, folder: AuthorityFolder, shown: str) -> None:
    guarded = security.of(_settings(folder), "decisions")
    assert guarded.interceptor is not None
    enter = guarded.interceptor.authenticate(METHOD)
    credentials = guarded.tls.credentials() if guarded.tls else None

    asyncio.run(_within_a_request(credentials, _login(folder, shown), benchmark, enter))


def bench_verifying_a_new_token(benchmark: BenchmarkFixture, folder: AuthorityFolder) -> None:
    guarded = security.of(_settings(folder), "decisions")
    assert guarded.interceptor is not None
    tokens: Any = guarded.interceptor.tokens
    made = iter([_token(folder) for _ in range(3000)])

    measure: Any = benchmark.pedantic
    measure(lambda: tokens.identity(next(made)), rounds=2000, warmup_rounds=100)


async def _within_a_request(
    credentials: Any, login: Login, measure: Callable[..., Any], enter: Callable[[Any], None]
) -> None:
    """Serve one request over TLS, and measure inside of it."""

    async def serve(_request: bytes, context: Any) -> bytes:
        measure(enter, context)
        return b""

    server = grpc.aio.server()
    service, _, method = METHOD[1:].partition("/")
    handlers: dict[str, Any] = {method: grpc.unary_unary_rpc_method_handler(serve)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    async with channels.asynchronous(f"127.0.0.1:{port}", login) as channel:
        ask: Any = channel.unary_unary(METHOD)
        await ask(b"", timeout=_DEADLINE_SECONDS)
    await server.stop(1)


def _settings(folder: AuthorityFolder) -> Settings:
    return Settings(
        tls_certificate=folder.path / "server.pem",
        tls_key=folder.private("server"),
        tls_client_ca=folder.authority,
        identities_file=folder.roster,
        jwks_file=folder.keys,
        token_issuer="fanzha-local",
    )


def _token(folder: AuthorityFolder) -> str:
    return folder.token(
        "gateway-1", [Role.CARRIER], regions=[], sources=[], now=datetime.now(UTC), days=1
    )


def _login(folder: AuthorityFolder, shown: str) -> Login:
    certificate, key = folder.client(FIRST_CLIENT)
    return Login(
        ca=str(folder.authority),
        certificate=str(certificate),
        key=str(key),
        token=_token(folder) if shown == "token" else "",
    )
