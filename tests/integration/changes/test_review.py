"""Requests that reviewers return and comment on, and what waits for whom."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fanzha.errors import InvalidInput, NotAllowed, VersionConflict
from services.audit.events import AuditKind
from services.auth.identity import acting_as
from services.changes.model import ChangeState
from services.changes.review import MOST_COMMENTS
from tests.support.builders import an_entry
from tests.support.change_desk import LI, WANG, ChangeDesk, a_draft, change_desk

RANGE, OTHER = an_entry("+861700000*"), an_entry("+861700001*")


@pytest.fixture
async def desk(redis_url: str, tmp_path: Path) -> AsyncIterator[ChangeDesk]:
    async with change_desk(redis_url, tmp_path / "lists") as found:
        yield found


async def pending(desk: ChangeDesk) -> None:
    with acting_as(LI):
        await desk.changes.submit_and_apply(a_draft(RANGE))


async def test_a_returned_request_is_a_draft_that_its_author_changes_and_submits(
    desk: ChangeDesk,
) -> None:
    await pending(desk)

    with acting_as(WANG):
        returned = await desk.changes.review.give_back(1, reason="name the order")
    with acting_as(LI):
        await desk.changes.edit(1, a_draft(RANGE, reason="order 7 of the bureau"))
        submitted = await desk.changes.submit(1)
    with acting_as(WANG):
        applied = await desk.changes.approve(1, expected_revision=submitted.revision)

    assert (returned.state, returned.preview) == (ChangeState.DRAFT, None)
    assert applied.state is ChangeState.APPLIED
    assert [one.what for one in applied.events] == [
        "created", "submitted", "returned", "edited", "submitted", "approved", "applied",
    ]  # fmt: skip
    assert AuditKind.REQUEST_RETURNED in desk.audit.kinds


async def test_entries_of_a_returned_request_are_free_for_others(desk: ChangeDesk) -> None:
    await pending(desk)

    with acting_as(WANG):
        await desk.changes.review.give_back(1, reason="not yet")
        done = await desk.changes.submit_and_apply(a_draft(RANGE, author="wang"))

    assert done.record is not None
    assert done.record.state is ChangeState.PENDING


async def test_authors_cannot_return_their_own_request(desk: ChangeDesk) -> None:
    with acting_as(WANG):
        await desk.changes.submit_and_apply(a_draft(RANGE, author="wang"))

        with pytest.raises(NotAllowed, match="second person"):
            await desk.changes.review.give_back(1, reason="hm")


async def test_what_was_changed_since_a_reviewer_looked_is_neither_approved_nor_rejected(
    desk: ChangeDesk,
) -> None:
    await pending(desk)
    seen = (await desk.changes.views.get(1)).revision
    with acting_as(LI):
        await desk.changes.review.comment(1, text="see order 7")

    with acting_as(WANG):
        with pytest.raises(VersionConflict, match="look at it again"):
            await desk.changes.approve(1, expected_revision=seen)
        with pytest.raises(VersionConflict):
            await desk.changes.reject(1, reason="no", expected_revision=seen)

    assert (await desk.changes.views.get(1)).state is ChangeState.PENDING


async def test_comments_are_part_of_the_history_and_of_the_audit_log(desk: ChangeDesk) -> None:
    await pending(desk)

    with acting_as(WANG):
        record = await desk.changes.review.comment(1, text="is this assigned?")

    assert (record.state, record.events[-1].what) == (ChangeState.PENDING, "commented")
    assert record.events[-1].note == "is this assigned?"
    assert desk.audit.records[-1][:3] == (
        AuditKind.REQUEST_COMMENTED, "change:1", {"text": "is this assigned?"},
    )  # fmt: skip


async def test_comments_are_bounded(desk: ChangeDesk) -> None:
    await pending(desk)

    with acting_as(LI):
        for _ in range(MOST_COMMENTS):
            await desk.changes.review.comment(1, text="again")
        with pytest.raises(InvalidInput, match="at most"):
            await desk.changes.review.comment(1, text="again")


async def test_pages_of_chosen_requests_hold_each_once(desk: ChangeDesk) -> None:
    for number in range(12):
        who = LI if number % 3 else WANG
        with acting_as(who):
            await desk.changes.propose(a_draft(an_entry(f"+8617000{number:06}"), author=who.name))

    seen: list[int] = []
    before_id, pages = 0, 0
    while before_id or not pages:
        page = await desk.changes.views.page(
            None, before_id=before_id, size=3, only=lambda one: one.author == "wang"
        )
        seen += [one.id for one in page.records]
        before_id, pages = page.next_before_id, pages + 1

    assert seen == [10, 7, 4, 1]
