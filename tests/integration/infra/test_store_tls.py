"""TLS and users of one server, of Sentinels and of a cluster, by servers that speak TLS."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
import redis

from fanzha.errors import Unavailable
from infra.redis.client import Client, connect, execute_durable, within
from services.auth import issuer
from services.processes.embedded_valkey import KEY_PATTERNS
from tests.support.external_servers import program, started
from tests.support.processes import PATIENCE_SECONDS, eventually
from tests.support.reserved_ports import reserved_port

OWNER, SERVICE = "owner", "fanzha"
PASSWORD = "p@ss/word"
LOGIN = "fanzha:p%40ss%2Fword"
KEYS = " ".join(f"~{pattern}" for pattern in KEY_PATTERNS)
RIGHTS = f"{KEYS} +@all -@admin -@dangerous +info"
"""What docs/how-to/store.md says that the service needs."""
RIGHTS_AT_SENTINELS = "+ping +sentinel|masters"
DAYS = 2


class Certificates:
    """An authority, what a server of 127.0.0.1 shows, and what clients show."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        now = datetime.now(UTC)
        authority = issuer.authority("store", now=now, days=DAYS)
        self.ca = folder / "ca.pem"
        authority.write(self.ca, folder / "ca.key")
        server = issuer.server(authority, ["127.0.0.1"], now=now, days=DAYS)
        server.write(folder / "server.pem", folder / "server.key")
        client = issuer.client(authority, "worker", now=now, days=DAYS)
        client.write(folder / "client.pem", folder / "client.key")

    @property
    def parameters(self) -> str:
        """The part of a URL that names them."""
        names = {"tls_ca": "ca.pem", "tls_certificate": "client.pem", "tls_key": "client.key"}
        return urlencode({key: str(self.folder / name) for key, name in names.items()})

    def ask(self, port: int, *command: object) -> object:
        with redis.Redis(
            host="127.0.0.1",
            port=port,
            username=OWNER,
            password=PASSWORD,
            ssl=True,
            ssl_ca_certs=str(self.ca),
            ssl_certfile=str(self.folder / "client.pem"),
            ssl_keyfile=str(self.folder / "client.key"),
            socket_timeout=30,
        ) as client:
            return client.execute_command(*command)

    def answers(self, port: int) -> bool:
        try:
            return self.ask(port, "PING") is True
        except redis.RedisError:
            return False


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def running() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def server(
    running: ExitStack,
    folder: Path,
    certificates: Certificates,
    *lines: str,
    rights: str = RIGHTS,
    mode: str = "",
) -> int:
    """Run a server that takes TLS only, client certificates, and two users; return its port."""
    folder.mkdir()
    port = reserved_port()
    own = certificates.folder
    common = (
        f"port 0\ntls-port {port}\nbind 127.0.0.1\ndir {folder}\nprotected-mode no",
        f"tls-cert-file {own}/server.pem\ntls-key-file {own}/server.key",
        f"tls-client-cert-file {own}/client.pem\ntls-client-key-file {own}/client.key",
        f"tls-ca-cert-file {own}/ca.pem\ntls-auth-clients yes\ntls-replication yes",
        f"user default off\nuser {OWNER} on >{PASSWORD} ~* &* +@all",
        f"user {SERVICE} on >{PASSWORD} {rights}",
    )
    (folder / "server.conf").write_text("\n".join((*common, *lines, "")))
    command = [program("valkey-server", package="valkey-server"), "server.conf", *mode.split()]
    running.enter_context(started(command, folder, lambda: certificates.answers(port)))
    return port


@pytest.fixture
async def opened() -> AsyncIterator[list[Client]]:
    clients = list[Client]()
    yield clients
    for client in clients:
        await client.aclose()


async def write(client: Client, key: str) -> object:
    async with within(PATIENCE_SECONDS):
        writing = client.pipeline(transaction=False)
        writing.set(key, key)
        await execute_durable(client, writing)
        return await client.get(key)


