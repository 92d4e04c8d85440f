"""Entries that land on the lists wait for a person, with their count: a real store, a real log."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from blocklists.entries import EntryMode
from blocklists.entry_table import EntryTable
from fanzha.decisions import Action
from fanzha.errors import InvalidInput, NotFound, VersionConflict
from services.audit.events import AuditKind
from services.auth.identity import acting_as
from services.processes.embedded_valkey import EmbeddedValkey
from services.warning.backfill.counter import AUTO_STARTED_BY, BackfillMode
from services.warning.backfill.model import BackfillState, PendingState
from services.warning.cases.listing import CaseListing
from services.warning.cases.store import CaseStore
from tests.support.builders import an_entry
from tests.support.change_desk import LI, MemoryAudit, a_draft, change_desk
from tests.support.pending_backfills import (
    FRAUD,
    LATER,
    OTHER,
    SILENT,
    SOON_MS,
    LandingRig,
    a_block,
    a_log,
    commit,
    listed,
    writing_through,
)


@pytest.fixture(scope="module", autouse=True)
def quick_disk(valkey: EmbeddedValkey) -> Iterator[None]:
    with writing_through(valkey.url):
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_log(tmp_path_factory.mktemp("log") / "decisions")


@pytest.fixture
def audit() -> MemoryAudit:
    return MemoryAudit()


@pytest.fixture
async def rig(redis_url: str, folder: Path, audit: MemoryAudit) -> AsyncIterator[LandingRig]:
    """Follow the lists from the beginning."""
    rig = LandingRig(redis_url, folder, audit)
    await rig.all()
    yield rig
    await rig.close()


async def cases(rig: LandingRig) -> Counter[str]:
    """Let all backfills go on to their end; return how many cases each campaign has."""
    runner = rig.runner()
    while await runner.step():
        pass
    walk = CaseListing(rig.client, CaseStore(rig.client)).walk(only_open=False)
    return Counter([case.campaign async for case, _ in walk])


async def test_a_pending_backfill_is_counted_and_started(
    rig: LandingRig, audit: MemoryAudit
) -> None:
    await listed(rig, a_block(), replace(a_block(OTHER), campaign="star-river"))
    (one,) = await rig.store.pending()

    begun = await rig.desk().start(one.id, rate=100, by="wang")

    assert one.count is not None
    assert (one.count.persons, one.count.by_tier, one.by) == (20, {"medium": 20}, "li")
    assert one.count.by_exposure == {"long_call": 1, "repeated": 4, "once": 15}
    assert (begun.backfill.kind, begun.backfill.total) == ("change", 20)
    assert await cases(rig) == {f"number:{FRAUD}": 12, "campaign:star-river": 13}
    (done,) = await rig.backfills.newest(10)
    assert (done.id, done.state, done.done) == (one.id, BackfillState.DONE, 20)
    assert (await rig.store.get(one.id)).state is PendingState.STARTED
    assert audit.kinds == [AuditKind.BACKFILL_STARTED]
    with pytest.raises(VersionConflict, match="already started"):
        await rig.desk().start(one.id, rate=100, by="wang")
    assert (rig.counted("pending"), rig.counted("started")) == (1, 1)


async def test_a_backfill_without_recipients_is_ended(rig: LandingRig) -> None:
    await listed(rig, a_block(SILENT))

    assert await rig.store.pending() == []
    assert [one.state for one in await rig.store.newest(9)] == [PendingState.NO_RECIPIENTS]


async def test_removed_entries_withdraw_a_pending_backfill(rig: LandingRig) -> None:
    await listed(rig, a_block(), a_block(OTHER))
    await listed(rig, removed=(a_block(),))
    (half,) = await rig.store.pending()
    await listed(rig, an_entry(OTHER, Action.ALLOW, expires_at=LATER))

    (gone,) = await rig.store.newest(9)

    assert half.count is not None
    assert (half.count.persons, half.subject) == (13, ("number", OTHER))
    assert (gone.state, rig.counted("withdrawn")) == (PendingState.WITHDRAWN, 1)
    with pytest.raises(VersionConflict, match="already withdrawn"):
        await rig.desk().start(gone.id, rate=1, by="wang")


async def test_expired_entries_withdraw_a_pending_backfill(rig: LandingRig) -> None:
    soon = datetime.fromtimestamp(SOON_MS / 1000 + 60, UTC)
    await listed(rig, a_block(expires_at=soon))
    assert len(await rig.store.pending()) == 1

    rig.now_ms += 60_000
    await rig.all()

    assert [one.why for one in await rig.store.newest(9)] == ["its entries have expired"]


async def test_starting_a_changed_backfill_is_a_conflict(rig: LandingRig) -> None:
    await listed(rig, a_block(), a_block(OTHER))
    (before,) = await rig.store.pending()
    result = await rig.looking().search(before)
    await listed(rig, removed=(a_block(),))

    begun = await rig.beginning().start(before, result, rate=20, by="wang")

    assert begun is None
    assert await rig.backfills.running() == []
    assert await rig.client.keys("*:writing:*") == []


async def test_a_backfill_of_few_people_starts_automatically_where_set(rig: LandingRig) -> None:
    rig.mode, rig.most_people = BackfillMode.START, 12
    await listed(rig, a_block())
    await listed(rig, a_block(OTHER))

    (started,) = await rig.backfills.running()
    (pending,) = await rig.store.pending()

    assert (started.pattern, started.by, started.total) == (FRAUD, AUTO_STARTED_BY, 12)
    assert pending.count is not None
    assert pending.count.persons == 13
    assert (rig.counted("auto_started"), rig.counted("started")) == (1, 0)


async def test_a_backfill_with_an_incomplete_count_never_starts_automatically(
    rig: LandingRig,
) -> None:
    rig.mode = BackfillMode.START
    # No texts are logged, so nobody can tell whom a fingerprint reached.
    await listed(rig, a_block(), a_block(f"fp1:{'0a' * 32}"))

    (pending,) = await rig.store.pending()

    assert pending.count is not None
    assert (pending.count.persons, pending.count.uncounted) == (12, 1)
    assert "decision_log_texts" in pending.count.why


async def test_a_change_of_too_many_entries_is_not_backfilled_and_reported(rig: LandingRig) -> None:
    await listed(rig, *(a_block(f"+861990000010{number}") for number in range(4)))

    (left,) = await rig.store.newest(9)

    assert (left.state, left.effective_count, len(left.entries)) == (PendingState.TOO_LARGE, 4, 0)
    assert (left.why, rig.counted("too_large")) == ("more than 3 entries at once", 1)
    assert await rig.store.pending() == []


async def test_in_mode_off_the_follower_advances_without_proposals(rig: LandingRig) -> None:
    await listed(rig, a_block())
    rig.mode = BackfillMode.OFF
    await listed(rig, a_block(OTHER))
    await listed(rig, removed=(a_block(),))
    rig.mode = BackfillMode.PROPOSE
    await rig.all()

    assert [one.state for one in await rig.store.newest(9)] == [PendingState.WITHDRAWN]


async def test_without_a_decision_log_a_backfill_waits_uncounted(
    rig: LandingRig, caplog: pytest.LogCaptureFixture
) -> None:
    folder, rig.folder = rig.folder, None
    counting = rig.counting()
    await listed(rig, a_block())
    caplog.clear()
    await counting.step()
    await counting.step()
    (one,) = await rig.store.pending()
    with pytest.raises(NotFound, match="decision log"):
        await rig.desk().start(one.id, rate=1, by="wang")
    assert one.count is None
    assert len([line for line in caplog.messages if "no decision log" in line]) == 1

    rig.folder = folder
    found = await rig.desk().get(one.id, count=True)

    assert found.count is not None
    assert found.count.persons == 12


async def test_dropping_a_backfill_needs_a_reason(rig: LandingRig, audit: MemoryAudit) -> None:
    await listed(rig, a_block())
    (one,) = await rig.store.pending()

    with pytest.raises(InvalidInput, match="reason"):
        await rig.desk().drop(one.id, reason=" ", by="wang")
    await rig.desk().drop(one.id, reason="the number of a bank", by="wang")

    dropped = await rig.store.get(one.id)
    assert (dropped.state, dropped.ended_by) == (PendingState.DROPPED, "wang")
    assert audit.kinds == [AuditKind.BACKFILL_DROPPED]


async def test_earlier_blocks_and_authors_come_from_change_requests(
    rig: LandingRig, tmp_path: Path
) -> None:
    async with change_desk(rig.url, tmp_path) as desk:
        with acting_as(LI):
            for entry in (
                a_block(),
                replace(a_block(), reason="renewed, case 17"),
                replace(a_block(OTHER), mode=EntryMode.SHADOW),
                a_block(OTHER),
            ):
                await desk.changes.submit_and_apply(a_draft(entry))

        await rig.all()

    found = await rig.store.pending()
    assert {(one.change_id, one.subject[1], one.by) for one in found} == {
        (1, FRAUD, "li"),
        (4, OTHER, "li"),
    }


async def test_versions_lost_to_compaction_are_counted_and_skipped(
    rig: LandingRig, tmp_path: Path
) -> None:
    async with change_desk(rig.url, tmp_path) as desk:
        with acting_as(LI):
            await desk.changes.submit_and_apply(a_draft(a_block()))
            await commit(rig, a_block(SILENT))
            await desk.changes.submit_and_apply(a_draft(a_block(OTHER)))
        head = await desk.store.head()
        assert await desk.store.rebase(head, EntryTable.from_entries([]))

        await rig.all()

    assert {one.change_id for one in await rig.store.pending()} == {1, 2}
    lost = rig.registry.get_sample_value("fanzha_warning_backfill_versions_lost_total")
    assert lost == 1
    place = await rig.store.position()
    assert place is not None
    assert (place.version, place.commit) == (head.version, head.commit)
