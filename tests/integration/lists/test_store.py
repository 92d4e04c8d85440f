"""The truth about the lists in a real store, alone and as a cluster of one node."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
import redis

from blocklists.entries import Entry
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot import delta
from blocklists.snapshot.delta import ListSegments
from blocklists.store.changes import ListChange
from blocklists.store.scripts import REBASE
from blocklists.store.store import BASE, CHANGES, HEAD, RECENT, ListHead, Store
from blocklists.store.worker_reports import WorkerReport
from fanzha.errors import Unavailable, VersionConflict
from infra.redis.client import Client, connect
from tests.support.builders import NINE_O_CLOCK_MS, an_entry

ONE, TWO = an_entry("+8617000000001"), an_entry("prize.example")
BOTH_STORES = pytest.mark.parametrize("kind", ["redis_url", "cluster_url"])


def a_proposal(*additions: Entry, removals: Identities | None = None) -> ListChange:
    return ListChange(
        version=0,
        author="li",
        reason="weekly list",
        committed_at_ms=NINE_O_CLOCK_MS,
        additions=EntryTable.from_entries(additions),
        removals=Identities.of([]) if removals is None else removals,
    )


@pytest.fixture
def url(request: pytest.FixtureRequest, kind: str) -> str:
    found: str = request.getfixturevalue(kind)
    return found


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client]:
    made = connect(url, decode_responses=False)
    yield made
    await made.aclose()


@pytest.fixture
def lists(client: Client) -> Store:
    return Store(client)


@pytest.fixture
def in_chunks(client: Client) -> Store:
    """Return one for which two rows are many."""
    return Store(client, chunk_rows=2)


def keys_of_chunks(url: str) -> list[bytes]:
    with redis.Redis.from_url(url.replace("+cluster", "")) as client:
        return list(client.scan_iter("fanzha:lists:chunk:*"))


def contents(found: EntryTable) -> list[str]:
    return [found.entry(row).pattern for row in range(len(found))]


async def replayed(source: Store) -> ListSegments:
    """Load the lists as a new host would."""
    head, table = await source.load()
    found = ListSegments.of_table(head.version, head.committed_at_ms, table, commit=head.commit)
    while changes := await source.changes_after(found.version, found.commit):
        found = delta.apply(found, delta.fold(changes))
    return found


@BOTH_STORES
async def test_a_new_store_is_at_version_0(lists: Store) -> None:
    assert await lists.head() == ListHead(version=0, committed_at_ms=0, commit="")
    assert await lists.changes_after(0, "") == []
    assert len((await lists.load())[1]) == 0


@BOTH_STORES
async def test_a_committed_change_can_be_read(lists: Store) -> None:
    gone = Identities.of([(TWO.kind, TWO.pattern, TWO.action)])

    committed = await lists.commit(a_proposal(ONE, removals=gone), expected_version=0)

    changes = await lists.changes_after(0, "")
    assert changes is not None
    [change] = changes
    assert (committed.version, committed.synced) == (1, True)
    assert (change.version, change.author, change.reason) == (1, "li", "weekly list")
    assert change.committed_at_ms == NINE_O_CLOCK_MS
    assert change.additions.entry(0) == ONE
    assert change.removals.pattern(0) == TWO.pattern
    head = await lists.head()
    assert head == ListHead(version=1, committed_at_ms=NINE_O_CLOCK_MS, commit=change.commit)


@BOTH_STORES
async def test_each_change_names_its_predecessor(lists: Store) -> None:
    for _ in range(3):
        await lists.commit(a_proposal(ONE), expected_version=None)

    changes = await lists.changes_after(0, "")

    assert changes is not None
    commits = [change.commit for change in changes]
    assert [change.previous for change in changes] == ["", *commits[:-1]]
    assert len(set(commits)) == 3


@BOTH_STORES
async def test_a_change_based_on_another_version_is_refused(lists: Store, url: str) -> None:
    await lists.commit(a_proposal(ONE), expected_version=0)

    with pytest.raises(VersionConflict, match="at 1, not 0"):
        await lists.commit(a_proposal(TWO), expected_version=0)

    assert (await lists.head()).version == 1
    assert keys_of_chunks(url) == []


@BOTH_STORES
async def test_a_base_that_is_sent_again_after_a_lost_answer_is_answered_as_made(
    lists: Store, client: Client
) -> None:
    await lists.commit(a_proposal(ONE), expected_version=0)
    head = await lists.head()
    made = (head.version, head.committed_at_ms, head.commit, '["a chunk"]', "2-0")

    answers = [
        await client.eval(REBASE, 4, BASE, CHANGES, HEAD, RECENT, *map(str, made)) for _ in range(2)
    ]

    assert answers == [1, 1]


@BOTH_STORES
async def test_a_later_base_of_the_same_chunks_is_another_base(
    lists: Store, client: Client
) -> None:
    for version in (1, 2):
        await lists.commit(a_proposal(ONE), expected_version=version - 1)
        head = await lists.head()
        made = (head.version, head.committed_at_ms, head.commit, "[]", f"{version + 1}-0")
        await client.eval(REBASE, 4, BASE, CHANGES, HEAD, RECENT, *map(str, made))

    assert await client.hget(BASE, "version") == b"2"


@BOTH_STORES
async def test_of_concurrent_commits_one_gets_each_version(lists: Store) -> None:
    async def attempt() -> int:
        try:
            return (await lists.commit(a_proposal(ONE), expected_version=0)).version
        except VersionConflict:
            return 0

    versions = await asyncio.gather(*(attempt() for _ in range(8)))

    assert sorted(versions) == [0] * 7 + [1]


@BOTH_STORES
async def test_a_commit_is_idempotent(lists: Store) -> None:
    # A client repeats a command whose answer was lost.
    change = replace(a_proposal(ONE), commit="5a5a")
    first = await lists.commit(change, expected_version=0)
    await lists.commit(a_proposal(TWO), expected_version=1)

    again = await lists.commit(change, expected_version=0)

    assert (first.version, again.version) == (1, 1)
    assert (await lists.head()).version == 2


@BOTH_STORES
async def test_a_large_change_is_written_in_chunks(in_chunks: Store, url: str) -> None:
    many = [an_entry(f"+8617000{number:06d}") for number in range(5)]

    await in_chunks.commit(a_proposal(*many), expected_version=0)

    changes = await in_chunks.changes_after(0, "")
    assert changes is not None
    assert contents(changes[0].additions) == [entry.pattern for entry in many]
    assert len(keys_of_chunks(url)) == 3


@BOTH_STORES
async def test_a_damaged_chunk_is_detected(in_chunks: Store, url: str) -> None:
    await in_chunks.commit(a_proposal(ONE, TWO, an_entry("+86170*")), expected_version=0)
    with redis.Redis.from_url(url.replace("+cluster", "")) as client:
        client.setrange(keys_of_chunks(url)[0], 9, b"!!!!")

    changes = await in_chunks.changes_after(0, "")

    assert changes is not None
    [change] = changes
    assert change.skipped == "checksum is wrong"
    assert (len(change.additions), len(change.removals)) == (0, 0)


@BOTH_STORES
async def test_a_new_base_replaces_the_changes_before_it(in_chunks: Store, url: str) -> None:
    await in_chunks.commit(a_proposal(ONE, TWO, an_entry("Prize-Office")), expected_version=0)
    await in_chunks.commit(a_proposal(an_entry("95588")), expected_version=1)
    before = await replayed(in_chunks)
    head = await in_chunks.head()
    await in_chunks.commit(a_proposal(an_entry("+86170*")), expected_version=2)

    done = await in_chunks.rebase(head, delta.table_of(before))

    after = await replayed(in_chunks)
    assert done
    assert await in_chunks.change_count() == 1
    assert (after.version, len(after.snapshot())) == (3, 5)
    assert await in_chunks.changes_after(0, "") is None, "who is older must load anew"
    assert len(keys_of_chunks(url)) == 2, "chunks of the old base and changes are gone"


@BOTH_STORES
async def test_an_older_base_does_not_replace_a_newer(lists: Store) -> None:
    await lists.commit(a_proposal(ONE), expected_version=0)
    head = await lists.head()
    await lists.rebase(head, EntryTable.from_entries([ONE]))

    assert not await lists.rebase(head, EntryTable.from_entries([]))

    assert len((await lists.load())[1]) == 1


@BOTH_STORES
async def test_lists_of_another_store_are_detected(lists: Store, url: str) -> None:
    await lists.commit(a_proposal(ONE), expected_version=0)
    ours = await lists.head()
    with redis.Redis.from_url(url.replace("+cluster", "")) as client:
        client.flushall()

    assert await lists.changes_after(1, ours.commit) is None, "it is behind us"
    await lists.commit(a_proposal(TWO), expected_version=0)
    assert await lists.changes_after(1, ours.commit) is None, "it gave our version to another"
    await lists.commit(a_proposal(TWO), expected_version=1)
    assert await lists.changes_after(1, ours.commit) is None, "what follows is not ours"


@BOTH_STORES
async def test_waiting_ends_when_a_change_comes(lists: Store) -> None:
    waiting = asyncio.create_task(lists.changes_after(0, "", block_ms=20_000))
    await asyncio.sleep(0.05)
    await lists.commit(a_proposal(ONE), expected_version=0)

    changes = await asyncio.wait_for(waiting, 60)

    assert changes is not None
    assert [change.version for change in changes] == [1]


@BOTH_STORES
async def test_silent_workers_are_forgotten(lists: Store) -> None:
    report = WorkerReport(worker="gw1/4711", list_version=3, applied_at_ms=5, reported_at_ms=1000)
    await lists.report_worker(report)
    await lists.report_worker(replace(report, worker="gw1/4712", reported_at_ms=9000))

    assert [r.worker for r in await lists.workers(10_000)] == ["gw1/4711", "gw1/4712"]
    assert [r.worker for r in await lists.workers(15_000)] == ["gw1/4712"]
    assert await lists.workers(5000) == [replace(report, worker="gw1/4712", reported_at_ms=9000)]


async def test_an_unreachable_store_is_unavailable(unused_port: int) -> None:
    client = connect(f"redis://127.0.0.1:{unused_port}/0", decode_responses=False)

    with pytest.raises(Unavailable):
        await Store(client).head()
    with pytest.raises(Unavailable):
        await Store(client).commit(a_proposal(ONE), expected_version=None)

    await client.aclose()


@pytest.fixture
def unused_port() -> Iterator[int]:
    with socket.socket() as reserved:
        # Bound, so that nobody else gets it; nobody listens.
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]
