"""Change requests from nothing to applied, on a real store."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fanzha.decisions import Action
from fanzha.errors import InvalidInput, NotAllowed, Unavailable, VersionConflict
from services.audit.events import AuditKind
from services.auth.identity import acting_as
from services.changes.model import ChangeKind, ChangeState
from tests.support.builders import an_entry
from tests.support.change_desk import (
    CHEN,
    LI,
    WANG,
    ZHAO,
    ChangeDesk,
    a_draft,
    an_impact,
    change_desk,
    identities,
)

ONE, TWO = an_entry("+8617000000001"), an_entry("prize.example")
RANGE = an_entry("+861700000*")
ALLOWED = an_entry("+8617000000001", Action.ALLOW)


@pytest.fixture
async def desk(redis_url: str, tmp_path: Path) -> AsyncIterator[ChangeDesk]:
    async with change_desk(redis_url, tmp_path / "lists") as found:
        yield found


async def test_a_small_change_is_applied_by_its_author_alone(desk: ChangeDesk) -> None:
    with acting_as(LI):
        done = await desk.changes.submit_and_apply(a_draft(ONE))

    record = done.record
    assert record is not None
    assert (record.id, record.state, record.revision) == (1, ChangeState.APPLIED, 2)
    assert (record.one_person, record.approved_by, record.applied_version) == (True, "", 1)
    assert record.second_person is not None
    assert "not over 100" in record.second_person.reasons[0]
    assert list(await desk.listed()) == ["block +8617000000001"]
    assert desk.audit.kinds == [AuditKind.REQUEST_SUBMITTED, AuditKind.CHANGE_APPLIED]


async def test_a_range_waits_for_a_second_person_and_is_applied_with_approval(
    desk: ChangeDesk,
) -> None:
    with acting_as(LI):
        done = await desk.changes.submit_and_apply(a_draft(RANGE))

    assert done.record is not None
    assert done.record.state is ChangeState.PENDING
    assert done.record.second_person is not None
    assert done.record.second_person.reasons == ("it has ranges: 1",)
    assert await desk.listed() == {}

    with acting_as(WANG):
        applied = await desk.changes.approve(1, note="seen")

    assert (applied.state, applied.approved_by) == (ChangeState.APPLIED, "wang")
    assert [event.what for event in applied.events] == [
        "created", "submitted", "approved", "applied",
    ]  # fmt: skip
    assert (await desk.listed())["block +861700000*"].approved_by == "wang"


async def test_authors_may_not_approve_their_own_request(desk: ChangeDesk) -> None:
    with acting_as(WANG):
        await desk.changes.submit_and_apply(a_draft(RANGE))

        with pytest.raises(NotAllowed, match="second person"):
            await desk.changes.approve(1)

    assert desk.audit.kinds[-1] is AuditKind.REFUSED
    assert (await desk.changes.views.get(1)).state is ChangeState.PENDING


async def test_an_emergency_is_reported_until_it_expires(desk: ChangeDesk) -> None:
    with acting_as(LI):
        done = await desk.changes.submit_and_apply(a_draft(RANGE), emergency_why="attack under way")

    assert done.record is not None
    assert (done.record.kind, done.record.state) == (ChangeKind.EMERGENCY, ChangeState.APPLIED)
    ends = (await desk.listed())["block +861700000*"].expires_at
    assert ends.timestamp() == desk.now_s + 24 * 3600
    assert [one.id for one in await desk.changes.views.emergencies()] == [1]

    desk.clock[0] += int(timedelta(hours=24).total_seconds() * 1000)
    await desk.upkeep.run_once()

    after = await desk.changes.views.get(1)
    assert after.emergency is not None
    assert after.emergency.expired
    assert await desk.changes.views.emergencies() == []
    assert desk.audit.kinds[-1] is AuditKind.EMERGENCY_EXPIRED


async def test_a_confirmed_emergency_gets_its_intended_expiry(desk: ChangeDesk) -> None:
    with acting_as(LI):
        await desk.changes.submit_and_apply(a_draft(RANGE), emergency_why="attack under way")
    with acting_as(WANG):
        urgent, confirming = await desk.changes.confirm_emergency(1)

    assert urgent.emergency is not None
    assert (urgent.emergency.confirmed_by, urgent.emergency.confirmation) == ("wang", 2)
    assert (confirming.confirms, confirming.state) == (1, ChangeState.APPLIED)
    assert (await desk.listed())["block +861700000*"].expires_at == RANGE.expires_at


async def test_a_revert_restores_what_was_replaced_and_removes_what_was_added(
    desk: ChangeDesk,
) -> None:
    with acting_as(LI):
        await desk.changes.submit_and_apply(a_draft(ONE))
        other = replace(ONE, reason="another")
        await desk.changes.submit_and_apply(a_draft(other, TWO))
        done = await desk.changes.revert(2, reason="a mistake")

    assert done.record is not None
    assert (done.record.kind, done.record.reverts) == (ChangeKind.REVERT, 2)
    listed = await desk.listed()
    assert list(listed) == ["block +8617000000001"]
    assert listed["block +8617000000001"].reason == ONE.reason
    undone = await desk.changes.views.get(2)
    assert (undone.state, undone.reverted_by) == (ChangeState.REVERTED, 3)
    assert (AuditKind.CHANGE_REVERTED, "change:2") in [one[:2] for one in desk.audit.records]


async def test_without_an_audit_record_nothing_is_applied(desk: ChangeDesk) -> None:
    desk.audit.full = True

    with acting_as(LI), pytest.raises(Unavailable):
        await desk.changes.submit_and_apply(a_draft(ONE))

    assert await desk.listed() == {}


async def test_a_pending_request_locks_its_entries(desk: ChangeDesk) -> None:
    with acting_as(LI):
        await desk.changes.submit_and_apply(a_draft(RANGE, ONE))

        with pytest.raises(VersionConflict, match=r"change 1 is open and locks \+8617000000001"):
            await desk.changes.submit_and_apply(a_draft(replace(ONE, reason="x")))
        assert desk.audit.kinds[-1] is AuditKind.REFUSED

        await desk.changes.reject(1, reason="withdrawn")
        done = await desk.changes.submit_and_apply(a_draft(ONE))

    assert done.record is not None
    assert done.record.state is ChangeState.APPLIED


async def test_a_change_of_unknown_impact_needs_a_second_person(desk: ChangeDesk) -> None:
    for says, why in (
        (None, "unknown: there is no decision log"),
        (an_impact(known=False), "unknown"),
        (an_impact(calls=101), "101 events"),
        (an_impact(parties=101), "101 parties"),
    ):
        desk.impact.says = says
        with acting_as(LI):
            done = await desk.changes.submit_and_apply(a_draft(ONE))
            assert done.record is not None
            assert done.record.second_person is not None
            assert why in done.record.second_person.reasons[0]
            await desk.changes.reject(done.record.id, reason="next")


async def test_each_method_requires_its_role(desk: ChangeDesk) -> None:
    for who in (ZHAO, CHEN):
        with acting_as(who), pytest.raises(NotAllowed, match="role"):
            await desk.changes.submit_and_apply(a_draft(ONE))

    assert desk.audit.kinds == [AuditKind.REFUSED] * 2


async def test_an_emergency_cannot_remove_entries(desk: ChangeDesk) -> None:
    with acting_as(LI):
        await desk.changes.submit_and_apply(a_draft(ONE))
        with pytest.raises(InvalidInput, match="allow entry"):
            await desk.changes.submit_and_apply(
                a_draft(removals=identities(ONE)), emergency_why="now"
            )


async def test_versions_are_compared_and_restored(desk: ChangeDesk) -> None:
    with acting_as(LI):
        await desk.changes.submit_and_apply(a_draft(ONE))
        await desk.changes.submit_and_apply(a_draft(TWO, replace(ONE, reason="another")))
        await desk.changes.submit_and_apply(a_draft(removals=identities(ONE)))

        found = await desk.changes.views.diff(1, None)
        restored = await desk.changes.restore(1, reason="back")

    assert (found.from_version, found.to_version, found.change_ids) == (1, 3, [2, 3])
    assert [found.added.pattern(0), found.removed.entry(0)] == ["prize.example", ONE]
    assert restored.record is not None
    assert restored.record.restores_version == 1
    assert await desk.listed() == {"block +8617000000001": ONE}


async def test_an_appeals_officer_counts_as_second_person_of_a_lift(desk: ChangeDesk) -> None:
    desk.impact.says = None
    with acting_as(WANG):
        await desk.changes.submit_and_apply(a_draft(ONE), emergency_why="now")
    lift = a_draft(ALLOWED, kind=ChangeKind.APPEAL, author="hotline")

    with acting_as(CHEN):
        done = await desk.changes.submit_and_apply(lift)

    assert done.record is not None
    assert done.record.state is ChangeState.APPLIED
    assert (done.record.author, done.record.approved_by) == ("hotline", "chen")
    assert not done.record.one_person


async def test_a_lift_authored_by_its_officer_is_not_a_single_person_change(
    desk: ChangeDesk,
) -> None:
    with acting_as(LI):
        await desk.changes.submit_and_apply(a_draft(ONE))
    lift = a_draft(removals=identities(ONE), kind=ChangeKind.APPEAL, author="chen")

    with acting_as(CHEN):
        done = await desk.changes.submit_and_apply(lift)

    assert done.record is not None
    assert (done.record.author, done.record.approved_by) == ("chen", "")
    assert not done.record.one_person
    assert done.record.second_person is not None
    assert "the appeals officer is the second person" in done.record.second_person.reasons[0]


async def test_an_appeals_officer_may_not_add_blocks(desk: ChangeDesk) -> None:
    with acting_as(CHEN):
        done = await desk.changes.submit_and_apply(a_draft(RANGE, kind=ChangeKind.APPEAL))

    assert done.record is not None
    assert done.record.state is ChangeState.PENDING


async def test_an_unreadable_decision_log_requires_a_second_person(desk: ChangeDesk) -> None:
    desk.impact.breaks = True

    with acting_as(LI):
        done = await desk.changes.submit_and_apply(a_draft(ONE))

    assert done.record is not None
    assert done.record.state is ChangeState.PENDING
    assert done.record.second_person is not None
    assert "could not be read" in done.record.second_person.reasons[0]
