"""Appeals of regions: reviewed where all that blocked lies, followed by whoever handed them in."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from grpc import StatusCode

from fanzha.v1 import appeal_pb2 as pb
from fanzha.v1 import decision_pb2
from tests.support.regional_office import Person, Refused, RegionalOffice, regional_office, written

EDITOR = Person(name="li", roles=("editor",))
CHIEF = Person(name="wang", roles=("appeals_officer",))
HANGZHOU = Person(name="zhao", roles=("appeals_officer",), regions=("3301",))
NINGBO = Person(name="chen", roles=("appeals_officer",), regions=("3302",))
AUDITOR = Person(name="hu", roles=("auditor",), regions=("3302",))
CLERK = Person(name="sun", roles=("carrier",))
UPHELD, REJECTED = pb.APPEAL_STATE_UPHELD, pb.APPEAL_STATE_REJECTED


@pytest.fixture
async def office(redis_url: str, tmp_path: Path) -> AsyncIterator[RegionalOffice]:
    async with regional_office(redis_url, tmp_path) as found:
        await found.add(EDITOR, "xihu.example", region="330106")
        await found.add(EDITOR, "all.example")
        yield found


async def opened(office: RegionalOffice, pattern: str, who: Person = CLERK) -> Any:
    request = pb.OpenAppealRequest(
        pattern=pattern, appellant="somebody", contact="+8617000000001", grounds="it is a shop"
    )
    return await office.ask("AppealService/OpenAppeal", request, who)


async def seen(office: RegionalOffice, who: Person) -> list[int]:
    answer = await office.ask("AppealService/ListAppeals", pb.ListAppealsRequest(), who)
    assert answer.open == len(answer.appeals)
    return [one.appeal_id for one in answer.appeals]


async def test_an_appeal_is_seen_where_the_entry_that_blocked_lies_and_by_the_province(
    office: RegionalOffice,
) -> None:
    of_county = (await opened(office, "xihu.example")).appeal
    of_province = (await opened(office, "all.example")).appeal

    assert await seen(office, CHIEF) == [of_county.appeal_id, of_province.appeal_id]
    assert await seen(office, HANGZHOU) == [of_county.appeal_id]
    assert await seen(office, NINGBO) == await seen(office, AUDITOR) == []
    assert (list(of_county.regions), list(of_province.regions)) == (["330106"], [])


async def test_an_appeal_beyond_the_regions_of_somebody_is_none_to_them(
    office: RegionalOffice,
) -> None:
    number = (await opened(office, "xihu.example")).appeal.appeal_id
    draft = pb.NoticeDraft(outcome=UPHELD, reason="so")

    for id_ in (number, 999):
        answers = [
            await office.ask(f"AppealService/{method}", request, NINGBO)
            for method, request in (
                ("GetAppeal", pb.GetAppealRequest(appeal_id=id_)),
                ("TakeAppeal", pb.TakeAppealRequest(appeal_id=id_)),
                (
                    "DecideAppeal",
                    pb.DecideAppealRequest(appeal_id=id_, outcome=UPHELD, reason="so"),
                ),
                ("WithdrawAppeal", pb.WithdrawAppealRequest(appeal_id=id_, reason="so")),
                ("GetDocument", pb.GetDocumentRequest(appeal_id=id_, sha256="0" * 64)),
                ("WriteNotice", pb.WriteNoticeRequest(appeal_id=id_)),
                ("WriteNotice", pb.WriteNoticeRequest(appeal_id=id_, draft=draft)),
            )
        ]
        none = f"appeal_id: there is no appeal {id_}"
        assert {(one.code, one.details) for one in answers} == {(StatusCode.NOT_FOUND, none)}
    restriction = pb.WriteRestrictionNoticeRequest(pattern="xihu.example")
    notice = await office.ask("AppealService/WriteRestrictionNotice", restriction, NINGBO)
    assert notice.code is StatusCode.NOT_FOUND


async def test_reports_count_the_appeals_of_ones_regions(office: RegionalOffice) -> None:
    await opened(office, "xihu.example")
    await opened(office, "all.example")

    request = pb.ListAppealsRequest(region="3301")
    listed = await office.ask("AppealService/ListAppeals", request, CHIEF)
    assert [one.subject.pattern for one in listed.appeals] == ["xihu.example"]
    reports = {
        who.name: await office.ask(
            "AppealService/GetAppealReport", pb.GetAppealReportRequest(), who
        )
        for who in (CHIEF, HANGZHOU, NINGBO)
    }

    assert {name: one.received for name, one in reports.items()} == {
        "wang": 2, "zhao": 1, "chen": 0,
    }  # fmt: skip
    counted = {name: {each.region: each.received for each in one.regions}
               for name, one in reports.items()}  # fmt: skip
    assert counted == {
        "wang": {"": 1, "33": 1, "3301": 1, "330106": 1},
        "zhao": {"3301": 1, "330106": 1},
        "chen": {},
    }


async def test_who_hands_an_appeal_in_follows_it_but_reads_nothing_of_another_region(
    office: RegionalOffice,
) -> None:
    handed = (await opened(office, "xihu.example", NINGBO)).appeal

    mine = await office.ask(
        "AppealService/GetAppeal", pb.GetAppealRequest(appeal_id=handed.appeal_id), NINGBO
    )

    assert mine.appeal.masked
    assert not mine.HasField("evidence")
    assert "330106" not in written(mine)
    assert await seen(office, NINGBO) == []
    assert await seen(office, HANGZHOU) == [handed.appeal_id]


async def decided(office: RegionalOffice, number: int, who: Person, **terms: Any) -> Any:
    await office.ask("AppealService/TakeAppeal", pb.TakeAppealRequest(appeal_id=number), who)
    given: dict[str, Any] = {"outcome": UPHELD, "reason": "it is a shop"} | terms
    request = pb.DecideAppealRequest(appeal_id=number, **given)
    return await office.ask("AppealService/DecideAppeal", request, who)


async def test_an_officer_of_the_region_lifts_the_block_and_the_exception_is_of_the_region(
    office: RegionalOffice,
) -> None:
    number = (await opened(office, "xihu.example")).appeal.appeal_id

    done = await decided(office, number, HANGZHOU, allow=True)

    assert done.appeal.state == UPHELD
    assert await office.listed(EDITOR, region="330106") == ["xihu.example"]
    exceptions = await office.listed(EDITOR, action=decision_pb2.ACTION_ALLOW)
    assert exceptions == ["xihu.example"]


async def test_a_block_of_the_province_is_not_lifted_by_the_way(office: RegionalOffice) -> None:
    number = (await opened(office, "www.xihu.example")).appeal.appeal_id
    await office.add(EDITOR, "www.xihu.example")

    both = await decided(office, number, HANGZHOU)
    other = await decided(office, number, HANGZHOU, lift_pattern="all.example")

    for refused in (both, other):
        assert isinstance(refused, Refused)
        assert refused.code is StatusCode.PERMISSION_DENIED
        assert "beyond your regions" in refused.details
    assert await office.listed(EDITOR) == ["all.example", "www.xihu.example", "xihu.example"]
    evidence = await office.ask(
        "AppealService/GetAppeal", pb.GetAppealRequest(appeal_id=number), HANGZHOU
    )
    assert evidence.HasField("evidence")
