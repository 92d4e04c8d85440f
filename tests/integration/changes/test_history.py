"""Versions compared, restored and lost; rows kept and dropped; scopes and popularity."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from blocklists.entries import EntryMode, Source
from blocklists.entry_table import EntryTable, Identities, concatenate
from blocklists.store.changes import ListChange
from fanzha.errors import InvalidInput, NotAllowed, NotFound
from services.auth.identity import acting_as
from services.changes.change_context import ChangeOptions
from services.changes.model import ChangeState
from services.changes.popularity import PopularHosts
from services.changes.preview import read
from services.lists.entry_at_version import EntriesAtVersions
from tests.support.builders import NINE_O_CLOCK_MS, an_entry
from tests.support.change_desk import (
    LI,
    WANG,
    ChangeDesk,
    a_draft,
    an_impact,
    change_desk,
    identities,
)

ONE, TWO, HOST = an_entry("+8617000000001"), an_entry("+8617000000002"), an_entry("prize.example")
DAY_MS = 86_400_000


@pytest.fixture
async def desk(redis_url: str, tmp_path: Path) -> AsyncIterator[ChangeDesk]:
    async with change_desk(redis_url, tmp_path / "lists") as found:
        yield found


async def commit(desk: ChangeDesk, *additions: object) -> None:
    """Change the lists as an earlier release did: by no request."""
    change = ListChange(
        version=0,
        author="li",
        reason="before requests",
        committed_at_ms=NINE_O_CLOCK_MS,
        additions=EntryTable.from_entries(additions),  # type: ignore[arg-type]
        removals=Identities.of([]),
    )
    await desk.store.commit(change, expected_version=None)


async def compact(desk: ChangeDesk) -> None:
    """Put the lists into the base of the store, which drops its changes."""
    snapshot = await desk.lists()
    table = concatenate(snapshot.table(snapshot.live_rows()))
    assert await desk.store.rebase(await desk.store.head(), table)


async def test_versions_before_a_compaction_are_rebuilt_from_requests(desk: ChangeDesk) -> None:
    with acting_as(LI):
        await desk.changes.submit_and_apply(a_draft(ONE))
        await desk.changes.submit_and_apply(a_draft(TWO))
        await compact(desk)

        found = await desk.changes.views.diff(0, 1)
        await desk.changes.restore(1, reason="back")

    assert [found.added.pattern(row) for row in range(len(found.added))] == ["+8617000000001"]
    assert list(await desk.listed()) == ["block +8617000000001"]


async def test_versions_without_a_change_request_are_replayed(desk: ChangeDesk) -> None:
    await commit(desk, ONE)
    await commit(desk, replace(ONE, reason="another"), TWO)
    await desk.lists()

    found = await desk.changes.views.diff(1, None)

    assert (len(found.added), len(found.changed_to), found.change_ids) == (1, 1, [])
    assert found.changed_from.entry(0).reason == ONE.reason


async def test_a_lost_version_is_reported(desk: ChangeDesk) -> None:
    await commit(desk, ONE)
    await commit(desk, TWO)
    await compact(desk)

    with pytest.raises(NotFound, match=r"version 0 cannot be rebuilt: .* compacted at version 2"):
        await desk.changes.views.diff(0, None)


async def test_a_reversed_diff_swaps_additions_and_removals(desk: ChangeDesk) -> None:
    with acting_as(LI):
        await desk.changes.submit_and_apply(a_draft(ONE))
        await desk.changes.submit_and_apply(a_draft(TWO, removals=identities(ONE)))

    there, back = await desk.changes.views.diff(1, 2), await desk.changes.views.diff(2, 1)

    assert there.added.pattern(0) == back.removed.pattern(0) == "+8617000000002"
    assert there.removed.pattern(0) == back.added.pattern(0) == "+8617000000001"


async def test_rows_of_old_requests_expire_and_their_records_stay(desk: ChangeDesk) -> None:
    with acting_as(LI):
        await desk.changes.submit_and_apply(a_draft(ONE))
        desk.clock[0] += 731 * DAY_MS

        await desk.upkeep.retain()

        record = await desk.changes.views.get(1)
        assert (record.state, record.additions.retained, record.additions.rows) == (
            ChangeState.APPLIED, False, 1,
        )  # fmt: skip
        with pytest.raises(NotFound, match="change_retention_days"):
            await desk.changes.revert(1, reason="too late")


async def test_a_revert_leaves_and_names_entries_changed_by_others(desk: ChangeDesk) -> None:
    with acting_as(LI):
        await desk.changes.submit_and_apply(a_draft(ONE, TWO))
        await desk.changes.submit_and_apply(a_draft(replace(ONE, reason="theirs")))
        done = await desk.changes.revert(1, reason="a mistake")

    assert done.record is not None
    assert done.record.left_alone == 1
    assert done.record.left_alone_examples == ("+8617000000001 (block): changed by others since",)
    assert list(await desk.listed()) == ["block +8617000000001"]


async def test_a_revert_can_be_reverted(desk: ChangeDesk) -> None:
    with acting_as(LI):
        await desk.changes.submit_and_apply(a_draft(ONE))
        await desk.changes.revert(1, reason="a mistake")
        await desk.changes.revert(2, reason="it was none")

    assert await desk.listed() == {"block +8617000000001": ONE}
    assert (await desk.changes.views.get(2)).state is ChangeState.REVERTED


async def test_a_confirmed_emergency_is_reverted_completely(desk: ChangeDesk) -> None:
    wide = an_entry("+861700000*")
    with acting_as(LI):
        await desk.changes.submit_and_apply(a_draft(wide), emergency_why="now")
    with acting_as(WANG):
        await desk.changes.confirm_emergency(1)
    with acting_as(LI):
        with pytest.raises(InvalidInput, match="revert that change"):
            await desk.changes.revert(2, reason="the wrong one")
        done = await desk.changes.revert(1, reason="over")
    with acting_as(WANG):
        assert done.record is not None
        await desk.changes.approve(done.record.id)

    assert await desk.listed() == {}


async def test_an_editor_held_to_a_source_changes_no_entry_of_another(desk: ChangeDesk) -> None:
    held = replace(LI, sources=frozenset({Source.BUREAU}))
    theirs = replace(ONE, source=Source.MINISTRY)
    with acting_as(LI):
        await desk.changes.submit_and_apply(a_draft(theirs))
    with acting_as(held):
        for draft in (
            a_draft(removals=identities(ONE)),
            a_draft(replace(TWO, source=Source.PROVINCE)),
        ):
            with pytest.raises(NotAllowed, match="has the scope bureau"):
                await desk.changes.submit_and_apply(draft)
        with pytest.raises(NotAllowed, match="has the scope bureau"):
            await desk.changes.revert(1, reason="not mine")


async def test_a_popular_host_needs_a_second_person(redis_url: str, tmp_path: Path) -> None:
    file = tmp_path / "popular.txt"
    file.write_text("www.bank.example\nshop.example\n")
    popular = PopularHosts.load(file)
    options = ChangeOptions(popular_host_rank=1)
    async with change_desk(redis_url, tmp_path / "l", popular=popular, options=options) as desk:
        with acting_as(LI):
            above = await desk.changes.submit_and_apply(a_draft(an_entry("bank.example")))
            later = await desk.changes.submit_and_apply(a_draft(an_entry("shop.example")))

    assert above.record is not None
    assert later.record is not None
    assert above.record.second_person is not None
    assert above.record.second_person.reasons == ("it blocks popular hosts: bank.example (rank 1)",)
    assert later.record.state is ChangeState.APPLIED


def test_a_malformed_list_of_popular_hosts_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "popular.txt"
    file.write_text("bank.example\nno host\n")

    with pytest.raises(ValueError, match="line 2 is no host"):
        PopularHosts.load(file)


async def test_a_preview_shows_matching_entries_and_effects_of_shadow_entries(
    desk: ChangeDesk,
) -> None:
    with acting_as(WANG):
        await desk.changes.submit_and_apply(a_draft(ONE, TWO))
    with acting_as(LI):
        wide = await desk.changes.submit_and_apply(a_draft(an_entry("+861700000*")))
        shadow = await desk.changes.submit_and_apply(a_draft(replace(HOST, mode=EntryMode.SHADOW)))
    desk.impact.says = an_impact(calls=500)

    with acting_as(LI):
        again, second = await desk.changes.preview(2)

    assert wide.record is not None
    assert shadow.record is not None
    assert wide.record.preview is not None
    assert shadow.record.preview is not None
    [covers] = read(wide.record.preview).relations
    assert (covers.what, covers.rows, covers.entries) == ("covers", 1, 2)
    seen = read(shadow.record.preview)
    assert shadow.record.state is ChangeState.APPLIED
    assert seen.impact.events == 0
    assert seen.shadow_impact is not None
    assert seen.shadow_impact.events == 3
    assert again.impact.events == 500
    assert "500 events" in " ".join(second.reasons)


async def test_an_entry_is_shown_as_it_was_at_an_earlier_version(desk: ChangeDesk) -> None:
    first = replace(ONE, legal_basis="Art. 20")
    later = replace(ONE, legal_basis="Art. 32")
    with acting_as(LI):
        await desk.changes.submit_and_apply(a_draft(first, TWO))
        await desk.changes.submit_and_apply(a_draft(later))
        await desk.changes.submit_and_apply(a_draft(removals=identities(TWO)))
    look_up = EntriesAtVersions(desk.store, desk.changes.views.history)

    changed = await look_up(ONE.entry_id, ONE.pattern, 1, later)
    unchanged = await look_up(ONE.entry_id, ONE.pattern, 2, later)
    removed = await look_up(TWO.entry_id, TWO.pattern, 2, None)
    never = await look_up(TWO.entry_id, TWO.pattern, 3, None)

    assert changed.entry
    assert (changed.entry.legal_basis, changed.since.english) == ("Art. 20", "changed since.")
    assert (unchanged.entry, unchanged.since.english) == (later, "unchanged since.")
    assert removed.entry
    assert (removed.entry.pattern, removed.since.english) == (
        TWO.pattern,
        "no longer in the lists.",
    )
    assert never.entry is None


async def test_an_entry_of_a_lost_version_is_unknown(desk: ChangeDesk) -> None:
    await commit(desk, ONE)
    await commit(desk, TWO)
    await compact(desk)
    look_up = EntriesAtVersions(desk.store, desk.changes.views.history)

    found = await look_up(ONE.entry_id, ONE.pattern, 1, ONE)

    assert found.entry is None
    assert "cannot be rebuilt" in found.since.english
