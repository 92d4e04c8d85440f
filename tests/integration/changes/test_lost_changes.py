"""Changes that the store acknowledged and lost are found, and applied again or reported."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis

from blocklists.entries import Entry
from blocklists.entry_table import EntryTable
from blocklists.snapshot.replica import Replica
from blocklists.store.changes import ListChange
from blocklists.store.follower import Follower
from blocklists.store.store import BASE, CHANGES, HEAD, RECENT, CommitResult, Store
from fanzha.errors import Unavailable
from infra import process_lifecycle
from services.audit.events import AuditKind
from services.auth.identity import acting_as
from services.changes import wiring
from services.changes.model import ChangeState
from services.changes.redo.journal import KEPT_MS, LEAST_FILES, RedoJournal
from services.changes.redo.lost_changes import LostChanges
from services.changes.store import COUNT, key_of
from services.processes.list_follower import follow_lists
from services.processes.list_recovery import recover_and_follow
from tests.support.builders import a_change, an_entry
from tests.support.change_desk import LI, ChangeDesk, a_draft, change_desk
from tests.support.processes import PATIENCE_SECONDS

ONE, TWO, THREE = (an_entry(f"+861700000000{number}") for number in (1, 2, 3))
ALL = {f"block {entry.pattern}" for entry in (ONE, TWO, THREE)}


@pytest.fixture
def journal(tmp_path: Path) -> RedoJournal:
    return RedoJournal(tmp_path / "redo")


@pytest.fixture
async def desk(redis_url: str, tmp_path: Path, journal: RedoJournal) -> AsyncIterator[ChangeDesk]:
    async with change_desk(redis_url, tmp_path / "lists", journal=journal) as found:
        yield found


@pytest.fixture
def lost(desk: ChangeDesk) -> LostChanges:
    assert desk.upkeep.lost is not None
    return desk.upkeep.lost


class Failover:
    """Takes the lists of a store back to what they were, as a replica that lagged behind does."""

    def __init__(self, url: str) -> None:
        self._url = url
        with redis.Redis.from_url(url) as client:
            self._kept = {key: client.dump(key) for key in (HEAD, CHANGES, RECENT, BASE)}

    def strikes(self) -> None:
        """Fail over; nobody notices yet."""
        with redis.Redis.from_url(self._url) as client:
            for key, content in self._kept.items():
                client.delete(key)
                if content is not None:
                    client.restore(key, 0, content)

    async def happens(self, desk: ChangeDesk) -> None:
        """Fail over, and wait until the lists of the desk are those of the store."""
        await desk.lists()
        self.strikes()
        with redis.Redis.from_url(self._url) as client:
            # Connections break, as those to a lost primary do.
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        head = await desk.store.head()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while desk.replica.current.version != head.version:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)


async def block(desk: ChangeDesk, *entries: object) -> None:
    for entry in entries:
        with acting_as(LI):
            await desk.changes.submit_and_apply(a_draft(entry))  # type: ignore[arg-type]


class Unanswered(Store):
    """A store whose answers to commits never come."""

    async def commit(self, change: ListChange, *, expected_version: int | None) -> CommitResult:
        await super().commit(change, expected_version=expected_version)
        raise Unavailable("no answer")


async def block_without_answer(desk: ChangeDesk, entry: Entry) -> None:
    unanswered, _ = wiring.build(
        desk.client,
        store=Unanswered(desk.client),
        replica=desk.replica,
        now_ms=lambda: desk.clock[0],
        impact=desk.impact,
    )
    with acting_as(LI), pytest.raises(Unavailable):
        await unanswered.submit_and_apply(a_draft(entry))


async def commit_again(desk: ChangeDesk, journal: RedoJournal, place: int) -> None:
    """Apply a change of the journal again, as far as the store goes."""
    change = await asyncio.to_thread(journal.read, journal.kept()[place])
    assert change is not None
    head = await desk.store.head()
    await desk.store.commit(change, expected_version=head.version)


def kinds(desk: ChangeDesk) -> list[AuditKind]:
    return [kind for kind in desk.audit.kinds if kind.name.startswith("CHANGE_")]


async def test_what_a_failover_lost_is_applied_again_in_order(
    desk: ChangeDesk, lost: LostChanges, redis_url: str
) -> None:
    await block(desk, ONE)
    failover = Failover(redis_url)
    await block(desk, TWO, THREE)
    before = await desk.listed()
    await failover.happens(desk)
    assert (await desk.store.head()).version == 1

    await lost.step()
    await lost.step()

    head = await desk.store.head()
    assert (set(before), head.version) == (ALL, 3)
    assert await desk.listed() == before
    assert kinds(desk).count(AuditKind.CHANGE_REAPPLIED) == 2
    assert await lost.problems() == []


async def test_a_loss_is_noticed_after_another_host_and_this_one_made_other_changes(
    desk: ChangeDesk, lost: LostChanges, redis_url: str
) -> None:
    other_host, _ = wiring.build(
        desk.client,
        store=desk.store,
        replica=desk.replica,
        now_ms=lambda: desk.clock[0],
        impact=desk.impact,
    )
    await block(desk, ONE)
    failover = Failover(redis_url)
    await block(desk, TWO)
    await failover.happens(desk)
    with acting_as(LI):
        await other_host.submit_and_apply(a_draft(an_entry("+8617000000004")))
    await block(desk, THREE)

    await lost.step()

    assert set(await desk.listed()) == ALL | {"block +8617000000004"}
    assert kinds(desk).count(AuditKind.CHANGE_REAPPLIED) == 1


async def test_a_loss_is_noticed_after_other_changes_were_made(
    desk: ChangeDesk, lost: LostChanges, redis_url: str
) -> None:
    await block(desk, ONE)
    failover = Failover(redis_url)
    await block(desk, TWO)
    await failover.happens(desk)
    await block(desk, THREE)

    await lost.step()

    assert set(await desk.listed()) == ALL


async def test_a_change_whose_entry_was_changed_since_is_reported_and_not_applied(
    desk: ChangeDesk, lost: LostChanges, redis_url: str
) -> None:
    await block(desk, ONE)
    failover = Failover(redis_url)
    await block(desk, TWO)
    await failover.happens(desk)
    await block(desk, TWO)
    version = (await desk.store.head()).version

    await lost.step()
    await lost.step()

    assert (await desk.store.head()).version == version
    assert kinds(desk).count(AuditKind.CHANGE_LOST) == 1
    [words] = await lost.problems()
    assert "version 2" in str(words)


async def test_another_store_gets_nothing_of_the_one_before(
    desk: ChangeDesk, lost: LostChanges, redis_url: str
) -> None:
    await block(desk, ONE, TWO)
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()

    await lost.step()

    assert (await desk.store.head()).version == 0
    assert kinds(desk).count(AuditKind.CHANGE_LOST) == 2


async def test_a_change_found_in_the_lists_afterwards_is_kept_too(
    desk: ChangeDesk, lost: LostChanges, redis_url: str
) -> None:
    await block(desk, ONE)
    failover = Failover(redis_url)
    await block_without_answer(desk, TWO)
    await block(desk, THREE)
    await desk.upkeep.recover()
    before = await desk.listed()
    await failover.happens(desk)

    await lost.step()

    assert (set(before), await desk.listed()) == (ALL, before)
    assert kinds(desk).count(AuditKind.CHANGE_REAPPLIED) == 2
    assert (await desk.store.head()).version == 3


async def test_a_redo_that_a_crash_interrupted_is_completed(
    desk: ChangeDesk, lost: LostChanges, redis_url: str, journal: RedoJournal
) -> None:
    await block(desk, ONE)
    failover = Failover(redis_url)
    await block(desk, TWO)
    await failover.happens(desk)
    await block(desk, THREE)
    await commit_again(desk, journal, 1)

    await lost.step()
    await lost.step()

    assert (set(await desk.listed()), await lost.problems()) == (ALL, [])
    assert (await desk.store.head()).version == 3


async def test_a_base_that_was_written_since_does_not_hide_a_loss(
    desk: ChangeDesk, lost: LostChanges, redis_url: str
) -> None:
    await block(desk, ONE)
    failover = Failover(redis_url)
    await block(desk, TWO)
    await failover.happens(desk)
    for version in (1, 2):
        await desk.store.commit(a_change(version, THREE), expected_version=version)
    await desk.store.rebase(await desk.store.head(), EntryTable.from_entries([ONE, THREE]))

    await lost.step()

    [words] = await lost.problems()
    assert "version 2" in str(words)


async def test_a_base_of_lists_that_the_store_has_lost_is_not_written(
    desk: ChangeDesk, redis_url: str
) -> None:
    await block(desk, ONE)
    failover = Failover(redis_url)
    await block(desk, TWO)
    lost_head, lost_lists = await desk.store.head(), EntryTable.from_entries([ONE, TWO])
    await failover.happens(desk)

    behind = await desk.store.rebase(lost_head, lost_lists)
    await block(desk, THREE)
    made_again = await desk.store.rebase(lost_head, lost_lists)

    assert (behind, made_again, await desk.store.base_version()) == (False, False, 0)
    assert set(await desk.listed()) == ALL - {f"block {TWO.pattern}"}


async def test_a_request_that_the_store_lost_leaves_its_number(
    desk: ChangeDesk, redis_url: str
) -> None:
    await block(desk, ONE, TWO)
    with redis.Redis.from_url(redis_url) as client:
        client.set(COUNT, 1)
        client.delete(key_of(2))

    await block(desk, THREE)

    assert (await desk.requests.get(3)).reason == (await desk.requests.get(1)).reason
    assert await desk.requests.get_many([2]) == []


async def test_upkeep_goes_on_where_a_request_is_lost_under_its_hands(
    desk: ChangeDesk, redis_url: str
) -> None:
    await block_without_answer(desk, ONE)
    with redis.Redis.from_url(redis_url) as client:
        client.delete(key_of(1))

    await desk.upkeep.run_once()

    assert await desk.requests.get_many([1]) == []


async def test_nothing_is_done_while_nothing_is_lost(desk: ChangeDesk, lost: LostChanges) -> None:
    await block(desk, ONE, TWO)
    head = await desk.store.head()
    await desk.store.rebase(head, EntryTable.from_entries([ONE, TWO]))

    await lost.step()

    assert await desk.store.head() == head
    assert AuditKind.CHANGE_REAPPLIED not in desk.audit.kinds


def test_a_journal_keeps_what_it_is_given_and_forgets_it_in_time(tmp_path: Path) -> None:
    journal = RedoJournal(tmp_path)
    for version in range(1, LEAST_FILES + 2):
        journal.note(a_change(version, ONE, TWO), version)
    kept, *others = journal.kept()
    file = tmp_path / kept.file
    read, mode = journal.read(kept), file.stat().st_mode & 0o777

    file.write_bytes(file.read_bytes()[:-1])
    damaged = journal.read(kept)
    journal.prune(int(file.stat().st_mtime * 1000) + KEPT_MS - 60_000)
    left = journal.kept()
    journal.prune(int(file.stat().st_mtime * 1000) + KEPT_MS + 600_000)

    assert read is not None
    assert [read.additions.entry(row) for row in range(2)] == [ONE, TWO]
    assert (damaged, mode) == (None, 0o600)
    assert (left, RedoJournal(tmp_path).kept()) == ([kept, *others], others)


async def test_a_change_right_after_a_failover_waits_for_the_lists_that_are_left(
    desk: ChangeDesk, redis_url: str
) -> None:
    await block(desk, ONE)
    failover = Failover(redis_url)
    await block(desk, TWO)
    await desk.lists()
    failover.strikes()

    await block(desk, THREE)

    assert (await desk.store.head()).version == 2
    assert set(await desk.listed()) == {f"block {one.pattern}" for one in (ONE, THREE)}


async def test_a_change_that_waits_for_lists_does_not_keep_them_back(
    desk: ChangeDesk, tmp_path: Path
) -> None:
    await block(desk, ONE)
    replica = Replica(tmp_path / "begun")
    changes, upkeep = wiring.build(
        desk.client,
        store=desk.store,
        replica=replica,
        now_ms=lambda: desk.clock[0],
        impact=desk.impact,
        journal=RedoJournal(tmp_path / "redo of the begun"),
    )
    with acting_as(LI):
        applying = asyncio.create_task(changes.submit_and_apply(a_draft(TWO)))
    # It has the lock now that clearing up needs.
    await asyncio.sleep(0)

    follower = Follower(desk.store, tmp_path / "begun")
    beginning = [
        asyncio.create_task(recover_and_follow(upkeep, follower)),
        asyncio.create_task(follow_lists(tmp_path / "begun", replica, _nothing)),
    ]
    async with asyncio.timeout(PATIENCE_SECONDS / 2):
        applied = await applying
    await process_lifecycle.cancel(beginning)

    assert applied.record is not None
    assert applied.record.state is ChangeState.APPLIED


async def _nothing() -> None:
    """Take lists over, and do no more."""
