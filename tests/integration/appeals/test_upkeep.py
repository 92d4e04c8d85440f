"""Deadlines, retention, figures and the report; the clock is moved by hand."""

import logging
from pathlib import Path

import grpc
import pytest

from fanzha.v1 import appeal_pb2 as pb
from services.appeals import review, submission
from services.appeals.documents import SubmittedDocument
from services.appeals.model import AppealState
from tests.support.appeals import LISTED, LISTED_ID, SUSPECT_ID, Office, office, stub_of
from tests.support.log_records import logged_by


async def opened(running: Office, name: str, decision_id: int = LISTED_ID) -> int:
    appeal, _ = await running.built.appeals.opening.open(
        submission.AppealRequest(
            decision_id=decision_id,
            appellant=name,
            contact="zhang@company.example",
            grounds="ours",
            documents=[SubmittedDocument(name="a.pdf", content=b"%PDF")],
            opened_by="desk",
        )
    )
    return appeal.appeal_id


async def rejected(running: Office, appeal_id: int) -> None:
    await running.built.appeals.review.take(appeal_id, "zhou")
    await running.built.appeals.review.decide(
        review.ReviewDecision(
            appeal_id=appeal_id,
            outcome=AppealState.REJECTED,
            reason="no",
            remedy="complain",
            documents_required="a licence",
            by="zhou",
        )
    )


def figure(running: Office, name: str) -> float:
    lines = [line for line in running.metrics().splitlines() if line.startswith(f"{name} ")]
    return float(lines[0].split()[1])


async def test_the_queue_counts_due_and_overdue_appeals(redis_url: str, tmp_path: Path) -> None:
    async with office(redis_url, tmp_path) as running, stub_of(running) as stub:
        await running.listed_hit()
        late = await opened(running, "Zhang")
        running.clock.forward(30)
        soon = await opened(running, "Li")
        running.clock.forward(42)
        await opened(running, "Wang")

        answer = await stub.ListAppeals(pb.ListAppealsRequest())
        overdue = await stub.ListAppeals(pb.ListAppealsRequest(overdue_only=True))
        notice = await stub.WriteNotice(
            pb.WriteNoticeRequest(appeal_id=late, kind=pb.NOTICE_KIND_OVERDUE)
        )
        await running.built.upkeep.look()

    assert [one.appeal_id for one in answer.appeals] == [late, soon, 3]
    assert [(one.due_soon, one.overdue) for one in answer.appeals] == [
        (True, True), (True, False), (False, False),
    ]  # fmt: skip
    assert (answer.open, answer.due_soon, answer.overdue) == (3, 2, 1)
    assert [one.appeal_id for one in overdue.appeals] == [late]
    assert "谨致歉意" in notice.text
    assert figure(running, "fanzha_appeals_open") == 3
    assert figure(running, "fanzha_appeals_due_soon") == 2
    assert figure(running, "fanzha_appeals_overdue") == 1


async def test_the_log_warns_once_about_each_overdue_appeal(
    redis_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "services.appeals.maintenance")
    async with office(redis_url, tmp_path) as running:
        await running.listed_hit()
        await opened(running, "Zhang")
        for hours in (0, 40, 1, 32, 1):
            running.clock.forward(hours)
            await running.built.upkeep.look()

    assert [one.message for one in logged_by(caplog, "services.appeals")] == [
        "an appeal is due soon", "an appeal is overdue",
    ]  # fmt: skip
    assert "Zhang" not in caplog.text


async def test_pages_list_each_appeal_once(redis_url: str, tmp_path: Path) -> None:
    async with office(redis_url, tmp_path) as running, stub_of(running) as stub:
        await running.listed_hit()
        for number in range(7):
            await opened(running, f"Zhang {number}")
        await rejected(running, 3)

        seen: list[int] = []
        request = pb.ListAppealsRequest(page_size=2)
        while True:
            answer = await stub.ListAppeals(request)
            seen += [one.appeal_id for one in answer.appeals]
            request.page_token = answer.next_page_token
            if not request.page_token:
                break
        closed = await stub.ListAppeals(pb.ListAppealsRequest(state=pb.APPEAL_STATE_REJECTED))
        with pytest.raises(grpc.aio.AioRpcError) as wrong:
            await stub.ListAppeals(pb.ListAppealsRequest(page_token="x"))

    assert sorted(seen) == [1, 2, 4, 5, 6, 7]
    assert [one.appeal_id for one in closed.appeals] == [3]
    assert wrong.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_personal_data_is_erased_when_its_retention_ends(
    redis_url: str, tmp_path: Path
) -> None:
    async with (
        office(redis_url, tmp_path, appeal_retention_days=10) as running,
        stub_of(running) as stub,
    ):
        await running.list_(LISTED)
        await running.listed_hit()
        closed = await opened(running, "Zhang")
        await opened(running, "Li")
        await rejected(running, closed)
        running.clock.forward(24 * 9)
        early = await running.built.upkeep.erase()
        running.clock.forward(24 * 2)

        late = await running.built.upkeep.erase()

        shown = await stub.GetAppeal(pb.GetAppealRequest(appeal_id=closed))
        report = await stub.GetAppealReport(pb.GetAppealReportRequest())
        with pytest.raises(grpc.aio.AioRpcError) as notice:
            await stub.WriteNotice(pb.WriteNoticeRequest(appeal_id=closed))

    assert (early, late) == (0, 1)
    assert (shown.appeal.appellant, shown.appeal.subject.pattern) == ("", "")
    assert list(shown.appeal.documents) == []
    assert shown.appeal.events[-1].what == "erased"
    assert not (tmp_path / "appeals" / str(closed)).exists()
    assert (tmp_path / "appeals" / "2").exists()
    assert dict(report.by_state) == {"rejected": 1, "received": 1}
    assert "erased" in (notice.value.details() or "")


async def test_the_report_counts_appeals_and_measures_their_duration(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running, stub_of(running) as stub:
        running.workers |= {"gw1/1": None}
        await running.list_(LISTED)
        await running.listed_hit()
        await running.hit(SUSPECT_ID, from_party="+8617000000124")
        first, second = await opened(running, "Zhang"), await opened(running, "Li", SUSPECT_ID)
        running.clock.forward(2)
        await rejected(running, first)
        await running.built.appeals.review.take(second, "zhou")
        running.clock.forward(1)
        await running.built.appeals.review.decide(
            review.ReviewDecision(
                appeal_id=second, outcome=AppealState.UPHELD, reason="a bank", by="zhou"
            )
        )

        report = await stub.GetAppealReport(pb.GetAppealReportRequest())
        before = await stub.GetAppealReport(
            pb.GetAppealReportRequest(since_ms=1, until_ms=running.clock() - 4 * 3_600_000)
        )

    assert dict(report.by_blocked_by) == {"bureau": 1, "model": 1}
    assert dict(report.upheld_by_blocked_by) == {"model": 1}
    assert dict(report.by_opener) == {"desk": 2}
    assert (report.decision_seconds.median, report.decision_seconds.p95) == (9000, 10800)
    assert (report.lift_seconds.count, report.lifts_pending) == (1, 0)
    assert before.received == 0
    assert figure(running, 'fanzha_appeals_closed_total{outcome="rejected"}') == 1
    assert figure(running, "fanzha_appeal_lift_seconds_count") == 1
    assert figure(running, "fanzha_appeals_opened_total") == 2
