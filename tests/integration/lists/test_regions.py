"""Entries and change requests of regions: a county sees its county, and what all have in common."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from grpc import StatusCode

from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import change_pb2, decision_pb2
from tests.support.regional_office import Person, Refused, RegionalOffice, regional_office, written

BLOCK = decision_pb2.ACTION_BLOCK
PROVINCE = Person(name="li", roles=("editor", "approver", "auditor"))
HANGZHOU = Person(name="wang", roles=("editor", "approver", "auditor"), regions=("330100",))
OFFICER = Person(name="hu", roles=("approver",), regions=("3301",))
XIHU = Person(name="zhao", roles=("editor", "approver"), regions=("330106",))
NINGBO = Person(name="chen", roles=("editor", "approver", "auditor"), regions=("3302",))
BOTH = Person(name="sun", roles=("editor",), regions=("3301", "3302"))
RANGE, WIDER = "+8617000001*", "+861700001*"
"""Ranges wait for a second person."""
PEOPLE = (PROVINCE, HANGZHOU, XIHU, NINGBO)


@pytest.fixture
async def office(redis_url: str, tmp_path: Path) -> AsyncIterator[RegionalOffice]:
    async with regional_office(redis_url, tmp_path) as found:
        yield found


async def filled(office: RegionalOffice) -> RegionalOffice:
    """List a host of the province, of two cities and of a county."""
    for who, pattern in (
        (PROVINCE, "all.example"),
        (HANGZHOU, "hangzhou.example"),
        (XIHU, "xihu.example"),
        (NINGBO, "ningbo.example"),
    ):
        answer = await office.add(who, pattern)
        assert answer.additions[0].outcome == pb.ROW_OUTCOME_ADDED, answer
    return office


async def test_an_entry_is_of_the_region_of_its_author_unless_it_says_otherwise(
    office: RegionalOffice,
) -> None:
    await filled(office)
    await office.add(PROVINCE, "yuhang.example", region="330110")

    request = pb.ListEntriesRequest(page_size=100)
    listed = await office.ask("BlocklistService/ListEntries", request, PROVINCE)

    assert {one.pattern: one.region for one in listed.entries} == {
        "all.example": "",
        "hangzhou.example": "3301",
        "xihu.example": "330106",
        "ningbo.example": "3302",
        "yuhang.example": "330110",
    }


async def test_people_see_their_region_what_is_in_it_and_the_whole_province(
    office: RegionalOffice,
) -> None:
    await filled(office)

    seen = {who.name: await office.listed(who) for who in PEOPLE}

    assert seen == {
        "li": ["all.example", "hangzhou.example", "ningbo.example", "xihu.example"],
        "wang": ["all.example", "hangzhou.example", "xihu.example"],
        "zhao": ["all.example", "xihu.example"],
        "chen": ["all.example", "ningbo.example"],
    }


async def test_what_is_of_another_region_is_in_no_search_count_export_history_or_status(
    office: RegionalOffice,
) -> None:
    await filled(office)
    foreign = pb.EntryRef(pattern="hangzhou.example", action=BLOCK)

    answers = {
        method: await office.ask(f"BlocklistService/{method}", request, NINGBO)
        for method, request in (
            ("FindEntries", pb.FindEntriesRequest(query="www.hangzhou.example")),
            ("ListEntries", pb.ListEntriesRequest()),
            ("CountEntries", pb.CountEntriesRequest()),
            ("ExportEntries", pb.ExportEntriesRequest()),
            ("ListDue", pb.ListDueRequest(within_s=3650 * 86_400)),
            ("GetEntryHistory", pb.GetEntryHistoryRequest(entry=foreign)),
            ("GetStatus", pb.GetStatusRequest()),
        )
    }

    assert not [name for name, answer in answers.items() if isinstance(answer, Refused)]
    assert not [name for name, answer in answers.items() if "hangzhou" in written(answer)]
    assert list(answers["FindEntries"].entries) == []
    assert (answers["ListEntries"].total, answers["ListEntries"].matching) == (2, 2)
    assert (answers["CountEntries"].total, answers["CountEntries"].matching) == (2, 2)
    assert {one.region: one.entries for one in answers["CountEntries"].regions} == {
        "": 1, "3302": 1,
    }  # fmt: skip
    assert sum(len(part.entries) for part in answers["ExportEntries"]) == 2
    assert len(answers["ListDue"].entries) == 2
    assert list(answers["GetEntryHistory"].events) == []
    assert sum(one.entries for one in answers["GetStatus"].counts) == 2


async def test_lists_of_which_somebody_sees_nothing_are_empty_for_them(
    office: RegionalOffice,
) -> None:
    await office.add(HANGZHOU, "hangzhou.example")

    assert await office.listed(NINGBO) == []
    assert await office.listed(NINGBO) == []  # also from what is kept of the first answer
    assert await office.listed(HANGZHOU) == ["hangzhou.example"]


async def test_a_filter_selects_a_region_with_those_in_it_or_the_whole_province(
    office: RegionalOffice,
) -> None:
    await filled(office)

    assert await office.listed(PROVINCE, region="330100") == ["hangzhou.example", "xihu.example"]
    assert await office.listed(PROVINCE, region="none") == ["all.example"]
    assert await office.listed(NINGBO, region="3301") == []


async def test_an_entry_of_the_whole_province_is_changed_by_people_without_regions_only(
    office: RegionalOffice,
) -> None:
    await filled(office)
    removal = pb.UpdateEntriesRequest(
        removals=[pb.EntryRef(pattern="all.example", action=BLOCK)], reason="not ours"
    )

    removed = await office.ask("BlocklistService/UpdateEntries", removal, HANGZHOU)
    replaced = await office.add(HANGZHOU, "all.example", reason="mine now")
    added = await office.add(HANGZHOU, "new.example", region="3302")

    assert removed.code is replaced.code is added.code is StatusCode.PERMISSION_DENIED
    assert "all.example is listed for more than the scope of wang" in removed.details
    assert "all.example" in await office.listed(PROVINCE)
    assert "3302" in added.details


async def test_removing_or_editing_an_entry_of_another_region_finds_none(
    office: RegionalOffice,
) -> None:
    await filled(office)
    there, absent = "hangzhou.example", "never.example"

    def removal(pattern: str) -> pb.UpdateEntriesRequest:
        named = [pb.EntryRef(pattern=pattern, action=BLOCK)]
        mine = pb.EntryRef(pattern="ningbo.example", action=BLOCK)
        return pb.UpdateEntriesRequest(removals=[*named, mine], reason="tidy up")

    def edit(pattern: str) -> change_pb2.CreateChangeRequest:
        edits = [change_pb2.EntryEdit(pattern=pattern, reason="edited")]
        contents = change_pb2.ChangeContents(edits=edits, reason="tidy up")
        return change_pb2.CreateChangeRequest(contents=contents)

    edits = [await office.ask("ChangeService/CreateChange", edit(one), NINGBO)
             for one in (there, absent)]  # fmt: skip
    removed = await office.ask("BlocklistService/UpdateEntries", removal(there), NINGBO)

    answers = [written(one).replace("id: 6", "id: 5") for one in edits]
    assert "entry: does not exist" in answers[0]
    assert answers[0] == answers[1]
    outcomes = [one.outcome for one in removed.removals]
    assert outcomes == [pb.ROW_OUTCOME_ABSENT, pb.ROW_OUTCOME_REMOVED]
    assert there in await office.listed(HANGZHOU)


async def test_a_pattern_that_another_region_lists_is_refused_without_saying_whose_it_is(
    office: RegionalOffice,
) -> None:
    await filled(office)

    refused = await office.add(NINGBO, "hangzhou.example")

    assert refused.code is StatusCode.PERMISSION_DENIED
    assert "hangzhou.example is listed for more than the scope of chen" in refused.details
    assert "3301" not in refused.details
    assert "wang" not in refused.details


async def test_people_with_several_regions_say_which_one_an_entry_is_of(
    office: RegionalOffice,
) -> None:
    unsaid = await office.add(BOTH, "a.example")
    said = await office.add(BOTH, "a.example", region="3302")

    assert unsaid.code is StatusCode.PERMISSION_DENIED
    assert "region: required, one of 3301, 3302" in unsaid.details
    assert said.version == 1
    assert await office.listed(NINGBO) == ["a.example"]


async def test_a_request_is_there_for_the_regions_of_its_entries_only(
    office: RegionalOffice,
) -> None:
    waiting = (await office.propose(HANGZHOU, RANGE)).change
    everybody = (await office.propose(PROVINCE, WIDER)).change
    assert (list(waiting.regions), list(everybody.regions)) == (["3301"], [])

    def get(id_: int) -> change_pb2.GetChangeRequest:
        return change_pb2.GetChangeRequest(id=id_)

    foreign = await office.ask("ChangeService/GetChange", get(waiting.id), NINGBO)
    never = await office.ask("ChangeService/GetChange", get(999), NINGBO)
    pages = {
        who.name: await office.ask(
            "ChangeService/ListChanges", change_pb2.ListChangesRequest(), who
        )
        for who in PEOPLE
    }

    assert foreign.code is never.code is StatusCode.NOT_FOUND
    assert foreign.details == f"there is no change {waiting.id}"
    assert never.details == "there is no change 999"
    seen = {name: ([one.id for one in page.changes], page.pending) for name, page in pages.items()}
    both, shared = [everybody.id, waiting.id], [everybody.id]
    assert seen == {"li": (both, 2), "wang": (both, 2), "zhao": (shared, 1), "chen": (shared, 1)}


async def test_a_request_is_decided_where_all_of_it_may_be_changed(office: RegionalOffice) -> None:
    waiting = (await office.propose(HANGZHOU, RANGE)).change
    everybody = (await office.propose(PROVINCE, WIDER)).change

    def approve(id_: int) -> change_pb2.ApproveChangeRequest:
        return change_pb2.ApproveChangeRequest(id=id_)

    foreign = await office.ask("ChangeService/ApproveChange", approve(waiting.id), NINGBO)
    above = await office.ask("ChangeService/ApproveChange", approve(everybody.id), OFFICER)
    mine = await office.ask("ChangeService/ApproveChange", approve(waiting.id), OFFICER)

    assert foreign.code is StatusCode.NOT_FOUND
    assert above.code is StatusCode.PERMISSION_DENIED
    assert "the whole province" in above.details
    assert (mine.change.approved_by, mine.change.applied_version) == ("hu", 1)


async def test_an_entry_that_a_request_of_another_region_holds_is_held_by_nobody_known(
    office: RegionalOffice,
) -> None:
    await office.propose(HANGZHOU, RANGE)

    held = await office.propose(NINGBO, RANGE)

    assert held.code is StatusCode.ABORTED
    assert "a request beyond your regions" in held.details
    assert "change 1" not in held.details


async def test_versions_are_compared_without_other_regions_and_not_restored(
    office: RegionalOffice,
) -> None:
    await filled(office)
    diff = change_pb2.DiffVersionsRequest(from_version=0)
    restore = change_pb2.RestoreVersionRequest(version=1, dry_run=True)

    found = await office.ask("ChangeService/DiffVersions", diff, NINGBO)
    restored = await office.ask("ChangeService/RestoreVersion", restore, NINGBO)

    assert sorted(one.pattern for one in found.added) == ["all.example", "ningbo.example"]
    assert (found.added_total, list(found.change_ids)) == (2, [1, 4])
    assert restored.code is StatusCode.PERMISSION_DENIED


async def test_an_entry_that_moves_to_another_region_leaves_the_sight_of_the_first(
    office: RegionalOffice,
) -> None:
    await filled(office)
    edit = pb.ChangeMatchingRequest(
        criteria=pb.EntryCriteria(pattern="hangzhou"),
        edit=pb.MatchingEdit(region="3302"),
        reason="moved",
        expected_rows=1,
    )

    moved = await office.ask("BlocklistService/ChangeMatching", edit, PROVINCE)
    history = pb.GetEntryHistoryRequest(entry=pb.EntryRef(pattern="hangzhou.example", action=BLOCK))
    told = {who.name: await office.ask("BlocklistService/GetEntryHistory", history, who)
            for who in (HANGZHOU, NINGBO)}  # fmt: skip

    assert moved.changed == 1
    assert await office.listed(HANGZHOU) == ["all.example", "xihu.example"]
    assert await office.listed(NINGBO) == ["all.example", "hangzhou.example", "ningbo.example"]
    request = change_pb2.GetChangeRequest(id=moved.change_id)
    change = await office.ask("ChangeService/GetChange", request, HANGZHOU)
    assert change.code is StatusCode.NOT_FOUND
    assert [event.HasField("after") for event in told["wang"].events] == [False, True]
    assert "3302" not in written(told["wang"])
    assert [event.HasField("before") for event in told["chen"].events] == [False]
    assert "3301" not in written(told["chen"])
