"""One Valkey for all integration tests; each test starts with an empty one."""

import asyncio
import subprocess
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from services.processes.embedded_valkey import EmbeddedValkey, server_binary
from tests.support.reserved_ports import reserved_port


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(Path(tmp_path_factory.mktemp("data")))
    _outside_a_loop(server.start())
    yield server
    _outside_a_loop(server.stop())


@pytest.fixture
def redis_url(valkey: EmbeddedValkey) -> str:
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    return valkey.url


@pytest.fixture
def cluster_url(cluster: int) -> str:
    with redis.Redis(port=cluster) as node:
        node.flushall()
    return f"redis+cluster://127.0.0.1:{cluster}"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Start a cluster of one node: it refuses commands over several slots like a large one."""
    folder = tmp_path_factory.mktemp("cluster")
    port, bus_port = reserved_port(), reserved_port()
    options = {"port": port, "bind": "127.0.0.1", "dir": folder, "appendonly": "yes", "save": ""}
    options |= {"cluster-enabled": "yes", "cluster-port": bus_port}
    # As the embedded server: with `everysec`, whoever waits for the disk waits up to a second, and
    # on a slow one in vain.
    options |= {"appendfsync": "always"}
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    process = subprocess.Popen([server_binary(), *arguments], stdout=subprocess.DEVNULL)
    try:
        retry = Retry(ConstantBackoff(0.05), 2400)
        with redis.Redis(port=port, retry=retry) as node:
            node.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
            while node.execute_command("CLUSTER INFO")["cluster_state"] != "ok":
                time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


def _outside_a_loop(work: Coroutine[Any, Any, object]) -> None:
    # The first test to need the fixture may be a coroutine: then a loop runs in this thread.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()
