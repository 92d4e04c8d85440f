"""The queue of appeals by officer and subject, and notices before a decision, over gRPC."""

from pathlib import Path
from typing import Any

import grpc
import pytest

from fanzha.v1 import appeal_pb2 as pb
from tests.support.appeals import LISTED, LISTED_ID, OTHER, office, stub_of


async def opened(stub: Any, appellant: str = "Zhang San") -> pb.Appeal:
    answer = await stub.OpenAppeal(
        pb.OpenAppealRequest(
            decision_id=LISTED_ID,
            appellant=appellant,
            contact="zhang@company.example",
            grounds="this is our customer service",
            opened_by="carrier-desk",
        )
    )
    appeal: pb.Appeal = answer.appeal
    return appeal


async def taken(stub: Any, appeal_id: int, by: str) -> None:
    await stub.TakeAppeal(pb.TakeAppealRequest(appeal_id=appeal_id, by=by))


async def upheld(stub: Any, appeal_id: int, by: str) -> None:
    await stub.DecideAppeal(
        pb.DecideAppealRequest(
            appeal_id=appeal_id, outcome=pb.APPEAL_STATE_UPHELD, reason="a bank", by=by
        )
    )


async def test_the_queue_of_an_officer_and_the_appeals_about_a_number_are_listed(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running, stub_of(running) as stub:
        await running.list_(LISTED)
        await running.listed_hit()
        mine = await opened(stub)
        other = await opened(stub, "Li Si")
        await taken(stub, mine.appeal_id, "zhou")
        await taken(stub, other.appeal_id, "wu")
        await upheld(stub, mine.appeal_id, "zhou")

        of_wu = await stub.ListAppeals(pb.ListAppealsRequest(officer="wu"))
        of_zhou = await stub.ListAppeals(pb.ListAppealsRequest(officer="zhou"))
        about = await stub.ListAppeals(pb.ListAppealsRequest(pattern=LISTED))
        upheld_about = await stub.ListAppeals(
            pb.ListAppealsRequest(pattern=LISTED, state=pb.APPEAL_STATE_UPHELD)
        )
        nobody = await stub.ListAppeals(pb.ListAppealsRequest(pattern=OTHER))

    def ids(answer: pb.ListAppealsResponse) -> list[int]:
        return [one.appeal_id for one in answer.appeals]

    assert ids(of_wu) == [other.appeal_id]
    assert ids(of_zhou) == []
    assert ids(about) == [other.appeal_id, mine.appeal_id]
    assert ids(upheld_about) == [mine.appeal_id]
    assert ids(nobody) == []


async def test_a_notice_is_written_before_the_decision_and_changes_nothing(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running, stub_of(running) as stub:
        await running.list_(LISTED)
        await running.listed_hit()
        appeal = await opened(stub)
        draft = pb.NoticeDraft(
            outcome=pb.APPEAL_STATE_REJECTED,
            reason="three victims named this number",
            remedy="an action in court",
            documents_required="the contract",
        )
        ask = pb.WriteNoticeRequest(
            appeal_id=appeal.appeal_id, draft=draft, language=pb.LANGUAGE_EN
        )

        written = await stub.WriteNotice(ask)
        after = await stub.GetAppeal(pb.GetAppealRequest(appeal_id=appeal.appeal_id))
        lacking = pb.WriteNoticeRequest(
            appeal_id=appeal.appeal_id, draft=pb.NoticeDraft(outcome=pb.APPEAL_STATE_REJECTED)
        )
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.WriteNotice(lacking)

    assert written.kind == pb.NOTICE_KIND_REJECTED
    assert "three victims named this number" in written.text
    assert "an action in court" in written.text
    assert (after.appeal.state, after.appeal.revision) == (appeal.state, appeal.revision)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
