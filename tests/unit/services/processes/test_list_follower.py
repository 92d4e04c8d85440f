"""A process takes over each list file that is published, without polling for it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from blocklists.entry_table import EntryTable
from blocklists.snapshot.delta import ListSegments
from blocklists.snapshot.publication import Publisher
from blocklists.snapshot.replica import Replica
from infra import folder_watch
from services.processes.list_follower import follow_lists
from tests.support.builders import an_entry


async def test_every_follower_loads_each_publication(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only events count: neither poll comes within the test.
    monkeypatch.setattr(folder_watch, "POLL_SECONDS", 600.0)
    monkeypatch.setattr(folder_watch, "FALLBACK_SECONDS", 600.0)
    folder = tmp_path / "lists"
    replicas = [Replica(folder), Replica(folder)]
    taken: asyncio.Queue[int] = asyncio.Queue()

    async def follow(replica: Replica) -> None:
        async def note() -> None:
            taken.put_nowait(replica.current.version)

        await follow_lists(folder, replica, note)

    following = [asyncio.create_task(follow(replica)) for replica in replicas]
    versions = []
    async with asyncio.timeout(60):
        while not folder.exists():  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        publisher = Publisher(folder)
        lists = ListSegments.of_table(
            1, 5, EntryTable.from_entries([an_entry("+8617000000001")]), commit="a"
        )
        for version in (1, 2, 3):
            await asyncio.to_thread(publisher.publish, replace(lists, version=version))
            versions += [await taken.get(), await taken.get()]
    for task in following:
        task.cancel()
    await asyncio.gather(*following, return_exceptions=True)

    assert versions == [1, 1, 2, 2, 3, 3]
