"""What becomes of change requests when a process ends at the worst moment, on a real store."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blocklists.entry_table import EntryTable, Identities
from blocklists.store.changes import ListChange
from blocklists.store.store import CommitResult, Store
from fanzha.errors import Unavailable, VersionConflict
from infra.redis.client import Client
from services.auth.identity import acting_as
from services.changes import wiring
from services.changes.model import ChangeRequest, ChangeState
from tests.support.builders import an_entry
from tests.support.change_desk import LI, WANG, ChangeDesk, FixedImpact, a_draft, change_desk

ONE, RANGE = an_entry("+8617000000001"), an_entry("+861700000*")


class Dying(Store):
    """A store whose process ends before or after its commit has arrived."""

    arrives = True

    async def commit(self, change: ListChange, *, expected_version: int | None) -> CommitResult:
        if self.arrives:
            await super().commit(change, expected_version=expected_version)
        raise Unavailable("the process ended here")


class Paused(Store):
    """A store whose process stands still before its commit leaves, until it is told to go on."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.stands, self.goes_on = asyncio.Event(), asyncio.Event()

    async def commit(self, change: ListChange, *, expected_version: int | None) -> CommitResult:
        self.stands.set()
        await self.goes_on.wait()
        return await super().commit(change, expected_version=expected_version)


@pytest.fixture
async def desk(redis_url: str, tmp_path: Path) -> AsyncIterator[ChangeDesk]:
    async with change_desk(redis_url, tmp_path / "lists") as found:
        yield found


async def die(desk: ChangeDesk, *, arrives: bool) -> ChangeRequest:
    """Apply a change with a process that ends at its commit; return what is left of it."""
    store = Dying(desk.client)
    store.arrives = arrives
    changes, _ = wiring.build(
        desk.client,
        store=store,
        replica=desk.replica,
        now_ms=lambda: desk.clock[0],
        impact=FixedImpact(),
    )
    with acting_as(LI), pytest.raises(Unavailable, match="outcome of its commit is unknown"):
        await changes.submit_and_apply(a_draft(ONE))
    return await desk.changes.views.get(1)


async def test_a_request_whose_commit_succeeded_before_a_crash_becomes_applied(
    desk: ChangeDesk,
) -> None:
    left = await die(desk, arrives=True)

    await desk.upkeep.recover()

    healed = await desk.changes.views.get(1)
    assert (left.state, left.applying_after) == (ChangeState.APPROVED, 0)
    assert (healed.state, healed.applied_version) == (ChangeState.APPLIED, 1)
    assert healed.events[-1].note == "found in the lists afterwards"
    assert len(await desk.listed()) == 1


async def test_a_request_recovered_after_a_crash_can_be_reverted(desk: ChangeDesk) -> None:
    await die(desk, arrives=True)
    await desk.upkeep.recover()

    with acting_as(LI):
        await desk.changes.revert(1, reason="a mistake")

    assert await desk.listed() == {}


async def test_applying_again_after_a_crash_commits_once(desk: ChangeDesk) -> None:
    await die(desk, arrives=True)

    with acting_as(LI):
        applied = await desk.changes.apply(1)

    assert (applied.state, applied.applied_version) == (ChangeState.APPLIED, 1)
    assert (await desk.store.head()).version == 1


async def test_a_commit_that_never_arrives_unlocks_its_entries(desk: ChangeDesk) -> None:
    await die(desk, arrives=False)
    await desk.upkeep.recover()
    early = await desk.changes.views.get(1)

    desk.clock[0] += 31_000
    await desk.upkeep.recover()

    late = await desk.changes.views.get(1)
    assert (early.state, late.state) == (ChangeState.APPROVED, ChangeState.REJECTED)
    with acting_as(LI):
        done = await desk.changes.submit_and_apply(a_draft(ONE))
    assert done.record is not None
    assert done.record.state is ChangeState.APPLIED


@pytest.mark.parametrize("by", ["maintenance", "its author"])
async def test_a_commit_that_arrives_after_its_request_was_rejected_changes_nothing(
    desk: ChangeDesk, by: str
) -> None:
    store = Paused(desk.client)
    parts: dict[str, Any] = {"replica": desk.replica, "now_ms": lambda: desk.clock[0]}
    changes, _ = wiring.build(desk.client, store=store, impact=FixedImpact(), **parts)
    with acting_as(LI):
        applying = asyncio.create_task(changes.submit_and_apply(a_draft(ONE)))
        await store.stands.wait()

        if by == "maintenance":
            await desk.upkeep.recover()
            desk.clock[0] += 31_000
            await desk.upkeep.recover()
        else:
            await desk.changes.reject(1, reason="not any more")
    store.goes_on.set()

    with pytest.raises(VersionConflict, match="took too long and was rejected"):
        await applying
    assert (await desk.changes.views.get(1)).state is ChangeState.REJECTED
    assert await desk.listed() == {}
    with acting_as(LI):
        again = await desk.changes.submit_and_apply(a_draft(ONE))
    assert again.version == 1


