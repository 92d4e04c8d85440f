"""Who asks, over real sockets: TLS, client certificates, tokens; all changed while serving."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from grpc_health.v1 import health_pb2, health_pb2_grpc

from fanzha.client import Login, channels
from fanzha.v1 import access_pb2 as pb
from fanzha.v1 import access_pb2_grpc
from services.auth import issuer
from services.auth.identity import Role
from services.auth.local_authority import FIRST_CLIENT, AuthorityFolder
from services.rpc import security
from services.rpc.server import RpcServer
from services.settings.settings import Settings
from tests.support.identities import now

DEADLINE = 60
UNKNOWN = grpc.StatusCode.UNAUTHENTICATED
AWAY = grpc.StatusCode.UNAVAILABLE


@pytest.fixture
def folder(tmp_path: Path) -> AuthorityFolder:
    made = AuthorityFolder(tmp_path / "identity")
    made.make([], now=now(), days=30)
    return made


def settings_of(folder: AuthorityFolder, **more: Any) -> Settings:
    values: dict[str, Any] = {
        "tls_certificate": folder.path / "server.pem",
        "tls_key": folder.private("server"),
        "jwks_file": folder.keys,
        "identities_file": folder.roster,
        "token_issuer": "fanzha-local",
    }
    return Settings(**(values | more))


@asynccontextmanager
async def serving(settings: Settings, port: security.PortName = "admin") -> AsyncIterator[str]:
    server = RpcServer({}, max_message_bytes=2**20, security=security.of(settings, port))
    bound = await server.start("127.0.0.1", 0)
    yield f"127.0.0.1:{bound}"
    await server.drain(1)


def token_of(folder: AuthorityFolder, *roles: Role, days: float = 1) -> str:
    return folder.token("wang", roles, regions=[], sources=[], now=now(), days=days)


def with_token(folder: AuthorityFolder, token: str) -> Login:
    return Login(ca=str(folder.authority), token=token)


def with_certificate(folder: AuthorityFolder, host: str = FIRST_CLIENT) -> Login:
    certificate, key = folder.client(host)
    return Login(ca=str(folder.authority), certificate=str(certificate), key=str(key))


async def who(target: str, login: Login) -> pb.WhoAmIResponse:
    async with channels.asynchronous(target, login) as channel:
        stub: Any = access_pb2_grpc.AccessServiceStub(channel)
        answer: pb.WhoAmIResponse = await stub.WhoAmI(pb.WhoAmIRequest(), timeout=DEADLINE)
        return answer


async def status(target: str, login: Login) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await who(target, login)
    return caught.value.code(), str(caught.value.details())


async def test_a_token_over_tls_identifies_the_caller(folder: AuthorityFolder) -> None:
    async with serving(settings_of(folder)) as target:
        found = await who(target, with_token(folder, token_of(folder, Role.APPROVER)))

    assert (found.name, list(found.roles)) == ("wang", [pb.ROLE_APPROVER])
    assert found.credential == pb.CREDENTIAL_TOKEN
    assert not found.development
    assert "/fanzha.v1.BlocklistService/FindEntries" in found.methods
    assert "/fanzha.v1.BlocklistService/UpdateEntries" not in found.methods


async def test_a_blocking_channel_sends_its_token(folder: AuthorityFolder) -> None:
    login = with_token(folder, token_of(folder, Role.EDITOR))

    def ask(target: str) -> str:
        with channels.blocking(target, login) as channel:
            stub = access_pb2_grpc.AccessServiceStub(channel)
            return stub.WhoAmI(pb.WhoAmIRequest(), timeout=DEADLINE).name

    async with serving(settings_of(folder)) as target:
        assert await asyncio.to_thread(ask, target) == "wang"


async def test_an_unauthenticated_refusal_says_to_send_a_token(folder: AuthorityFolder) -> None:
    async with serving(settings_of(folder)) as target:
        code, why = await status(target, Login(ca=str(folder.authority)))

    assert code is UNKNOWN
    assert "send a token" in why


@pytest.mark.parametrize("more", ["Basic dTpw", "Bearer", "Bearer x.y.z", "wang"])
async def test_an_unreadable_authorization_header_is_refused(
    folder: AuthorityFolder, more: str
) -> None:
    async with (
        serving(settings_of(folder)) as target,
        channels.asynchronous(target, Login(ca=str(folder.authority))) as channel,
    ):
        stub: Any = access_pb2_grpc.AccessServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.WhoAmI(
                pb.WhoAmIRequest(), metadata=(("authorization", more),), timeout=DEADLINE
            )

    assert caught.value.code() is UNKNOWN


async def test_two_tokens_in_one_request_are_refused(folder: AuthorityFolder) -> None:
    token = f"Bearer {token_of(folder, Role.EDITOR)}"
    async with (
        serving(settings_of(folder)) as target,
        channels.asynchronous(target, Login(ca=str(folder.authority))) as channel,
    ):
        stub: Any = access_pb2_grpc.AccessServiceStub(channel)
        twice = (("authorization", token), ("authorization", token))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.WhoAmI(pb.WhoAmIRequest(), metadata=twice, timeout=DEADLINE)

    assert caught.value.details() == "authorization: must come once"


async def test_keys_are_rotated_while_serving(folder: AuthorityFolder) -> None:
    async with serving(settings_of(folder)) as target:
        old = with_token(folder, token_of(folder, Role.EDITOR))
        assert (await who(target, old)).name == "wang"

        folder.rotate()
        new = with_token(folder, token_of(folder, Role.AUDITOR))
        await eventually(lambda: knows(target, new))
        assert (await who(target, old)).name == "wang"  # one rotation later it is still believed

        folder.rotate()
        await eventually(lambda: refuses(target, old))


async def test_a_revoked_token_is_refused_while_serving(folder: AuthorityFolder) -> None:
    token = token_of(folder, Role.EDITOR)
    login = with_token(folder, token)
    token_id = jwt.decode(token, options={"verify_signature": False})["jti"]
    async with serving(settings_of(folder)) as target:
        assert await knows(target, login)

        text = folder.roster.read_text()
        folder.roster.write_text(
            text.replace("revoked_tokens = []", f'revoked_tokens = ["{token_id}"]')
        )

        await eventually(lambda: refuses(target, login))


async def test_a_client_certificate_identifies_the_caller(folder: AuthorityFolder) -> None:
    async with serving(settings_of(folder, tls_client_ca=folder.authority)) as target:
        found = await who(target, with_certificate(folder))

    assert (found.name, list(found.roles)) == ("gateway-1", [pb.ROLE_CARRIER])
    assert found.credential == pb.CREDENTIAL_CERTIFICATE


async def test_a_token_outranks_the_client_certificate(
    folder: AuthorityFolder,
) -> None:
    certificate, key = folder.client(FIRST_CLIENT)
    login = Login(
        ca=str(folder.authority),
        certificate=str(certificate),
        key=str(key),
        token=token_of(folder, Role.EDITOR),
    )
    async with serving(settings_of(folder, tls_client_ca=folder.authority)) as target:
        assert (await who(target, login)).name == "wang"


async def test_a_bad_token_is_refused_even_with_a_good_certificate(folder: AuthorityFolder) -> None:
    certificate, key = folder.client(FIRST_CLIENT)
    login = Login(
        ca=str(folder.authority), certificate=str(certificate), key=str(key), token="x.y.z"
    )
    async with serving(settings_of(folder, tls_client_ca=folder.authority)) as target:
        assert (await status(target, login))[0] is UNKNOWN


async def test_without_a_client_certificate_the_handshake_fails(folder: AuthorityFolder) -> None:
    async with serving(settings_of(folder, tls_client_ca=folder.authority)) as target:
        code, _ = await status(target, with_token(folder, token_of(folder, Role.EDITOR)))

    assert code is AWAY


async def test_a_certificate_of_an_unknown_authority_fails_the_handshake(
    folder: AuthorityFolder, tmp_path: Path
) -> None:
    other = AuthorityFolder(tmp_path / "other")
    other.make([], now=now(), days=30)
    certificate, key = other.client(FIRST_CLIENT)
    login = Login(ca=str(folder.authority), certificate=str(certificate), key=str(key))

    async with serving(settings_of(folder, tls_client_ca=folder.authority)) as target:
        assert (await status(target, login))[0] is AWAY


async def test_a_client_refuses_a_server_of_an_authority_it_does_not_trust(
    folder: AuthorityFolder, tmp_path: Path
) -> None:
    other = AuthorityFolder(tmp_path / "other")
    other.make([], now=now(), days=30)
    login = Login(ca=str(other.authority), token=token_of(folder, Role.EDITOR))

    async with serving(settings_of(folder)) as target:
        assert (await status(target, login))[0] is AWAY


async def test_a_port_can_be_set_to_need_no_client_certificate(folder: AuthorityFolder) -> None:
    settings = settings_of(folder, tls_client_ca=folder.authority, tls_client_ports="decisions")
    login = with_token(folder, token_of(folder, Role.EDITOR))

    async with serving(settings, "admin") as admin, serving(settings, "decisions") as decisions:
        assert await knows(admin, login)
        assert (await status(decisions, login))[0] is AWAY


async def test_roles_of_a_certificate_change_while_serving(folder: AuthorityFolder) -> None:
    async with serving(settings_of(folder, tls_client_ca=folder.authority)) as target:
        login = with_certificate(folder)
        assert (await who(target, login)).roles

        folder.roster.write_text("")

        async def without_roles() -> bool:
            found = await who(target, login)
            return found.name == f"dns:{FIRST_CLIENT}" and not found.roles

        await eventually(without_roles)


async def test_the_server_certificate_is_replaced_while_serving(folder: AuthorityFolder) -> None:
    login = with_token(folder, token_of(folder, Role.EDITOR))
    async with serving(settings_of(folder)) as target:
        assert await knows(target, login)

        # Another authority signs the new one: who trusts the old one alone cannot connect.
        renewed = replace_server_certificate(folder)

        assert (await status(target, login))[0] is AWAY
        trusting = Login(ca=str(renewed), token=login.token)
        assert await knows(target, trusting)


async def test_a_replaced_certificate_without_its_key_is_ignored(
    folder: AuthorityFolder,
) -> None:
    login = with_token(folder, token_of(folder, Role.EDITOR))
    async with serving(settings_of(folder)) as target:
        stranger = issuer.authority("test", now=now(), days=30)
        pem = stranger.certificate.public_bytes(Encoding.PEM)
        (folder.path / "server.pem").write_bytes(pem)

        assert await knows(target, login)


async def test_open_methods_need_no_authentication(folder: AuthorityFolder) -> None:
    login = Login(ca=str(folder.authority))
    async with (
        serving(settings_of(folder)) as target,
        channels.asynchronous(target, login) as channel,
    ):
        stub: Any = health_pb2_grpc.HealthStub(channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=DEADLINE)

    assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING


def replace_server_certificate(folder: AuthorityFolder) -> Path:
    """Put a certificate by a new authority in the place of the server's; return the authority."""
    authority = issuer.authority("renewed", now=now(), days=30)
    renewed = issuer.server(authority, ["localhost", "127.0.0.1"], now=now(), days=30)
    beside, key = folder.path / "new.pem", folder.private("new")
    renewed.write(beside, key)
    key.replace(folder.private("server"))
    beside.replace(folder.path / "server.pem")
    ca = folder.path / "new-ca.pem"
    ca.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    return ca


async def knows(target: str, login: Login) -> bool:
    try:
        return bool((await who(target, login)).name)
    except grpc.aio.AioRpcError:
        return False


async def refuses(target: str, login: Login) -> bool:
    try:
        await who(target, login)
    except grpc.aio.AioRpcError as error:
        return error.code() is UNKNOWN
    return False


async def eventually(holds: Any) -> None:
    async with asyncio.timeout(DEADLINE):
        while not await holds():  # noqa: ASYNC110 - it is the server's to change
            await asyncio.sleep(0.05)
