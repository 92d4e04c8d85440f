"""Drafts whose entries others changed meanwhile: mine, theirs, or dropped, row by row."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from blocklists.entries import Entry, EntryKind
from fanzha.decisions import Action
from fanzha.errors import InvalidInput, VersionConflict
from fanzha.fraud import FraudType
from services.auth.identity import acting_as
from services.changes.model import ChangeState
from services.changes.past.stale_rows import StaleChoice, StaleRow, merged
from tests.support.builders import an_entry
from tests.support.change_desk import LI, WANG, ChangeDesk, a_draft, change_desk

ONE, TWO, THREE = (an_entry(f"+861700000000{number}") for number in (1, 2, 3))


@pytest.fixture
async def desk(redis_url: str, tmp_path: Path) -> AsyncIterator[ChangeDesk]:
    async with change_desk(redis_url, tmp_path / "lists") as found:
        yield found


def named(entry: Entry) -> tuple[EntryKind, str, Action]:
    return entry.kind, entry.pattern, entry.action


async def a_stale_draft(desk: ChangeDesk) -> None:
    """Li drafts new reasons; meanwhile wang gives the entries another kind of fraud."""
    with acting_as(WANG):
        await desk.changes.submit_and_apply(a_draft(ONE, TWO, THREE, author="wang"))
    with acting_as(LI):
        await desk.changes.propose(a_draft(*(replace(one, reason="mine") for one in (ONE, TWO))))
    with acting_as(WANG):
        theirs = [replace(one, fraud_type=FraudType.FAKE_LOAN) for one in (ONE, TWO, THREE)]
        await desk.changes.submit_and_apply(a_draft(*theirs, author="wang"))


async def test_rows_of_a_draft_that_others_changed_are_told_in_three_versions(
    desk: ChangeDesk,
) -> None:
    await a_stale_draft(desk)

    found = await desk.changes.views.stale.of(await desk.changes.views.get(2))

    assert sorted(one.identity[1] for one in found.rows) == [ONE.pattern, TWO.pattern]
    row = found.rows[0]
    assert row.mine is not None
    assert row.base is not None
    assert row.theirs is not None
    assert (row.mine.reason, row.base.fraud_type) == ("mine", FraudType.UNSPECIFIED)
    assert row.theirs.fraud_type is FraudType.FAKE_LOAN


async def test_theirs_keeps_both_changes_mine_the_own_and_dropped_rows_leave(
    desk: ChangeDesk,
) -> None:
    await a_stale_draft(desk)
    stale = desk.changes.views.stale
    record = await desk.changes.views.get(2)
    choices = {named(ONE): StaleChoice.THEIRS, named(TWO): StaleChoice.DROP}

    with acting_as(LI):
        draft = await stale.resolved(record, choices, expected_version=None, by="li")
        await desk.changes.edit(2, draft)
        submitted = await desk.changes.submit(2)
        if submitted.state is ChangeState.APPROVED:
            await desk.changes.apply(2)

    listed = await desk.listed()
    one, two = listed[f"block {ONE.pattern}"], listed[f"block {TWO.pattern}"]
    assert (one.reason, one.fraud_type) == ("mine", FraudType.FAKE_LOAN)
    assert two.reason != "mine"
    assert not (await stale.of(await desk.changes.views.get(2))).rows


async def test_each_stale_row_needs_a_choice(desk: ChangeDesk) -> None:
    await a_stale_draft(desk)
    record = await desk.changes.views.get(2)

    with pytest.raises(InvalidInput, match="need one each"):
        await desk.changes.views.stale.resolved(
            record,
            {named(ONE): StaleChoice.MINE},
            expected_version=None,
            by="li",
        )


async def test_a_choice_made_over_another_version_of_the_lists_is_refused(
    desk: ChangeDesk,
) -> None:
    await a_stale_draft(desk)
    record = await desk.changes.views.get(2)

    with pytest.raises(VersionConflict):
        await desk.changes.views.stale.resolved(record, {}, expected_version=1, by="li")


def test_where_both_changed_a_field_theirs_wins() -> None:
    mine = replace(ONE, reason="mine", fraud_type=FraudType.FAKE_LOAN)
    theirs = replace(ONE, reason="theirs")
    row = StaleRow(identity=(ONE.kind, ONE.pattern, ONE.action), mine=mine, base=ONE, theirs=theirs)

    found = merged(row)

    assert found is not None
    assert (found.reason, found.fraud_type) == ("theirs", FraudType.FAKE_LOAN)
    assert merged(replace(row, mine=replace(ONE, reason="mine"))) is None
