"""Copies at the edge go on when list administration is started again, or has a new base."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from blocklists.edge.lists import EdgeLists
from blocklists.entries import EntryKind
from blocklists.snapshot.replica import Replica
from blocklists.store.follower import Follower
from blocklists.store.store import Store
from fanzha.client import ListMirror
from fanzha.edge.entry import EdgeKind
from infra import process_lifecycle
from infra.redis.client import connect
from tests.support.builders import NINE_O_CLOCK_MS
from tests.support.list_admin import administering
from tests.support.unguarded_lists import blocked, plant

HOSTS = (EdgeKind.HOST,)


def updated(target: str, file: Path) -> tuple[bool, Sequence[bytes]]:
    async def run() -> tuple[bool, Sequence[bytes]]:
        async with ListMirror(target, HOSTS, file=file) as mirror:
            mirror.load()
            change = await mirror.update()
            return change.was_reset, sorted(change.edits)

    return asyncio.run(run())


def test_a_copy_goes_on_after_list_administration_was_started_again(
    redis_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "copy"
    plant(redis_url, blocked("first.example"))
    with administering(redis_url, tmp_path / "one", lambda: NINE_O_CLOCK_MS) as target:
        assert updated(target, file)[0]
    plant(redis_url, blocked("second.example"))

    with administering(redis_url, tmp_path / "two", lambda: NINE_O_CLOCK_MS) as target:
        was_reset, keys = updated(target, file)

    assert not was_reset
    assert keys == [b"host\tsecond.example\tblock\t"]


async def test_what_a_new_base_of_the_store_hides_is_found_by_comparing(
    redis_url: str, tmp_path: Path
) -> None:
    client = connect(redis_url, decode_responses=False)
    store, replica = Store(client), Replica(tmp_path)
    lists = EdgeLists(store, replica)
    await asyncio.to_thread(plant, redis_url, blocked("first.example"))
    following = asyncio.create_task(Follower(store, tmp_path).run())

    async def until(version: int) -> None:
        while replica.current.version < version or not replica.loaded:
            await asyncio.to_thread(replica.refresh)
            await asyncio.sleep(0.01)

    await until(1)
    before = await lists.newest()
    await asyncio.to_thread(plant, redis_url, blocked("second.example"))
    await until(2)
    head, _ = await store.load()
    table = replica.current.table(replica.current.live_rows())[0]
    assert await store.rebase(await store.head(), table)

    after = await lists.newest()

    touched = lists.touched_since(before.version, before.lineage)
    await process_lifecycle.cancel([following])
    await client.aclose()
    assert head.version < after.version
    assert touched is not None
    assert touched[EntryKind.HOST] == {b"host\tsecond.example\tblock\t"}
    assert len(after.lists[EntryKind.HOST]) == 2
