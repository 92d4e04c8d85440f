"""From a commit to the lists that a worker answers from, through store and files."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import redis

from blocklists.entries import Entry
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot import delta
from blocklists.snapshot.findings import FindingKind
from blocklists.snapshot.replica import Replica
from blocklists.store import follower
from blocklists.store.changes import ListChange
from blocklists.store.follower import Follower
from blocklists.store.store import Store
from infra import process_lifecycle
from infra.garbage_collection import return_free_memory
from infra.redis.client import connect
from services.processes.embedded_valkey import EmbeddedValkey
from tests.support.builders import NINE_O_CLOCK_MS, an_entry

ONE, TWO, THREE = (an_entry(f"+861700000000{last}") for last in range(1, 4))


def a_proposal(*additions: Entry) -> ListChange:
    return ListChange(
        version=0,
        author="li",
        reason="weekly list",
        committed_at_ms=NINE_O_CLOCK_MS,
        additions=EntryTable.from_entries(additions),
        removals=Identities.of([]),
    )


@asynccontextmanager
async def following(
    url: str,
    folder: Path,
    *,
    rebases: bool = False,
    give_back: Callable[[], None] = return_free_memory,
) -> AsyncIterator[Store]:
    """Follow the store at *url* into *folder*."""
    clients = [connect(url, decode_responses=False) for _ in range(2)]
    one = Follower(Store(clients[0]), folder, rebases=rebases, give_back=give_back)
    task = asyncio.create_task(one.run())
    try:
        yield Store(clients[1])
    finally:
        await process_lifecycle.cancel([task])
        for client in clients:
            await client.aclose()


async def eventually(fact: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(240):
        while not await fact():  # noqa: ASYNC110 - nobody would set an event
            await asyncio.sleep(0.005)


async def until(replica: Replica, fact: Callable[[Replica], bool]) -> None:
    """Refresh as a worker does until *fact* holds of the replica."""

    async def holds() -> bool:
        if replica.changed:
            await asyncio.to_thread(replica.refresh)
        return fact(replica)

    await eventually(holds)


def patterns(replica: Replica) -> set[str]:
    snapshot = replica.current
    return {snapshot.entry(row).pattern for row in snapshot.live_rows().tolist()}


def at_version(version: int) -> Callable[[Replica], bool]:
    return lambda replica: replica.loaded and replica.current.version == version


@pytest.fixture
def url(request: pytest.FixtureRequest, kind: str) -> str:
    found: str = request.getfixturevalue(kind)
    return found


@pytest.mark.parametrize("kind", ["redis_url", "cluster_url"])
async def test_a_commit_reaches_the_workers(url: str, kind: str, tmp_path: Path) -> None:
    replica = Replica(tmp_path / "lists")
    async with following(url, tmp_path / "lists") as store:
        await until(replica, at_version(0))
        await store.commit(a_proposal(ONE), expected_version=0)
        await until(replica, at_version(1))
        await store.commit(a_proposal(TWO), expected_version=1)
        await until(replica, at_version(2))

    assert patterns(replica) == {ONE.pattern, TWO.pattern}


async def test_snapshot_files_are_private_under_an_open_umask(
    redis_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "lists"
    before = os.umask(0)
    try:
        async with following(redis_url, folder):
            await until(Replica(folder), lambda replica: replica.in_step_at_s > 0)
    finally:
        os.umask(before)

    found = [folder, *folder.iterdir()]
    assert [path.name for path in found if path.stat().st_mode & 0o077] == []


async def test_a_new_host_loads_base_and_changes(redis_url: str, tmp_path: Path) -> None:
    async with following(redis_url, tmp_path / "first") as store:
        await store.commit(a_proposal(ONE), expected_version=0)
        await store.rebase(await store.head(), EntryTable.from_entries([ONE]))
        await store.commit(a_proposal(TWO), expected_version=1)
    replica = Replica(tmp_path / "second")

    async with following(redis_url, tmp_path / "second"):
        await until(replica, at_version(2))

    assert patterns(replica) == {ONE.pattern, TWO.pattern}


async def test_protected_numbers_in_a_base_are_guarded(redis_url: str, tmp_path: Path) -> None:
    async with following(redis_url, tmp_path / "first") as store:
        await store.commit(a_proposal(ONE), expected_version=0)
        forged = [ONE, an_entry("110"), an_entry("agency.gov.cn")]
        await store.rebase(await store.head(), EntryTable.from_entries(forged))
    replica = Replica(tmp_path / "second")

    async with following(redis_url, tmp_path / "second"):
        await until(replica, at_version(1))

    assert patterns(replica) == {ONE.pattern}
    assert [(one.kind, one.rows) for one in replica.lists.findings] == [(FindingKind.GUARDED, 2)]


async def test_a_host_starts_from_its_files_without_the_store(
    redis_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "lists"
    async with following(redis_url, folder) as store:
        await store.commit(a_proposal(ONE), expected_version=0)
        await until(Replica(folder), at_version(1))
    replica = Replica(folder)

    async with following("redis://127.0.0.1:1/0", folder):
        await until(replica, at_version(1))

    assert patterns(replica) == {ONE.pattern}


async def test_a_disconnected_host_catches_up(redis_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "lists"
    async with following(redis_url, folder) as store:
        await store.commit(a_proposal(ONE), expected_version=0)
        await until(Replica(folder), at_version(1))
    async with following(redis_url, tmp_path / "other") as store:
        for entry in (TWO, THREE):
            await store.commit(a_proposal(entry), expected_version=None)
    replica = Replica(folder)

    async with following(redis_url, folder):
        await until(replica, at_version(3))

    assert patterns(replica) == {ONE.pattern, TWO.pattern, THREE.pattern}


async def test_a_host_older_than_the_base_reloads_it(redis_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "lists"
    async with following(redis_url, folder) as store:
        await store.commit(a_proposal(ONE), expected_version=0)
        await until(Replica(folder), at_version(1))
    async with following(redis_url, tmp_path / "other") as store:
        await store.commit(a_proposal(TWO), expected_version=1)
        await store.rebase(await store.head(), EntryTable.from_entries([ONE, TWO]))
    replica = Replica(folder)

    async with following(redis_url, folder):
        await until(replica, at_version(2))

    assert patterns(replica) == {ONE.pattern, TWO.pattern}


async def test_lists_of_another_store_are_replaced(redis_url: str, tmp_path: Path) -> None:
    replica = Replica(tmp_path / "lists")
    async with following(redis_url, tmp_path / "lists") as store:
        await store.commit(a_proposal(ONE), expected_version=0)
        await until(replica, at_version(1))

        with redis.Redis.from_url(redis_url) as client:
            client.flushall()
        await store.commit(a_proposal(TWO), expected_version=0)
        await until(replica, lambda found: patterns(found) == {TWO.pattern})

    assert replica.current.version == 1


async def test_an_outage_of_the_store_is_survived_and_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, follower.__name__)
    server = EmbeddedValkey(tmp_path / "data")
    url = await server.start()
    replica = Replica(tmp_path / "lists")
    try:
        async with following(url, tmp_path / "lists") as store:
            await store.commit(a_proposal(ONE), expected_version=0)
            await until(replica, at_version(1))
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            await eventually(lambda: was_told(caplog, "list follower failed"))
            await asyncio.sleep(0.5)  # tried again, and not told again
            assert patterns(replica) == {ONE.pattern}

            await eventually(server.ensure_running)  # once it has ended altogether
            await store.commit(a_proposal(TWO), expected_version=1)
            await until(replica, at_version(2))
            # Told after the change acts, as nobody waits for a log line.
            await eventually(lambda: was_told(caplog, "list follower works again"))
    finally:
        await server.stop()

    messages = [record.message for record in caplog.records]
    assert sum("list follower failed" in line for line in messages) == 1
    assert sum("list follower works again" in line for line in messages) == 1


async def was_told(caplog: pytest.LogCaptureFixture, line: str) -> bool:
    return any(line in record.message for record in caplog.records)


async def has_base(store: Store) -> bool:
    head, _ = await store.load()
    return head.version > 0


async def test_memory_is_given_back_after_changes_of_long_lists_only(
    redis_url: str, tmp_path: Path
) -> None:
    given = list[bool]()
    many = [an_entry(f"+86170{number:08}") for number in range(follower.TRIM_ROWS)]
    async with following(redis_url, tmp_path, give_back=lambda: given.append(True)) as store:
        replica = Replica(tmp_path)

        await store.commit(a_proposal(ONE), expected_version=0)
        await until(replica, at_version(1))
        after_one = list(given)
        await store.commit(a_proposal(*many), expected_version=1)
        await until(replica, lambda _: bool(given))

    assert after_one == []


@pytest.mark.parametrize("sizes", [[delta.COMPACT_ROWS + 1], [60_000, 60_000]])
async def test_many_rows_become_a_new_base_here_and_in_the_store(
    redis_url: str, tmp_path: Path, sizes: list[int]
) -> None:
    rows = sum(sizes)
    many = EntryTable.from_entries(an_entry(f"+8616{number:09d}") for number in range(rows))
    replica = Replica(tmp_path / "lists")
    async with following(redis_url, tmp_path / "lists", rebases=True) as store:
        for end, size in zip(np.cumsum(sizes), sizes, strict=True):
            part = many.take(np.arange(end - size, end))
            await store.commit(replace(a_proposal(), additions=part), expected_version=None)
        await until(replica, at_version(len(sizes)))
        await store.commit(a_proposal(TWO), expected_version=None)

        await until(replica, at_version(len(sizes) + 1))
        await until(replica, lambda found: len(found.lists.base) >= rows)
        await eventually(lambda: has_base(store))
        head, table = await store.load()

    assert len(replica.current) == rows + 1
    assert len(table) == rows + head.version - len(sizes)


async def test_following_can_be_stopped_at_any_moment(redis_url: str, tmp_path: Path) -> None:
    for number in range(40):
        client = connect(redis_url, decode_responses=False)
        task = asyncio.create_task(Follower(Store(client), tmp_path / f"{number}").run())
        await asyncio.sleep(number / 1000)

        task.cancel()

        done, _ = await asyncio.wait([task], timeout=60)
        assert done == {task}
        await client.aclose()
