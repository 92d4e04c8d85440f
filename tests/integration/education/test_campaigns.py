"""Campaigns on a real store: recipients and consent, previews, the second person, regions."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from fanzha.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from infra.redis.client import connect
from services.audit.events import AuditKind
from services.auth import identity
from services.auth.identity import Role
from services.education.draft import DAY_MS
from services.education.model import (
    AudienceSegment,
    EducationState,
    Occasion,
    OfflineEvent,
    PersonState,
)
from services.education.service import keep_until_ms
from services.warning.dispatch.limits import LimitRules, NoticeKind
from tests.support.education import DRAFT, EducationDesk, named, number, person, row

EVENT = OfflineEvent(
    event_id=0,
    occasion=Occasion.COMMUNITIES,
    place="示例社区",
    region="",
    day="2026-01-02",
    people=80,
    material=120,
    note="",
    recorded_by="",
)


@pytest_asyncio.fixture
async def desk(redis_url: str) -> AsyncIterator[EducationDesk]:
    client = connect(redis_url)
    yield EducationDesk(client)
    await client.aclose()


async def test_a_person_without_consent_is_counted_and_never_stored(desk: EducationDesk) -> None:
    rows = [row(0), row(1, consent_source=""), row(2, consent_day=" "), row(3), row(0)]

    campaign = await desk.drafted([*rows, row(3, consent_day="")])

    assert (campaign.recipients, campaign.without_consent) == (1, 3)
    stored = await desk.client.hvals("{fanzha:education:1}:people")
    assert len(stored) == 1
    assert number(0) in stored[0]


async def test_rows_that_cannot_be_read_are_named_and_the_others_taken(desk: EducationDesk) -> None:
    campaign = await desk.drafted([row(0)])
    hostile = [
        row(1, number="=cmd|calc"),
        row(2, number="110"),
        row(3, consent_day="2999-01-01"),
        row(4, consent_day="yesterday"),
        row(5, age_band="x" * 61),
        row(6, occupation="\u202egnp"),
        row(7, region="33010"),
        row(8),
    ]

    with identity.acting_as(person("li")):
        added = await desk.campaigns.add_recipients(
            campaign.campaign_id, campaign.revision, hostile, replaces=False, by_field=""
        )

    assert [one.row for one in added.faults] == [0, 1, 2, 3, 4, 5, 6]
    assert (added.added, added.campaign.recipients) == (1, 2)
    assert not any("8617000" in one.why for one in added.faults)


async def test_what_comes_later_replaces_and_a_new_list_replaces_all(desk: EducationDesk) -> None:
    campaign = await desk.drafted([row(0), row(1)])

    with identity.acting_as(person("li")):
        more = await desk.campaigns.add_recipients(
            campaign.campaign_id, campaign.revision, [row(1), row(2)], replaces=False, by_field=""
        )
        anew = await desk.campaigns.add_recipients(
            campaign.campaign_id, more.campaign.revision, [row(9)], replaces=True, by_field=""
        )

    assert (more.replaced, more.campaign.recipients) == (1, 3)
    assert (anew.replaced, anew.campaign.recipients) == (0, 1)


async def test_a_preview_says_who_is_left_out_and_why(desk: EducationDesk) -> None:
    rows = [row(at) for at in range(200)]
    rows += [row(300 + at, age_band="18-30") for at in range(7)]
    campaign = await desk.drafted(
        rows, named("长者", segment=AudienceSegment(age_bands=("60+",)), daily_cap=50)
    )
    await desk.limits.opt_out(number(0), NoticeKind.ADVICE)
    await desk.limits.opt_out(number(1), NoticeKind.ADVICE)
    await desk.limits.hold_out([number(2)], "77", 3600)

    with identity.acting_as(person("sun", role=Role.AUDITOR)):
        found = await desk.campaigns.preview(campaign.campaign_id)

    people = found.people.by_state
    assert people[PersonState.OPTED_OUT] == 2
    assert people[PersonState.OUTSIDE] == 7
    assert people[PersonState.HELD_OUT_ELSEWHERE] == 1
    assert people[PersonState.TO_SEND] + people[PersonState.HELD_OUT] == 197
    assert 5 <= people[PersonState.HELD_OUT] <= 90
    to_send = people[PersonState.TO_SEND]
    assert (found.to_send, found.days, found.in_time) == (to_send, -(-to_send // 50), True)


async def test_another_person_approves_what_was_read(desk: EducationDesk) -> None:
    campaign = await desk.drafted([row(0)])
    with identity.acting_as(person("zhou")):
        changed = await desk.campaigns.edit(
            campaign.campaign_id, campaign.revision, replace(DRAFT, daily_cap=10), ""
        )

    for hand in ("li", "LI", "zhou"):
        with identity.acting_as(person(hand)), pytest.raises(NotAllowed, match="had a hand"):
            await desk.campaigns.approve(campaign.campaign_id, changed.revision, "", "")
    with identity.acting_as(person("wang")):
        with pytest.raises(VersionConflict):
            await desk.campaigns.approve(campaign.campaign_id, campaign.revision, "", "")
        approved = await desk.campaigns.approve(campaign.campaign_id, changed.revision, "", "")
        with pytest.raises(InvalidInput, match="only a draft"):
            await desk.campaigns.edit(campaign.campaign_id, approved.revision, DRAFT, "")
        with pytest.raises(InvalidInput, match="only a draft"):
            await desk.campaigns.add_recipients(
                campaign.campaign_id, approved.revision, [row(1)], replaces=False, by_field=""
            )

    assert (approved.state, approved.approved_by) == (EducationState.APPROVED, "wang")
    kind, subject, details, by = desk.audit.events[-1]
    assert (kind, subject, by) == (AuditKind.EDUCATION_CHANGED, "education:1", "wang")
    assert details == {"what": "approved", "recipients": "1", "text": "general.zh-1"}


async def test_what_is_known_of_recipients_is_deleted_some_time_after(desk: EducationDesk) -> None:
    campaign = await desk.approved([row(0)])

    kept_ms = await desk.client.pexpiretime("{fanzha:education:1}:people")

    assert kept_ms == keep_until_ms(campaign)


async def test_nothing_is_approved_where_people_cannot_decline(redis_url: str) -> None:
    client = connect(redis_url)
    desk = EducationDesk(client, rules=LimitRules(may_opt_out=frozenset()))

    with pytest.raises(InvalidInput, match="decline"):
        await desk.approved([row(0)])
    await client.aclose()


async def test_a_draft_without_recipients_or_after_its_end_is_not_approved(
    desk: EducationDesk,
) -> None:
    empty = await desk.drafted([])
    late = await desk.drafted([row(0)], named("过期"))

    with identity.acting_as(person("wang")):
        with pytest.raises(InvalidInput, match="no recipients"):
            await desk.campaigns.approve(empty.campaign_id, empty.revision, "", "")
        desk.now[0] += 31 * DAY_MS
        with pytest.raises(InvalidInput, match="has passed"):
            await desk.campaigns.approve(late.campaign_id, late.revision, "", "")


async def test_a_region_sees_and_changes_its_own(desk: EducationDesk) -> None:
    campaign = await desk.drafted([row(0)], named("杭州", region="3301"))

    with identity.acting_as(person("a", "3302")):
        with pytest.raises(NotFound):
            await desk.campaigns.get(campaign.campaign_id)
        with pytest.raises(NotFound):
            await desk.campaigns.stop(campaign.campaign_id, "no", "")
        with pytest.raises(NotAllowed):
            await desk.campaigns.create(named("全省"), "")
        assert await desk.campaigns.all() == []
    with identity.acting_as(person("b", "33")):
        assert (await desk.campaigns.get(campaign.campaign_id)).region == "3301"
        elsewhere = replace(EVENT, region="3302")
        with pytest.raises(InvalidInput, match="in that of"):
            await desk.campaigns.record_event(campaign.campaign_id, elsewhere, "")


async def test_events_in_person_are_recorded_with_who_and_where(desk: EducationDesk) -> None:
    campaign = await desk.drafted([row(0)])
    day = "2026-01-01"

    with identity.acting_as(person("li")):
        first = await desk.campaigns.record_event(
            campaign.campaign_id, replace(EVENT, day=day, region="330106"), ""
        )
        second = await desk.campaigns.record_event(
            campaign.campaign_id, replace(EVENT, day=day, occasion=Occasion.SCHOOLS), ""
        )
        for wrong in ({"day": "2999-01-01"}, {"occasion": Occasion.NONE}, {"place": " "}):
            with pytest.raises(InvalidInput):
                await desk.campaigns.record_event(
                    campaign.campaign_id,
                    replace(EVENT, **{"day": day} | wrong),
                    "",
                )

    assert [one.event_id for one in second.events] == [1, 2]
    assert first.events[0].recorded_by == "li"


async def test_a_name_is_there_once_in_a_region(desk: EducationDesk) -> None:
    with identity.acting_as(person("li")):
        first, new = await desk.campaigns.create(DRAFT, "")
        again, newer = await desk.campaigns.create(DRAFT, "")
        other, _ = await desk.campaigns.create(named(DRAFT.name, region="3301"), "")

    assert (new, newer) == (True, False)
    assert again.campaign_id == first.campaign_id != other.campaign_id
    assert first.salt != other.salt
