import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from infra import file_lock
from infra.failure_counts import FAILURES, FailureKind
from services.processes.embedded_valkey import OWNER, SERVICE, EmbeddedValkey
from tests.support.processes import eventually
from tests.support.reserved_ports import reserved_port


@asynccontextmanager
async def running(data_dir: Path, port: int | None = None) -> AsyncIterator[EmbeddedValkey]:
    valkey = EmbeddedValkey(data_dir, port)
    await valkey.start()
    try:
        yield valkey
    finally:
        await valkey.stop()


def value(url: str, key: str) -> object:
    with redis.Redis.from_url(url, decode_responses=True) as client:
        return client.get(key)


def set_value(url: str, key: str, text: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.set(key, text)


def answers(url: str) -> bool:
    with redis.Redis.from_url(url) as client, suppress(redis.ConnectionError):
        return bool(client.ping())
    return False


def failed_watches() -> int:
    return sum(FAILURES.of(FailureKind.PERIODIC_TASK).values())


async def test_data_survives_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as valkey:
        set_value(valkey.url, "fact", "kept")

    async with running(tmp_path) as valkey:
        found = value(valkey.url, "fact")

    assert found == "kept"


async def test_the_append_only_file_is_enabled(tmp_path: Path) -> None:
    async with running(tmp_path) as valkey:
        with redis.Redis.from_url(valkey.url, decode_responses=True) as client:
            settings = client.config_get("append*")

    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "always"


async def test_the_password_is_required(tmp_path: Path) -> None:
    async with running(tmp_path) as valkey:
        with (
            redis.Redis.from_url(f"redis://{valkey.address}") as client,
            pytest.raises(redis.AuthenticationError),
        ):
            client.get("fact")

        assert (tmp_path / "valkey" / "url").stat().st_mode & 0o077 == 0


async def test_a_user_without_a_password_is_nobody(tmp_path: Path) -> None:
    async with running(tmp_path) as valkey:
        with redis.Redis.from_url(valkey.url, decode_responses=True) as client:
            users = {line.split()[1]: line for line in client.acl_list()}

        configuration = (tmp_path / "valkey" / "valkey.conf").read_text()
        passwords = {urlsplit(url).password for url in (valkey.url, valkey.service_url)}

    assert set(users) == {"default", OWNER, SERVICE}
    assert " off " in users["default"]
    assert "nopass" not in users[OWNER] + users[SERVICE]
    assert len(passwords) == 2
    assert [password for password in passwords if str(password) in configuration] == []


async def test_the_service_reaches_its_own_keys_only(tmp_path: Path) -> None:
    async with running(tmp_path) as valkey:
        with redis.Redis.from_url(valkey.service_url, decode_responses=True) as client:
            client.set("fanzha:fact", "kept")
            assert client.get("fanzha:fact") == "kept"

            with pytest.raises(redis.exceptions.NoPermissionError):
                client.set("fact", "lost")


async def test_the_service_may_not_command_the_server(tmp_path: Path) -> None:
    async with running(tmp_path) as valkey:
        with redis.Redis.from_url(valkey.service_url) as client:
            for command in ("FLUSHALL", "KEYS *", "CONFIG GET *", "SHUTDOWN NOSAVE", "ACL LIST",
                            "REPLICAOF localhost 1", "CLIENT LIST", "SAVE",
                            "MODULE LIST"):  # fmt: skip
                with pytest.raises(redis.exceptions.NoPermissionError):
                    client.execute_command(*command.split())


async def test_files_of_the_server_are_private_under_an_open_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with running(tmp_path) as valkey:
            with redis.Redis.from_url(valkey.url) as client:
                client.set("fact", "kept")
                client.save()
    finally:
        os.umask(before)

    found = [tmp_path / "valkey", *(tmp_path / "valkey").rglob("*")]
    assert len(found) > len(["valkey", "url", "valkey.conf", "owner.lock", "server.lock"])
    assert [path.name for path in found if path.stat().st_mode & 0o077] == []


async def test_a_second_server_on_one_directory_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as valkey:
        with pytest.raises(RuntimeError, match="in use by another"):
            await EmbeddedValkey(tmp_path).start()

        assert valkey.alive
        assert value(valkey.url, "fact") is None


async def test_a_killed_server_is_restarted_on_its_port_with_its_data(tmp_path: Path) -> None:
    async with running(tmp_path) as valkey:
        url = valkey.url
        set_value(url, "fact", "kept")
        assert valkey.pid is not None
        os.kill(valkey.pid, signal.SIGKILL)
        await asyncio.to_thread(os.waitid, os.P_PID, valkey.pid, os.WEXITED | os.WNOWAIT)

        restarted = await valkey.ensure_running()

        assert restarted
        assert value(url, "fact") == "kept"
        assert not await valkey.ensure_running()


async def test_waiting_for_the_server_ends_when_it_exits(tmp_path: Path) -> None:
    async with running(tmp_path) as valkey:
        assert valkey.pid is not None
        waiting = asyncio.create_task(valkey.wait_ended())
        await asyncio.sleep(0)
        before = waiting.done()
        os.kill(valkey.pid, signal.SIGKILL)
        await asyncio.wait_for(waiting, 60)

        assert not before
        assert await valkey.ensure_running()


async def test_a_server_that_cannot_start_is_started_once_it_can(tmp_path: Path) -> None:
    in_the_way = tmp_path / "valkey" / "valkey.conf"
    async with running(tmp_path) as valkey:
        set_value(valkey.url, "fact", "kept")
        assert valkey.pid is not None
        in_the_way.unlink()
        in_the_way.mkdir()
        before = failed_watches()
        watch = asyncio.create_task(valkey.keep_running())
        os.kill(valkey.pid, signal.SIGKILL)

        await asyncio.to_thread(eventually, lambda: failed_watches() > before)
        alive_meanwhile = valkey.alive
        in_the_way.rmdir()
        await asyncio.to_thread(eventually, lambda: answers(valkey.url))
        found = value(valkey.url, "fact")
        watch.cancel()

    assert not alive_meanwhile
    assert found == "kept"


async def test_a_server_waits_for_a_child_of_its_killed_predecessor(tmp_path: Path) -> None:
    async with running(tmp_path) as valkey:
        assert valkey.pid is not None
        os.kill(valkey.pid, signal.SIGKILL)
        await asyncio.to_thread(os.waitid, os.P_PID, valkey.pid, os.WEXITED | os.WNOWAIT)
        left = file_lock.lock(tmp_path / "valkey" / "server.lock")
        assert left is not None

        restarting = asyncio.create_task(valkey.ensure_running())
        await asyncio.sleep(0.2)
        waited = not restarting.done()
        os.close(left)

        assert await restarting
        assert waited


async def test_a_stopped_server_is_gone(tmp_path: Path) -> None:
    async with running(tmp_path) as valkey:
        url = valkey.url

    assert not valkey.alive
    assert valkey.pid is None
    with redis.Redis.from_url(url) as client, pytest.raises(redis.ConnectionError):
        client.ping()


async def test_the_server_of_a_killed_owner_gives_way_to_the_next(tmp_path: Path) -> None:
    owner = (
        "import asyncio, os, signal, sys; from pathlib import Path\n"
        "from services.processes.embedded_valkey import EmbeddedValkey\n"
        "valkey = EmbeddedValkey(Path(sys.argv[1])); asyncio.run(valkey.start())\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", owner, tmp_path)
    assert await killed.wait() == -signal.SIGKILL
    orphan = (tmp_path / "valkey" / "url").read_text()
    set_value(orphan, "fact", "kept")

    async with running(tmp_path) as valkey:
        found = value(valkey.url, "fact")

    assert found == "kept"
    with redis.Redis.from_url(orphan) as client, pytest.raises(redis.ConnectionError):
        client.ping()


async def test_a_port_that_is_taken_is_an_error_that_names_it(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(RuntimeError, match=str(port)):
            await EmbeddedValkey(tmp_path, port).start()


async def test_a_port_taken_by_another_program_is_replaced(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = [taken.getsockname()[1], reserved_port()]
        valkey = EmbeddedValkey(tmp_path, free_port=iter(ports).__next__)

        url = await valkey.start()
        await valkey.stop()

    assert url.endswith(f":{ports[1]}/0")


def lowest_port_of_connections() -> int:
    return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])


async def test_no_connection_is_given_its_port_while_it_is_away(tmp_path: Path) -> None:
    lowest = lowest_port_of_connections()

    async with running(tmp_path) as valkey:
        port = urlsplit(valkey.url).port

    assert port is not None
    # Where connections get all ports from the twenty thousandth on, there is no better one.
    assert port < lowest or lowest <= 20_000


async def test_a_terminal_interrupt_does_not_reach_the_server(tmp_path: Path) -> None:
    async with running(tmp_path) as valkey:
        assert valkey.pid is not None

        assert os.getsid(valkey.pid) != os.getsid(0)
