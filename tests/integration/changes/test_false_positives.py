"""A removal says whether the entry was wrong; only then are its warnings retracted."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from blocklists.entries import EntryKind, EntryMode, entry_id
from blocklists.entry_table import Identities
from blocklists.wrong_entries import WrongEntry
from fanzha.decisions import Action
from fanzha.errors import InvalidInput, Unavailable
from services.auth.identity import acting_as
from services.changes import diff
from services.changes.model import ChangeRequest, ChangeState, Draft
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

ONE, TWO = an_entry("+8617000000001"), an_entry("prize.example")
ALLOWED = an_entry("+8617000000001", Action.ALLOW)
SHADOW = replace(an_entry("+8617000000002"), mode=EntryMode.SHADOW)


@pytest.fixture
async def desk(redis_url: str, tmp_path: Path) -> AsyncIterator[ChangeDesk]:
    async with change_desk(redis_url, tmp_path / "lists") as found:
        yield found


async def applied(desk: ChangeDesk, draft: Draft) -> ChangeRequest:
    with acting_as(LI):
        done = await desk.changes.submit_and_apply(draft)
    assert done.record is not None
    assert done.record.state is ChangeState.APPLIED
    return done.record


def removal(gone: Identities, *, false_positive: bool = False) -> Draft:
    return a_draft(removals=gone, reason="the number of a clinic", false_positive=false_positive)


async def test_a_removed_false_positive_is_published(desk: ChangeDesk) -> None:
    await applied(desk, a_draft(ONE, TWO))

    record = await applied(desk, removal(identities(ONE), false_positive=True))

    assert desk.retractions.entries == [
        WrongEntry(
            entry_id=entry_id(EntryKind.NUMBER, ONE.pattern, Action.BLOCK),
            kind="number",
            pattern=ONE.pattern,
            source=ONE.source.name.lower(),
            why="change 2 removed the entry as a false positive: the number of a clinic",
            by="li",
            at_ms=NINE_O_CLOCK_MS + 1000,
        )
    ]
    assert record.false_positive
    assert desk.audit.records[-2][2]["false_positive"] == "true"


async def test_an_old_entry_is_removed_without_a_word(desk: ChangeDesk) -> None:
    await applied(desk, a_draft(ONE))

    await applied(desk, removal(identities(ONE)))

    assert desk.retractions.entries == []


async def test_only_blocks_that_go_are_published(desk: ChangeDesk) -> None:
    """Not allow entries, not shadows, and not what the same change writes again."""
    with acting_as(LI):
        done = await desk.changes.submit_and_apply(a_draft(ONE, TWO, ALLOWED, SHADOW))
    assert done.record is not None
    with acting_as(WANG):
        await desk.changes.approve(done.record.id)
    gone = identities(ONE, TWO, ALLOWED, SHADOW)

    await applied(desk, a_draft(TWO, removals=gone, false_positive=True))

    assert [one.pattern for one in desk.retractions.entries] == [ONE.pattern]


async def test_a_revert_of_false_positives_publishes_what_it_removes(desk: ChangeDesk) -> None:
    first = await applied(desk, a_draft(ONE, TWO))

    with acting_as(LI):
        await desk.changes.revert(first.id, reason="a wrong file", false_positive=True)

    assert {one.pattern for one in desk.retractions.entries} == {ONE.pattern, TWO.pattern}


async def test_a_restored_version_publishes_what_it_removes(desk: ChangeDesk) -> None:
    first = await applied(desk, a_draft(ONE))
    await applied(desk, a_draft(TWO))

    with acting_as(LI):
        await desk.changes.restore(
            first.applied_version, reason="a wrong file", false_positive=True
        )

    assert [one.pattern for one in desk.retractions.entries] == [TWO.pattern]


async def test_a_pending_removal_is_published_once_it_is_approved(desk: ChangeDesk) -> None:
    await applied(desk, a_draft(ONE))
    desk.impact.says = an_impact(known=False)
    with acting_as(LI):
        await desk.changes.submit_and_apply(removal(identities(ONE), false_positive=True))
    before = list(desk.retractions.entries)

    with acting_as(WANG):
        await desk.changes.approve(2)

    assert before == []
    assert [one.pattern for one in desk.retractions.entries] == [ONE.pattern]


async def test_an_edited_draft_may_become_a_false_positive(desk: ChangeDesk) -> None:
    await applied(desk, a_draft(ONE))
    with acting_as(LI):
        draft = await desk.changes.propose(removal(identities(ONE)))
        await desk.changes.edit(draft.id, removal(identities(ONE), false_positive=True))
        await desk.changes.submit(draft.id)
        await desk.changes.apply(draft.id)

    assert [one.pattern for one in desk.retractions.entries] == [ONE.pattern]


@pytest.mark.parametrize("gone", [identities(ALLOWED), identities(SHADOW)])
async def test_what_never_blocked_is_no_false_positive(desk: ChangeDesk, gone: Identities) -> None:
    with acting_as(LI):
        done = await desk.changes.submit_and_apply(a_draft(ALLOWED, SHADOW))
    assert done.record is not None
    with acting_as(WANG):
        await desk.changes.approve(done.record.id)

    with acting_as(LI), pytest.raises(InvalidInput, match="removes no entry that blocks"):
        await desk.changes.submit_and_apply(removal(gone, false_positive=True))
    with acting_as(LI):
        draft = await desk.changes.propose(removal(gone, false_positive=True))
    with acting_as(LI), pytest.raises(InvalidInput, match="removes no entry that blocks"):
        await desk.changes.submit(draft.id)


async def test_more_than_the_stream_holds_are_refused(
    desk: ChangeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diff, "MAX_FALSE_POSITIVES", 1)
    await applied(desk, a_draft(ONE, TWO))

    with acting_as(LI), pytest.raises(InvalidInput, match="at most 1 entries in one change, not 2"):
        await desk.changes.submit_and_apply(removal(identities(ONE, TWO), false_positive=True))


async def test_an_outage_after_the_commit_delays_the_notice_and_loses_none(
    desk: ChangeDesk,
) -> None:
    await applied(desk, a_draft(ONE))
    desk.retractions.away = True
    with acting_as(LI), pytest.raises(Unavailable):
        await desk.changes.submit_and_apply(removal(identities(ONE), false_positive=True))
    desk.clock[0] += 60_000
    desk.retractions.away = False

    await desk.upkeep.recover()

    (one,) = desk.retractions.entries
    assert (one.pattern, one.at_ms) == (ONE.pattern, NINE_O_CLOCK_MS + 1000)
    assert (await desk.changes.views.get(2)).state is ChangeState.APPLIED