async def test_a_host_whose_clock_is_fast_rejects_nothing_that_another_is_applying(
    desk: ChangeDesk,
) -> None:
    await die(desk, arrives=False)
    _, fast = wiring.build(
        desk.client, store=desk.store, replica=desk.replica,
        now_ms=lambda: desk.clock[0] + 300_000, elapsed=lambda: desk.clock[0] / 1000,
    )  # fmt: skip

    await fast.recover()
    at_once = await desk.changes.views.get(1)
    desk.clock[0] += 31_000
    await fast.recover()

    assert at_once.state is ChangeState.APPROVED
    assert (await desk.changes.views.get(1)).state is ChangeState.REJECTED


async def test_a_compacted_change_is_found_by_its_commit_id(desk: ChangeDesk) -> None:
    await die(desk, arrives=True)
    head = await desk.store.head()
    snapshot = await desk.lists()
    await desk.store.rebase(head, EntryTable.from_entries([snapshot.entry(0)]))

    await desk.upkeep.recover()

    assert (await desk.changes.views.get(1)).state is ChangeState.APPLIED


async def test_two_concurrent_applications_commit_once(desk: ChangeDesk) -> None:
    with acting_as(LI):
        await desk.changes.submit_and_apply(a_draft(RANGE))
    with acting_as(WANG):
        await desk.changes.approve(1, hold=True)
        other, _ = wiring.build(
            desk.client, store=desk.store, replica=desk.replica, now_ms=lambda: desk.clock[0]
        )
        both = await asyncio.gather(desk.changes.apply(1), other.apply(1), return_exceptions=True)

    applied = [one for one in both if isinstance(one, ChangeRequest)]
    assert {one.applied_version for one in applied} == {1}
    assert all(isinstance(one, ChangeRequest | VersionConflict | Unavailable) for one in both)
    assert (await desk.store.head()).version == 1
    assert (await desk.changes.views.get(1)).state is ChangeState.APPLIED


async def test_of_two_concurrent_approvals_one_counts(desk: ChangeDesk) -> None:
    with acting_as(LI):
        await desk.changes.submit_and_apply(a_draft(RANGE))
    other, _ = wiring.build(
        desk.client, store=desk.store, replica=desk.replica, now_ms=lambda: desk.clock[0]
    )

    async def approve(changes: object, name: str) -> ChangeRequest:
        with acting_as(replace(WANG, name=name)):
            record: ChangeRequest = await changes.approve(1, hold=True)  # type: ignore[attr-defined]
            return record

    both = await asyncio.gather(
        approve(desk.changes, "wang"), approve(other, "zhou"), return_exceptions=True
    )

    assert sorted(type(one).__name__ for one in both) == ["ChangeRequest", "VersionConflict"]


async def test_locks_hold_across_processes(desk: ChangeDesk) -> None:
    other, _ = wiring.build(
        desk.client,
        store=desk.store,
        replica=desk.replica,
        now_ms=lambda: desk.clock[0],
        impact=FixedImpact(),
    )
    with acting_as(LI):
        await other.submit_and_apply(a_draft(RANGE, ONE))

        with pytest.raises(VersionConflict, match="change 1 is open and locks"):
            await desk.changes.submit_and_apply(a_draft(replace(ONE, reason="x")))


async def test_the_chunks_of_a_large_request_are_stored_and_removed(
    redis_url: str, tmp_path: Path
) -> None:
    entries = [an_entry(f"+8617000{number:06d}") for number in range(3000)]
    async with change_desk(redis_url, tmp_path / "many", chunk_rows=500) as desk:
        with acting_as(LI):
            await desk.changes.submit_and_apply(a_draft(*entries))
            await desk.changes.revert(1, reason="a mistake")

        assert await desk.listed() == {}
        page = await desk.changes.views.rows(2, offset=2990, limit=100)
        assert (len(page.removals), len(page.before), page.total) == (10, 10, 3000)
        assert isinstance(page.removals, Identities)


async def test_a_redis_cluster_stores_requests_like_a_single_node(
    cluster_url: str, tmp_path: Path
) -> None:
    entries = [an_entry(f"+8617000{number:06d}") for number in range(4000)]
    async with change_desk(cluster_url, tmp_path / "cluster", chunk_rows=500) as desk:
        with acting_as(LI):
            await desk.changes.submit_and_apply(a_draft(RANGE, *entries))
        with acting_as(WANG):
            await desk.changes.approve(1)
        with acting_as(LI):
            await desk.changes.revert(1, reason="a mistake")
        with acting_as(WANG):
            undone = await desk.changes.approve(2)

        assert (undone.state, undone.applied_version) == (ChangeState.APPLIED, 2)
        assert await desk.listed() == {}
        assert (await desk.changes.views.page(None, before_id=0, size=0)).pending == 0


async def test_a_lost_confirmation_can_be_repeated(desk: ChangeDesk) -> None:
    with acting_as(LI):
        await desk.changes.submit_and_apply(a_draft(RANGE), emergency_why="now")
    await desk.lists()
    store = Dying(desk.client)
    store.arrives = False
    dying, _ = wiring.build(
        desk.client, store=store, replica=desk.replica, now_ms=lambda: desk.clock[0]
    )
    with acting_as(WANG):
        with pytest.raises(Unavailable):
            await dying.confirm_emergency(1)
        await desk.upkeep.recover()
        desk.clock[0] += 31_000
        await desk.upkeep.recover()

        urgent, _ = await desk.changes.confirm_emergency(1)

    assert urgent.emergency is not None
    assert urgent.emergency.confirmation == 3
