"""Claims, the next case, the board and bulk assignment, on a real store and over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from fanzha.v1 import case_pb2 as pb
from fanzha.v1 import warning_pb2
from services.audit.events import AuditKind
from services.auth import identity
from services.warning.cases import projections
from services.warning.cases.claims import CLAIM_MS, CaseClaims
from services.warning.cases.index_upgrade import CaseIndexUpgrade
from services.warning.cases.model import CaseState
from services.warning.desk.filter import CaseFilter
from services.warning.desk.service import CaseCommand
from services.warning.model import Means, MeansKind
from tests.support.case_desk import Office, Window, a_window, an_office
from tests.support.warnings import a_warning

LI, WANG = {"sub": "li"}, {"sub": "wang"}


@pytest.fixture
async def office(redis_url: str) -> AsyncIterator[Office]:
    async with an_office(redis_url) as office:
        yield office


@pytest.fixture
async def window(office: Office, tmp_path: Path) -> AsyncIterator[Window]:
    async with a_window(office, tmp_path / "jwks.json") as window:
        yield window


async def test_of_two_who_open_a_case_one_does_and_the_other_sees_who(
    office: Office, window: Window
) -> None:
    one, *_ = await office.opened()
    request = pb.ClaimCaseRequest(case_id=one)

    answers = await asyncio.gather(
        *(window.ask("ClaimCase", request, sub=name) for name in ("li", "wang") * 4)
    )

    holders = {answer.holder for answer in answers}
    assert len(holders) == 1
    assert sum(answer.claimed for answer in answers) == 4
    assert {answer.until_ms > office.clock[0] for answer in answers} == {True}
    shown = await window.ask("GetCase", pb.GetCaseRequest(case_id=one, masked=True))
    assert {shown.found.claimed_by} == holders


async def test_nobody_else_changes_a_case_that_is_open(office: Office, window: Window) -> None:
    one, *_ = await office.opened()
    await window.ask("ClaimCase", pb.ClaimCaseRequest(case_id=one), **LI)
    before = await office.store.get(one)
    changes = {
        "AssignCase": pb.AssignCaseRequest(case_id=one, officer="zhao"),
        "TakeCase": pb.TakeCaseRequest(case_id=one),
        "NoteCase": pb.NoteCaseRequest(case_id=one, text="x"),
        "SkipCase": pb.SkipCaseRequest(case_id=one, reason="x"),
        "CloseCase": pb.CloseCaseRequest(case_id=one, outcome=pb.CASE_OUTCOME_SAFE),
    }

    found = {name: await window.status(name, change, **WANG) for name, change in changes.items()}

    assert found == dict.fromkeys(changes, grpc.StatusCode.ABORTED)
    assert await office.store.get(one) == before
    await window.ask("NoteCase", changes["NoteCase"], **LI)
    await window.ask("ReleaseCase", pb.ReleaseCaseRequest(case_id=one), **LI)
    await window.ask("TakeCase", changes["TakeCase"], **WANG)


async def test_a_claim_ends_by_itself(office: Office) -> None:
    one, *_ = await office.opened()
    claims = CaseClaims(office.client, now_ms=lambda: office.clock[0])
    await claims.claim(one, "li")
    (shard_key,) = [key async for key in office.client.scan_iter(match=f"*claim:{one}")]

    left_ms = await office.client.pttl(shard_key)
    await office.client.pexpire(shard_key, 1)
    await asyncio.sleep(0.05)
    after = await claims.claim(one, "wang")

    assert 0 < left_ms <= CLAIM_MS
    assert after.holder == "wang"


async def test_a_claim_that_is_taken_over_is_on_record(office: Office, window: Window) -> None:
    one, *_ = await office.opened()
    await window.ask("ClaimCase", pb.ClaimCaseRequest(case_id=one), **LI)

    request = pb.ClaimCaseRequest(case_id=one, take_over=True)
    answer = await window.ask("ClaimCase", request, **WANG)
    released = await window.ask("ReleaseCase", pb.ReleaseCaseRequest(case_id=one), **LI)

    assert (answer.claimed, answer.holder) == (True, "wang")
    assert not released.released
    assert office.record.said == [
        (AuditKind.CASE_CHANGED, f"case:{one}", "wang", {"what": "claim_taken_over", "from": "li"})
    ]


async def test_a_case_out_of_scope_cannot_be_claimed_unmasked_or_skipped(
    office: Office, window: Window
) -> None:
    *_, elsewhere, _ = await office.opened()
    requests = {
        "ClaimCase": pb.ClaimCaseRequest(case_id=elsewhere),
        "ReleaseCase": pb.ReleaseCaseRequest(case_id=elsewhere),
        "SkipCase": pb.SkipCaseRequest(case_id=elsewhere, reason="x"),
        "UnmaskCase": pb.UnmaskCaseRequest(case_id=elsewhere, reason="x"),
        "GetCallScript": pb.GetCallScriptRequest(case_id=elsewhere),
    }

    found = {
        name: await window.status(name, request, regions=["3405"])
        for name, request in requests.items()
    }

    assert found == dict.fromkeys(requests, grpc.StatusCode.NOT_FOUND)
    assert office.record.said == []


async def test_several_people_are_offered_different_cases(office: Office, window: Window) -> None:
    ids = await office.opened()
    request = pb.ClaimNextCaseRequest()

    answers = await asyncio.gather(
        *(window.ask("ClaimNextCase", request, sub=f"officer {n}") for n in range(len(ids)))
    )
    another = await window.status("ClaimNextCase", request, sub="late")

    assert sorted(answer.found.case_id for answer in answers) == sorted(ids)
    assert {answer.found.masked for answer in answers} == {True}
    assert another is grpc.StatusCode.NOT_FOUND


async def test_a_skipped_case_is_offered_to_others_and_says_why(
    office: Office, window: Window
) -> None:
    one, *_ = await office.opened(1)
    claimed = await window.ask("ClaimNextCase", pb.ClaimNextCaseRequest(), **LI)

    await window.ask("SkipCase", pb.SkipCaseRequest(case_id=one, reason="my cousin"), **LI)

    status = await window.status("ClaimNextCase", pb.ClaimNextCaseRequest(), **LI)
    offered = await window.ask("ClaimNextCase", pb.ClaimNextCaseRequest(), **WANG)
    event = (await office.store.history(one))[-1]
    assert claimed.found.case_id == offered.found.case_id == one
    assert status is grpc.StatusCode.NOT_FOUND
    assert (event.skipped, event.why, event.by) == (True, "my cousin", "li")


async def test_a_case_that_another_has_taken_is_not_offered(office: Office, window: Window) -> None:
    one, *_ = await office.opened(1)
    await window.ask("TakeCase", pb.TakeCaseRequest(case_id=one), **LI)

    assert await window.status("ClaimNextCase", pb.ClaimNextCaseRequest(), **WANG) is (
        grpc.StatusCode.NOT_FOUND
    )
    offered = await window.ask("ClaimNextCase", pb.ClaimNextCaseRequest(), **LI)
    assert offered.found.case_id == one


async def test_whole_numbers_take_a_reason_which_is_recorded(
    office: Office, window: Window
) -> None:
    one, *_ = await office.opened()
    await window.ask("GetCase", pb.GetCaseRequest(case_id=one, masked=True), **LI)
    without = await window.status("UnmaskCase", pb.UnmaskCaseRequest(case_id=one), **LI)

    request = pb.UnmaskCaseRequest(case_id=one, reason="to call her")
    shown = await window.ask("UnmaskCase", request, **LI)

    assert without is grpc.StatusCode.INVALID_ARGUMENT
    assert (shown.found.victim, shown.found.masked) == ("+8617000000001", False)
    assert office.record.said == [
        (AuditKind.CASE_READ, f"case:{one}", "li", {"what": "unmasked", "why": "to call her"})
    ]
    assert await window.status("UnmaskCase", request, role="auditor") is (
        grpc.StatusCode.PERMISSION_DENIED
    )


async def test_a_masked_history_keeps_notes_for_dispatchers_only(
    office: Office, window: Window
) -> None:
    one, *_ = await office.opened()
    note = pb.NoteCaseRequest(case_id=one, text="her son is with her")
    await window.ask("NoteCase", note, **LI)
    request = pb.GetCaseHistoryRequest(case_id=one, masked=True)

    mine = await window.ask("GetCaseHistory", request, **LI)
    audited = await window.ask("GetCaseHistory", request, role="auditor")

    assert mine.events[-1].why == "her son is with her"
    assert audited.events[-1].why == ""
    assert mine.masked
    assert "+86170" not in str(mine)


async def test_evidence_of_a_note_joins_the_case(office: Office, window: Window) -> None:
    one, *_ = await office.opened()
    evidence = [
        pb.CaseMeans(kind=warning_pb2.MEANS_KIND_ACCOUNT, value="6222 0000"),
        pb.CaseMeans(kind=warning_pb2.MEANS_KIND_CALLER, value="+8617000000999"),
    ]

    await window.ask("NoteCase", pb.NoteCaseRequest(case_id=one, evidence=evidence), **LI)

    case = await office.store.get(one)
    history = await window.ask("GetCaseHistory", pb.GetCaseHistoryRequest(case_id=one), **LI)
    assert Means(kind=MeansKind.ACCOUNT, value="6222 0000") in case.means
    assert Means(kind=MeansKind.CALLER, value="+8617000000999") in case.means
    assert [means.value for means in history.events[-1].evidence] == ["6222 0000", "+8617000000999"]


async def test_the_board_counts_and_lists_each_tier_of_the_region(
    office: Office, window: Window
) -> None:
    await office.opened()
    await office.intake.ingest([a_warning(number) for number in range(6, 11)])
    office.clock[0] += 10**9
    request = pb.GetCaseBoardRequest(cases_per_tier=1)
    upgrade = CaseIndexUpgrade(office.client, office.store)
    await upgrade.run()

    everywhere = await window.ask("GetCaseBoard", request)
    county = await window.ask("GetCaseBoard", request, regions=["340503"])

    tiers = {tier.tier: tier for tier in everywhere.tiers}
    assert list(tiers) == [pb.CASE_TIER_HIGH, pb.CASE_TIER_MEDIUM, pb.CASE_TIER_LOW, 0]
    assert [(one.open, one.overdue, len(one.cases)) for one in everywhere.tiers] == [
        (0, 0, 0), (10, 10, 1), (0, 0, 0), (0, 0, 0)]  # fmt: skip
    assert county.tiers[1].open == 4
    assert county.tiers[1].cases[0].county == "340503"


async def test_many_cases_are_assigned_each_by_itself(office: Office, window: Window) -> None:
    one, two, city, elsewhere, _ = await office.opened()
    await window.ask("ClaimCase", pb.ClaimCaseRequest(case_id=two), **WANG)
    request = pb.AssignCasesRequest(case_ids=[one, two, city, elsewhere, one], officer="zhao")

    answer = await window.ask("AssignCases", request, sub="li", regions=["3405"])

    refused = {one.case_id: one.refused for one in answer.assignments}
    assert list(refused) == [one, two, city, elsewhere]
    assert refused[one] == refused[city] == ""
    assert "wang has it open" in refused[two]
    assert "there is no" in refused[elsewhere]
    assert (await office.store.get(one)).officer == "zhao"
    assert (await office.store.get(elsewhere)).officer == ""


async def test_a_script_speaks_of_the_kind_of_fraud_in_either_language(
    office: Office, window: Window
) -> None:
    one, *_ = await office.opened(1)

    zh = await window.ask("GetCallScript", pb.GetCallScriptRequest(case_id=one))
    en = await window.ask("GetCallScript", pb.GetCallScriptRequest(case_id=one, language="en"))

    assert "贷款" in zh.text
    assert "loan" in en.text
    assert zh.template.startswith("in_person.fake_loan.medium.zh@")
    request = pb.GetCallScriptRequest(case_id=one, language="fr")
    assert await window.status("GetCallScript", request) is grpc.StatusCode.INVALID_ARGUMENT


async def test_cases_of_an_earlier_release_get_their_indexes(office: Office) -> None:
    await office.opened()
    async for key in office.client.scan_iter(match="fanzha:{warning:*}:open:tier*"):
        await office.client.delete(key)
    async for key in office.client.scan_iter(match="fanzha:{warning:*}:state:*"):
        await office.client.delete(key)
    upgrade = CaseIndexUpgrade(office.client, office.store)
    before = await upgrade.complete()

    added = await upgrade.run()

    (backlog,) = await office.desk._listing.backlog(  # noqa: SLF001 - what the board counts
        [[projections.open_of_tier(2)]], office.clock[0]
    )
    assert (before, added, backlog.open) == (False, 5, 5)
    assert await upgrade.complete()
    assert await upgrade.run() == 0


@pytest.mark.parametrize("indexed", [False, True])
async def test_lists_by_tier_and_officer_are_the_same_with_and_without_their_indexes(
    office: Office, window: Window, indexed: bool
) -> None:
    one, two, *rest = await office.opened()
    await window.ask("TakeCase", pb.TakeCaseRequest(case_id=two), **LI)
    if indexed:
        await CaseIndexUpgrade(office.client, office.store).run()

    medium = pb.ListCasesRequest(tiers=[pb.CASE_TIER_MEDIUM])
    high = pb.ListCasesRequest(tiers=[pb.CASE_TIER_HIGH])

    assert set(await window.seen(medium)) == {one, two, *rest}
    assert set(await window.seen(medium, regions=["340503"])) == {one, two}
    assert await window.seen(high) == []
    assert await window.seen(pb.ListCasesRequest(officer="li")) == [two]
    assert await window.seen(pb.ListCasesRequest(officer="li"), regions=["3401"]) == []


@pytest.mark.parametrize("indexed", [False, True])
async def test_lists_by_state_are_the_same_with_and_without_their_indexes(
    office: Office, window: Window, indexed: bool
) -> None:
    one, two, three, *rest = await office.opened()
    await window.ask("TakeCase", pb.TakeCaseRequest(case_id=two), **LI)
    closing = pb.CloseCaseRequest(case_id=one, outcome=pb.CASE_OUTCOME_SAFE, reason="接通")
    await window.ask("CloseCase", closing, **LI)
    if indexed:
        await CaseIndexUpgrade(office.client, office.store).run()

    async def seen(*states: int, **others: object) -> list[str]:
        return await window.seen(pb.ListCasesRequest(states=states, **others))  # type: ignore[arg-type]

    new, routed, warned = pb.CASE_STATE_NEW, pb.CASE_STATE_ROUTED, pb.CASE_STATE_WARNED
    taken, closed = pb.CASE_STATE_DISSUADING, pb.CASE_STATE_CLOSED
    assert await seen(taken) == [two]
    assert await seen(closed) == [one]
    assert set(await seen(new, routed, warned)) == {three, *rest}
    assert set(await seen(new, routed, warned, taken)) == {two, three, *rest}
    assert set(await seen(taken, closed)) == {one, two}
    assert await seen(closed, tiers=[pb.CASE_TIER_MEDIUM]) == [one]
    assert await seen(closed, tiers=[pb.CASE_TIER_HIGH]) == []
    assert await seen(taken, region="340503", officer="li") == [two]
    assert await seen(closed, region="3401") == []


async def test_a_list_by_state_reads_no_case_of_another(office: Office) -> None:
    one, *others = await office.opened()
    await CaseIndexUpgrade(office.client, office.store).run()
    command = CaseCommand(case_id=one, by="li")
    await office.desk.take(command, take_over=False)
    only = CaseFilter(states=frozenset({CaseState.DISSUADING}))

    walk = office.desk._listing.walk(indexes=only.indexes(identity.current()))  # noqa: SLF001
    read = [case.id async for case, _ in walk]

    assert (read, len(others)) == ([one], 4)


async def test_a_history_is_read_newest_first_in_pages(office: Office, window: Window) -> None:
    one, *_ = await office.opened()
    for number in range(5):
        await window.ask("NoteCase", pb.NoteCaseRequest(case_id=one, text=f"{number}"), **LI)
    whole = await office.store.history(one)
    seen, token = [], ""

    while True:
        request = pb.GetCaseHistoryRequest(
            case_id=one, newest_first=True, page_size=2, page_token=token
        )
        answer = await window.ask("GetCaseHistory", request, **LI)
        seen += [(event.what, event.why) for event in answer.events]
        token = answer.next_page_token
        if not token:
            break

    assert seen == [(event.kind.value, event.why) for event in reversed(whole)]
