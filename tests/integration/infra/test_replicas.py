"""What an acknowledged write promises, on servers that fail: a primary, a replica, a Sentinel."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from fanzha.errors import Unavailable
from infra.redis.client import Client, connect, execute_synced, within
from services.processes.embedded_valkey import server_binary
from tests.support.processes import PATIENCE_SECONDS, eventually
from tests.support.reserved_ports import reserved_port

KEY = "fanzha:{fact}"


@dataclass(frozen=True, slots=True)
class Server:
    """A Valkey server on loopback."""

    port: int
    process: "subprocess.Popen[bytes]"

    def ask(self, *command: object) -> object:
        with redis.Redis(port=self.port, socket_timeout=30, decode_responses=True) as client:
            return client.execute_command(*command)

    def answers(self) -> bool:
        try:
            return self.ask("PING") is True
        except redis.RedisError:
            return False


@contextmanager
def server(folder: Path, *lines: str, sentinel: bool = False) -> Iterator[Server]:
    """Run a server, or a Sentinel, whose configuration has *lines*."""
    port = reserved_port()
    folder.mkdir()
    common = f"port {port}\nbind 127.0.0.1\ndir {folder}\nprotected-mode no"
    (folder / "server.conf").write_text("\n".join((common, *lines, "")))
    mode = ["--sentinel"] if sentinel else []
    arguments = [str(server_binary()), str(folder / "server.conf"), *mode]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, cwd=folder)
    try:
        running = Server(port, process)
        eventually(running.answers)
        yield running
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait(PATIENCE_SECONDS)


DURABLE = ("appendonly yes", "appendfsync always", 'save ""', "repl-diskless-sync-delay 0")


@pytest.fixture
def primary(tmp_path: Path) -> Iterator[Server]:
    with server(tmp_path / "primary", *DURABLE) as running:
        yield running


@pytest.fixture
def replica(tmp_path: Path, primary: Server) -> Iterator[Server]:
    follows = f"replicaof 127.0.0.1 {primary.port}"
    with server(tmp_path / "replica", *DURABLE, follows) as running:
        eventually(lambda: _follows(running))
        yield running


def _follows(running: Server) -> bool:
    with redis.Redis(port=running.port, socket_timeout=30, decode_responses=True) as client:
        return bool(client.info("replication")["master_link_status"] == "up")


async def write(client: Client, value: str) -> bool:
    """Set a value; return whether it is as durable as the URL asks."""
    pipeline = client.pipeline(transaction=False)
    pipeline.set(KEY, value)
    async with within(PATIENCE_SECONDS):
        _, durable = await execute_synced(client, pipeline)
    return durable


async def durable_write(client: Client, value: str) -> None:
    """Set a value until it is durable: a busy replica may need longer than one write waits."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await write(client, value):
            pass


@pytest.fixture
async def client(primary: Server, replica: Server) -> AsyncIterator[Client]:
    opened = connect(f"redis://127.0.0.1:{primary.port}?wait_replicas=1")
    yield opened
    await opened.aclose()


async def test_a_write_is_durable_once_the_replica_has_it_on_disk(
    client: Client, replica: Server
) -> None:
    await durable_write(client, "both")

    assert replica.ask("GET", KEY) == "both"


async def test_a_write_that_no_replica_has_is_not_called_durable(
    client: Client, primary: Server, replica: Server
) -> None:
    replica.process.send_signal(signal.SIGSTOP)

    alone = await write(client, "alone")

    here = connect(f"redis://127.0.0.1:{primary.port}")
    asked_for_none = await write(here, "here")
    await here.aclose()
    assert (alone, asked_for_none) == (False, True)


ONCE = """
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SET', KEYS[1], 'once') end
return redis.call('GET', KEYS[1])
"""


async def test_what_a_repeated_script_finds_done_is_not_called_durable_before_a_replica_has_it(
    client: Client, primary: Server, replica: Server
) -> None:
    replica.process.send_signal(signal.SIGSTOP)
    primary.ask("EVAL", ONCE, 1, KEY)
    pipeline = client.pipeline(transaction=False)
    pipeline.eval(ONCE, 1, KEY)

    async with within(PATIENCE_SECONDS):
        answers, durable = await execute_synced(client, pipeline)

    assert (answers, durable) == (["once"], False)


async def test_what_was_called_durable_survives_the_loss_of_the_primary(
    tmp_path: Path, primary: Server, replica: Server
) -> None:
    lines = (
        f"sentinel monitor lists 127.0.0.1 {primary.port} 1",
        "sentinel down-after-milliseconds lists 3000",
        "sentinel failover-timeout lists 5000",
    )
    with server(tmp_path / "sentinel", *lines, sentinel=True) as sentinel:
        eventually(lambda: str(replica.port) in str(sentinel.ask("SENTINEL", "REPLICAS", "lists")))
        url = f"redis+sentinel://127.0.0.1:{sentinel.port}/lists"
        client = connect(f"{url}?wait_replicas=1")
        await durable_write(client, "durable")
        os.kill(primary.process.pid, signal.SIGKILL)
        primary.process.wait(PATIENCE_SECONDS)

        after = connect(url)
        found = await eventually_read(after)
        await durable_write(after, "later")
        await client.aclose()
        await after.aclose()

    assert found == "durable"
    assert replica.ask("GET", KEY) == "later"


async def test_a_cluster_of_which_no_node_answers_is_unavailable() -> None:
    nobody = connect(f"redis+cluster://127.0.0.1:{reserved_port()}")

    for _ in range(2):
        with pytest.raises(Unavailable):
            async with within(30):
                await nobody.get(KEY)
        with pytest.raises(Unavailable):
            await write(nobody, "lost")

    await nobody.aclose()


async def eventually_read(client: Client) -> object:
    """Read once a new primary is there; the time is that of tests for other processes."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                async with within(30):
                    await client.set("fanzha:{probe}", "1")
                    return await client.get(KEY)
            except Unavailable:
                await asyncio.sleep(0.2)
