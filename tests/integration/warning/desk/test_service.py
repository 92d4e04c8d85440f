"""The desk on a real store and over a real socket: who sees what, who wins, what is on record."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from fanzha.errors import Unavailable
from fanzha.v1 import case_pb2 as pb
from fanzha.v1 import warning_pb2
from services.audit.events import AuditKind
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind
from tests.support.case_desk import ELSEWHERE, Office, Window, a_window, an_office
from tests.support.warnings import NOW_MS, a_warning


@pytest.fixture
async def office(redis_url: str) -> AsyncIterator[Office]:
    async with an_office(redis_url) as office:
        yield office


@pytest.fixture
async def window(office: Office, tmp_path: Path) -> AsyncIterator[Window]:
    async with a_window(office, tmp_path / "jwks.json") as window:
        yield window


async def test_an_identity_sees_exactly_the_cases_of_its_regions(
    office: Office, window: Window
) -> None:
    ids = await office.opened()
    one, two, city, elsewhere, _ = ids

    assert set(await window.seen()) == set(ids)
    assert set(await window.seen(regions=["34"])) == {one, two, city, elsewhere}
    assert set(await window.seen(regions=["340500"])) == {one, two, city}
    assert set(await window.seen(regions=["340503"])) == {one, two}
    assert set(await window.seen(regions=["340503", "3401"])) == {one, two, elsewhere}
    assert await window.seen(regions=["33"]) == []
    assert set(await window.seen(role="auditor")) == set(ids)


async def test_a_case_out_of_scope_is_not_found_by_any_method_and_stays_unchanged(
    office: Office, window: Window
) -> None:
    *_, elsewhere, _ = await office.opened()
    before = await office.store.get(elsewhere)
    requests = {
        "GetCase": pb.GetCaseRequest(case_id=elsewhere),
        "GetCaseHistory": pb.GetCaseHistoryRequest(case_id=elsewhere),
        "AssignCase": pb.AssignCaseRequest(case_id=elsewhere, region="340503"),
        "TakeCase": pb.TakeCaseRequest(case_id=elsewhere),
        "NoteCase": pb.NoteCaseRequest(case_id=elsewhere, text="x"),
        "CloseCase": pb.CloseCaseRequest(case_id=elsewhere, outcome=pb.CASE_OUTCOME_SAFE),
    }

    found = {
        method: await window.status(method, request, regions=["3405"])
        for method, request in requests.items()
    }

    assert found == dict.fromkeys(requests, grpc.StatusCode.NOT_FOUND)
    assert await office.store.get(elsewhere) == before
    assert office.record.said == []


async def test_a_case_reassigned_out_of_scope_meanwhile_is_not_changed(
    office: Office, window: Window
) -> None:
    one, *_ = await office.opened()

    async def goes() -> None:
        given = CaseEvent(kind=EventKind.ROUTED, at_ms=1, by="city", region=ELSEWHERE)
        await office.store.change(one, lambda _case: [given])

    office.record.meanwhile = goes
    close = pb.CloseCaseRequest(case_id=one, outcome=pb.CASE_OUTCOME_SAFE)

    assert await window.status("CloseCase", close, regions=["3405"]) is grpc.StatusCode.NOT_FOUND
    assert (await office.store.get(one)).open
    assert [kind for kind, *_ in office.record.said] == [AuditKind.CASE_CHANGED, AuditKind.REFUSED]


async def test_without_an_audit_record_nothing_changes(office: Office, window: Window) -> None:
    one, *_ = await office.opened()
    before = await office.store.get(one)

    async def fails() -> None:
        raise Unavailable("the audit log is away")

    for method, request in (
        ("TakeCase", pb.TakeCaseRequest(case_id=one)),
        ("GetCase", pb.GetCaseRequest(case_id=one)),
    ):
        office.record.meanwhile = fails
        assert await window.status(method, request) is grpc.StatusCode.UNAVAILABLE
    assert await office.store.get(one) == before


async def test_numbers_are_unmasked_for_dispatchers_reading_one_case(
    office: Office, window: Window
) -> None:
    one, *_ = await office.opened()
    request = pb.GetCaseRequest(case_id=one)

    for_auditor = (await window.ask("GetCase", request, role="auditor")).found
    whole = (await window.ask("GetCase", request, regions=["34"])).found
    listed = (await window.ask("ListCases", pb.ListCasesRequest(page_size=1))).cases[0]

    assert (whole.victim, whole.masked) == ("+8617000000001", False)
    assert whole.means[0].value == "+8619900000001"
    assert (for_auditor.victim, for_auditor.masked) == ("**********0001", True)
    assert "+8619900000001" not in str(for_auditor)
    assert listed.masked
    assert office.record.said == [(AuditKind.CASE_READ, f"case:{one}", "wang", {})]


async def test_a_history_hides_people_and_notes_from_auditors(
    office: Office, window: Window
) -> None:
    one, *_ = await office.opened()
    await window.ask("NoteCase", pb.NoteCaseRequest(case_id=one, text="her son is with her"))
    request = pb.GetCaseHistoryRequest(case_id=one)

    whole = await window.ask("GetCaseHistory", request)
    masked = await window.ask("GetCaseHistory", request, role="auditor")

    assert "her son is with her" in str(whole)
    assert "+8619900000001" in str(whole)
    assert "her son is with her" not in str(masked)
    assert "+8619900000001" not in str(masked)
    assert [one.what for one in masked.events] == [one.what for one in whole.events]


async def test_a_history_comes_in_pages(office: Office, window: Window) -> None:
    one, *_ = await office.opened()
    events, after = [], ""
    for _ in range(20):
        request = pb.GetCaseHistoryRequest(case_id=one, page_token=after, page_size=3)
        answer = await window.ask("GetCaseHistory", request)
        events += [one.what for one in answer.events]
        after = answer.next_page_token
        if not after:
            break

    assert events == [event.kind.value for event in await office.store.history(one)]


async def test_a_page_token_of_one_history_is_refused_for_another(
    office: Office, window: Window
) -> None:
    one, other, *_ = await office.opened()
    query = pb.GetCaseHistoryRequest(case_id=one, page_size=1)
    token = (await window.ask("GetCaseHistory", query)).next_page_token

    for request in (
        pb.GetCaseHistoryRequest(case_id=other, page_token=token),
        pb.GetCaseHistoryRequest(case_id=one, page_token="1"),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await window.ask("GetCaseHistory", request)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_of_two_concurrent_takers_one_gets_the_case(office: Office, window: Window) -> None:
    one, *_ = await office.opened()
    request = pb.TakeCaseRequest(case_id=one)

    answers = await asyncio.gather(
        *(window.ask("TakeCase", request, sub=name) for name in ("wang", "li", "zhao", "qian")),
        return_exceptions=True,
    )

    refused = [each.code() for each in answers if isinstance(each, grpc.aio.AioRpcError)]
    (winner,) = (each.found.officer for each in answers if not isinstance(each, BaseException))
    assert refused == [grpc.StatusCode.ABORTED] * 3
    assert (await office.store.get(one)).officer == winner


async def test_a_change_based_on_an_older_revision_is_refused(
    office: Office, window: Window
) -> None:
    one, *_ = await office.opened()
    seen = (await office.store.get(one)).revision
    await window.ask("TakeCase", pb.TakeCaseRequest(case_id=one, revision=seen))

    late = pb.CloseCaseRequest(case_id=one, outcome=pb.CASE_OUTCOME_SAFE, revision=seen)

    assert await window.status("CloseCase", late) is grpc.StatusCode.ABORTED
    assert (await office.store.get(one)).open


async def test_a_city_assigns_a_case_to_a_county_and_the_county_returns_it(
    office: Office, window: Window
) -> None:
    _, _, city, *_ = await office.opened()
    give = pb.AssignCaseRequest(case_id=city, region="340504", officer="zhao")
    back = pb.AssignCaseRequest(case_id=city, region="340500")

    await window.ask("AssignCase", give, regions=["3405"])
    there = await window.seen(regions=["340504"])
    refused = await window.status(
        "AssignCase", pb.AssignCaseRequest(case_id=city, region="340503"), regions=["340504"]
    )
    await window.ask("AssignCase", back, regions=["340504"])

    assert there == [city]
    assert refused is grpc.StatusCode.PERMISSION_DENIED
    assert await window.seen(regions=["340504"]) == []
    assert (await office.store.get(city)).officer == "zhao"


async def test_cases_waiting_for_a_person_come_first_and_count_as_overdue(
    office: Office, window: Window
) -> None:
    ids = await office.opened(3)
    waits, late, _ = ids
    note = pb.NoteCaseRequest(case_id=waits, unreached=True)
    while not (await office.store.get(waits)).needs_person:
        await window.ask("NoteCase", note)
    await window.ask("TakeCase", pb.TakeCaseRequest(case_id=late))
    office.clock[0] = (await office.store.get(late)).due_at_ms
    await office.intake.ingest([a_warning(7)])

    everything = await window.seen()

    assert everything[0] == waits
    assert set(await window.seen(pb.ListCasesRequest(overdue_only=True))) == set(ids)
    assert await window.seen(pb.ListCasesRequest(officer="wang")) == [late]
    assert await window.seen(pb.ListCasesRequest(states=[pb.CASE_STATE_DISSUADING])) == [late]


async def test_a_list_up_to_a_date_omits_cases_without_one(office: Office, window: Window) -> None:
    none, soon, late, *others = await office.opened()
    for case_id, due in ((none, 0), (soon, NOW_MS + 5), (late, NOW_MS + 6)):
        dated = CaseEvent(kind=EventKind.NOTED, at_ms=NOW_MS, by="wang", due_at_ms=due)
        await office.store.change(case_id, lambda _case, dated=dated: [dated])  # type: ignore[misc]

    until_soon = pb.ListCasesRequest(due_before_ms=NOW_MS + 5)
    forever = pb.ListCasesRequest(due_before_ms=2**62)

    assert await window.seen(until_soon) == [soon]
    assert set(await window.seen(forever)) == {soon, late, *others}
    assert (await window.seen())[-1] == none


async def test_cases_are_listed_in_pages(office: Office, window: Window) -> None:
    ids = await office.opened()
    found: list[str] = []
    token = ""
    for _ in ids:
        request = pb.ListCasesRequest(page_size=2, page_token=token)
        answer = await window.ask("ListCases", request)
        found += [one.case_id for one in answer.cases]
        token = answer.next_page_token
        if not token:
            break

    assert sorted(found) == sorted(ids)


async def test_a_closing_records_the_loss_and_the_duplicated_case(
    office: Office, window: Window
) -> None:
    one, *_ = await office.opened()
    (again,) = await office.intake.ingest([a_warning(1, reference="b", campaign="x")])
    took = [pb.CaseMeans(kind=warning_pb2.MEANS_KIND_CALLER, value="19900000001")]
    lost = pb.CloseCaseRequest(
        case_id=one, outcome=pb.CASE_OUTCOME_LOST_MONEY, lost_fen=1_200_000, lost_to=took
    )
    same = pb.CloseCaseRequest(
        case_id=again.case_id, outcome=pb.CASE_OUTCOME_DUPLICATE, duplicate_of=one
    )

    await window.ask("CloseCase", lost)
    await window.ask("CloseCase", same)

    last = (await office.store.history(one))[-1]
    assert (last.outcome, last.lost_fen) == (CaseOutcome.LOST_MONEY, 1_200_000)
    assert [each.value for each in last.lost_to] == ["+8619900000001"]
    assert (await office.store.get(again.case_id)).duplicate_of == one


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("ListCases", pb.ListCasesRequest(page_size=501)),
        ("ListCases", pb.ListCasesRequest(states=[pb.CASE_STATE_CLOSED], overdue_only=True)),
        ("ListCases", pb.ListCasesRequest(page_token="x")),
        ("GetCase", pb.GetCaseRequest()),
        ("GetCaseHistory", pb.GetCaseHistoryRequest(case_id="1", page_size=-1)),
        ("AssignCase", pb.AssignCaseRequest(case_id="1")),
        ("NoteCase", pb.NoteCaseRequest(case_id="1")),
        ("CloseCase", pb.CloseCaseRequest(case_id="1")),
        ("CloseCase", pb.CloseCaseRequest(case_id="1", outcome=pb.CASE_OUTCOME_FALSE_ALARM)),
    ],
)
async def test_an_unreadable_request_is_refused(
    office: Office, window: Window, method: str, request_: Any
) -> None:
    one, *_ = await office.opened(1)
    if getattr(request_, "case_id", "") == "1":
        request_.case_id = one

    assert await window.status(method, request_) is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_receipt_of_a_case_elsewhere_is_not_recorded_and_auditors_read_no_words(
    office: Office, window: Window
) -> None:
    one, *_ = await office.opened()
    said = pb.RequestStopPaymentRequest(case_id=one, said="30000 to 6222")
    await window.ask("RequestStopPayment", said)
    receipt = pb.RecordStopPaymentReceiptRequest(case_id=one, receipt="ZF-1")

    elsewhere = await window.status("RecordStopPaymentReceipt", receipt, regions=["3401"])
    auditor = await window.status("RecordStopPaymentReceipt", receipt, role="auditor")
    request = pb.GetCaseHistoryRequest(case_id=one)
    read = await window.ask("GetCaseHistory", request, role="auditor")
    worked = await window.ask("GetCaseHistory", request)

    assert (elsewhere, auditor) == (
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.PERMISSION_DENIED,
    )
    assert "6222" not in str(read)
    assert worked.events[-1].reply == "30000 to 6222"
    assert (await office.store.get(one)).stop_payment_receipt == ""