async def written(client: Client, key: str) -> object:
    """Write once a connection is made: on a busy machine that may take longer than it may."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                return await write(client, key)
            except Unavailable:
                await asyncio.sleep(0.1)


async def refusal(client: Client, key: str, why: str) -> str:
    """Return why the server refuses a write, once it says something with *why* in it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with pytest.raises(Unavailable) as refused:
                await write(client, key)
            if why in str(refused.value):
                return why
            await asyncio.sleep(0.1)


async def test_one_server_takes_our_certificate_and_user_and_no_others(
    tmp_path: Path, certificates: Certificates, running: ExitStack, opened: list[Client]
) -> None:
    port = server(running, tmp_path / "server", certificates)
    ours = f"rediss://{LOGIN}@127.0.0.1:{port}?{certificates.parameters}"
    others = {
        "another authority": f"rediss://{LOGIN}@127.0.0.1:{port}",
        "no certificate": f"rediss://{LOGIN}@127.0.0.1:{port}?tls_ca={certificates.ca}",
        "another password": ours.replace(LOGIN, "fanzha:guess"),
        "no TLS": f"redis://{LOGIN}@127.0.0.1:{port}",
    }
    opened += [connect(url) for url in (ours, *others.values())]

    found = await written(opened[0], "fanzha:{one}")

    assert found == "fanzha:{one}"
    for client in opened[1:]:
        with pytest.raises(Unavailable):
            await write(client, "fanzha:{two}")
    assert await refusal(opened[0], "of:others", "No permissions")


async def test_sentinels_take_tls_and_the_user_too(
    tmp_path: Path, certificates: Certificates, running: ExitStack, opened: list[Client]
) -> None:
    primary = server(running, tmp_path / "primary", certificates, "appendonly yes")
    lines = (
        f"sentinel monitor lists 127.0.0.1 {primary} 1",
        f"sentinel auth-user lists {OWNER}\nsentinel auth-pass lists {PASSWORD}",
        f"sentinel sentinel-user {OWNER}\nsentinel sentinel-pass {PASSWORD}",
    )
    sentinel = server(
        running,
        tmp_path / "sentinel",
        certificates,
        *lines,
        rights=RIGHTS_AT_SENTINELS,
        mode="--sentinel",
    )
    url = f"rediss+sentinel://{LOGIN}@127.0.0.1:{sentinel}/lists?{certificates.parameters}"
    opened += [connect(f"{url}&sentinel_login=yes"), connect(url)]

    found = await written(opened[0], "fanzha:{one}")

    assert found == "fanzha:{one}"
    with pytest.raises(Unavailable):
        await write(opened[1], "fanzha:{two}")


async def test_a_cluster_takes_tls_and_a_user_at_every_node(
    tmp_path: Path, certificates: Certificates, running: ExitStack, opened: list[Client]
) -> None:
    ranges = [(0, 5460), (5461, 10922), (10923, 16383)]
    ports = [
        server(
            running,
            tmp_path / f"node-{number}",
            certificates,
            f"cluster-enabled yes\ncluster-port {reserved_port()}\ntls-cluster yes",
        )
        for number in range(len(ranges))
    ]
    for port, slots in zip(ports, ranges, strict=True):
        certificates.ask(port, "CLUSTER", "ADDSLOTSRANGE", *slots)
    for port in ports[1:]:
        bus = certificates.ask(ports[0], "CONFIG", "GET", "cluster-port")
        certificates.ask(port, "CLUSTER", "MEET", "127.0.0.1", ports[0], _value(bus))
    eventually(lambda: all(_is_whole(certificates, port) for port in ports))
    url = f"rediss+cluster://{LOGIN}@127.0.0.1:{ports[0]}?{certificates.parameters}"
    opened.append(connect(url))

    found = [await written(opened[0], f"fanzha:{number}") for number in range(30)]

    assert found == [f"fanzha:{number}" for number in range(30)]
    assert all(certificates.ask(port, "DBSIZE") for port in ports)


def _value(answer: object) -> object:
    assert isinstance(answer, dict)
    [value] = answer.values()
    return value


def _is_whole(certificates: Certificates, port: int) -> bool:
    answer = certificates.ask(port, "CLUSTER INFO")
    assert isinstance(answer, dict)
    return str(answer["cluster_state"]) == "ok" and str(answer["cluster_known_nodes"]) == "3"
