"""AppealService over gRPC, on a real store and lists that follow it."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import grpc
import pytest

from blocklists.entries import EntryKind
from fanzha.decisions import Action, MatchedOn, Reason
from fanzha.fingerprint import fingerprint
from fanzha.tables import Channel
from fanzha.v1 import appeal_pb2 as pb
from fanzha.v1 import blocklist_pb2
from services.audit.events import AuditKind
from services.decision.sinks.hit_store import DISMISSED
from tests.support.appeals import (
    LISTED,
    LISTED_ID,
    OTHER,
    SUSPECT_ID,
    Office,
    office,
    stub_of,
)
from tests.support.builders import NINE_O_CLOCK_MS

DOCUMENT = b"%PDF licence"
FINGERPRINT = fingerprint("您的积分8200分今日过期，请登录 jf.example 兑换现金，逾期作废")


def request(decision_id: int = LISTED_ID, **fields: Any) -> pb.OpenAppealRequest:
    given: dict[str, Any] = {
        "appellant": "Zhang San",
        "contact": "zhang@company.example",
        "grounds": "this is our customer service",
        "opened_by": "carrier-desk",
    }
    return pb.OpenAppealRequest(decision_id=decision_id, **given | fields)


async def opened(running: Office, stub: Any, **fields: Any) -> pb.Appeal:
    answer = await stub.OpenAppeal(request(**fields))
    appeal: pb.Appeal = answer.appeal
    return appeal


async def taken(stub: Any, appeal_id: int, by: str = "zhou") -> pb.Appeal:
    answer = await stub.TakeAppeal(pb.TakeAppealRequest(appeal_id=appeal_id, by=by))
    appeal: pb.Appeal = answer.appeal
    return appeal


async def upheld(stub: Any, appeal_id: int, **fields: Any) -> pb.Appeal:
    answer = await stub.DecideAppeal(
        pb.DecideAppealRequest(
            appeal_id=appeal_id,
            outcome=pb.APPEAL_STATE_UPHELD,
            reason="the number is that of a bank",
            **{"by": "zhou"} | fields,
        )
    )
    appeal: pb.Appeal = answer.appeal
    return appeal


async def status_of(call: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    return error.value.code(), error.value.details() or ""


async def test_a_decision_id_opens_an_appeal_about_the_blocked_party(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running, stub_of(running) as stub:
        await running.list_(LISTED, legal_bases=["Order 7"])
        await running.listed_hit()

        answer = await stub.OpenAppeal(request())
        shown = await stub.GetAppeal(pb.GetAppealRequest(appeal_id=answer.appeal.appeal_id))

    assert answer.first
    assert (answer.appeal.appellant, answer.appeal.subject.pattern) == ("Z***", "**********0123")
    assert "A1" in answer.receipt
    assert shown.appeal.subject.pattern == LISTED
    assert shown.appeal.appellant == "Zhang San"
    assert shown.appeal.decision_found == pb.DECISION_FOUND_HITS
    assert [entry.legal_basis for entry in shown.evidence.entries_then] == ["Order 7"]
    assert list(shown.evidence.change_ids.values()) == ["change:1"]
    assert shown.evidence.decision["reason"] == "BLOCKLISTED"
    assert [one.pattern for one in shown.evidence.would_remove] == [LISTED]
    assert running.audit.kinds() == [AuditKind.APPEAL_OPENED]
    assert LISTED not in str(running.audit.records)


async def test_an_appeal_is_idempotent_by_decision_and_appellant(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running, stub_of(running) as stub:
        await running.listed_hit()
        first = await stub.OpenAppeal(request())

        again = await stub.OpenAppeal(request(appellant="ZHANG  san", grounds="please"))
        other = await stub.OpenAppeal(request(appellant="Li Si"))

    assert (again.first, again.appeal.appeal_id) == (False, first.appeal.appeal_id)
    assert (other.first, other.appeal.appeal_id) == (True, 2)


async def test_a_closed_appeal_gets_a_successor_only_on_request(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running, stub_of(running) as stub:
        await running.listed_hit()
        first = await opened(running, stub)
        await stub.WithdrawAppeal(
            pb.WithdrawAppealRequest(appeal_id=first.appeal_id, reason="settled", by="zhou")
        )

        same = await stub.OpenAppeal(request())
        another = await stub.OpenAppeal(request(again=True))

    assert (same.first, same.appeal.state) == (False, pb.APPEAL_STATE_WITHDRAWN)
    assert (another.first, another.appeal.previous_appeal_id) == (True, first.appeal_id)


async def test_an_unlogged_decision_is_described_by_the_appellant(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running, stub_of(running) as stub:
        refused = await status_of(stub.OpenAppeal(request(decision_id=77)))
        answer = await stub.OpenAppeal(
            request(decision_id=77, pattern=LISTED, occurred_at_ms=NINE_O_CLOCK_MS)
        )

    assert refused[0] is grpc.StatusCode.NOT_FOUND
    assert "name who was blocked, and when" in refused[1]
    assert answer.appeal.decision_found == pb.DECISION_FOUND_APPELLANT


@pytest.mark.parametrize("at_ms", [NINE_O_CLOCK_MS * 1000, 2**63 - 1])
async def test_a_time_that_is_not_past_is_refused(
    redis_url: str, tmp_path: Path, at_ms: int
) -> None:
    async with office(redis_url, tmp_path) as running, stub_of(running) as stub:
        wish = request(decision_id=0, pattern=LISTED, occurred_at_ms=at_ms)
        code, why = await status_of(stub.OpenAppeal(wish))

    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "not a time of the past" in why


async def test_an_entry_can_be_appealed_against_without_a_decision(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running, stub_of(running) as stub:
        await running.list_("shop.example")

        appeal = await opened(running, stub, decision_id=0, pattern="http://Shop.example/")
        nothing = await status_of(stub.OpenAppeal(request(0, pattern="other.example")))

    assert appeal.subject.pattern == "shop.example"
    assert appeal.subject.kind == blocklist_pb2.ENTRY_KIND_HOST
    assert nothing[0] is grpc.StatusCode.NOT_FOUND


async def test_upheld_removes_the_entry_and_waits_for_every_worker(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running, stub_of(running) as stub:
        running.workers |= {"gw1/1": None, "gw1/2": None}
        await running.list_(LISTED)
        await running.listed_hit()
        appeal = await opened(running, stub)
        await taken(stub, appeal.appeal_id)

        done = await upheld(stub, appeal.appeal_id)
        left = await running.patterns(LISTED)

    assert done.state == pb.APPEAL_STATE_UPHELD
    assert left == set()
    assert [one.pattern for one in done.lift.removed] == [LISTED]
    assert not done.lift.HasField("allowed")
    assert (done.lift.list_version, done.lift.workers) == (2, 2)
    assert done.lift.change_id.startswith("change:")
    assert done.lift.HasField("seconds")
    assert [event.what for event in done.events][-3:] == ["upheld", "lift_committed", "lift_done"]
    assert running.audit.kinds() == [
        AuditKind.APPEAL_OPENED, AuditKind.APPEAL_TAKEN, AuditKind.APPEAL_DECIDED,
    ]  # fmt: skip


async def test_a_range_stays_and_the_one_number_is_allowed(redis_url: str, tmp_path: Path) -> None:
    async with office(redis_url, tmp_path) as running, stub_of(running) as stub:
        await running.list_("+86170000001*", LISTED)
        await running.listed_hit()
        appeal = await opened(running, stub)
        await taken(stub, appeal.appeal_id)

        done = await upheld(stub, appeal.appeal_id, allow_days=30)
        left = await running.patterns(LISTED)

    assert left == {(LISTED, Action.ALLOW), ("+86170000001*", Action.BLOCK)}
    assert done.lift.allowed.pattern == LISTED
    assert done.lift.allowed.expires_at_s == NINE_O_CLOCK_MS // 1000 + 30 * 86_400


async def test_a_block_by_a_model_is_allowed_and_becomes_an_example(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running, stub_of(running) as stub:
        await running.hit(SUSPECT_ID)
        appeal = await opened(running, stub, decision_id=SUSPECT_ID)
        await taken(stub, appeal.appeal_id)

        done = await upheld(stub, appeal.appeal_id)
        stored = await running.hits.find(SUSPECT_ID)
        dismissed = await running.hits.newest(DISMISSED)

    assert done.lift.allowed.pattern == LISTED
    assert done.lift.allowed.direction == blocklist_pb2.DIRECTION_FROM
    assert stored is not None
    assert (stored["verdict"], stored["verdict_by"]) == ("dismissed", "zhou")
    assert dismissed != "0-0"


@pytest.mark.parametrize(
    ("fields", "pattern", "kind"),
    [
        ({"from_party": "Bank", "channel": Channel.TEXT}, "Bank", EntryKind.SENDER),
        (
            {"channel": Channel.LINK, "url": "http://a.shop.example/x"},
            "a.shop.example",
            EntryKind.HOST,
        ),
        (
            {"channel": Channel.LINK, "url": "http://github.io/x?y"},
            "github.io/x",
            EntryKind.URL_PREFIX,
        ),
        (
            {"matched_on": MatchedOn.CALLEE, "pattern": OTHER, "reason": Reason.BLOCKLISTED},
            OTHER,
            EntryKind.NUMBER,
        ),
    ],
)
async def test_the_subject_is_the_party_that_the_decision_blocked(
    fields: dict[str, Any], pattern: str, kind: EntryKind, redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running, stub_of(running) as stub:
        await running.hit(SUSPECT_ID, **fields)
        appeal = await opened(running, stub, decision_id=SUSPECT_ID)
        await taken(stub, appeal.appeal_id)

        done = await upheld(stub, appeal.appeal_id)

    assert (done.subject.pattern, done.subject.kind) == (pattern, int(kind))
    assert done.lift.list_version in {0, 1}


@pytest.mark.parametrize(
    ("listed", "kind", "fields"),
    [
        (
            FINGERPRINT,
            6,
            {"matched_on": MatchedOn.TEXT, "pattern": FINGERPRINT, "from_party": "Shop"},
        ),
        ("shop.example", 4, {"matched_on": MatchedOn.LINK, "pattern": "shop.example"}),
        ("shop.example/pay/", 5, {"matched_on": MatchedOn.LINK, "pattern": "shop.example/pay/"}),
        ("BANK", 3, {"matched_on": MatchedOn.SENDER, "pattern": "BANK", "from_party": "Bank"}),
    ],
)
async def test_upholding_removes_the_entry_that_blocked_a_text(
    listed: str, kind: int, fields: dict[str, Any], redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running, stub_of(running) as stub:
        await running.list_(listed, kinds=[kind])
        await running.listed_hit(channel=Channel.TEXT, **fields)
        appeal = await opened(running, stub)
        await taken(stub, appeal.appeal_id)

        done = await upheld(stub, appeal.appeal_id)
        left = await running.patterns(listed)

    assert [one.pattern for one in done.lift.removed] == [listed]
    assert not done.lift.HasField("allowed")
    assert left == set()


async def test_rejecting_needs_reason_remedy_and_documents(redis_url: str, tmp_path: Path) -> None:
    async with office(redis_url, tmp_path) as running, stub_of(running) as stub:
        await running.list_(LISTED)
        await running.listed_hit()
        appeal = await opened(running, stub)
        await taken(stub, appeal.appeal_id)
        bare = pb.DecideAppealRequest(
            appeal_id=appeal.appeal_id,
            outcome=pb.APPEAL_STATE_REJECTED,
            reason="victims recognised the voice",
            by="zhou",
        )

        without = await status_of(stub.DecideAppeal(bare))
        bare.remedy = "complain to the communications administration"
        without_documents = await status_of(stub.DecideAppeal(bare))
        bare.documents_required = "licence"
        done = await stub.DecideAppeal(bare)
        left = await running.patterns(LISTED)

    assert (without[0], "remedy" in without[1]) == (grpc.StatusCode.INVALID_ARGUMENT, True)
    assert "documents_required" in without_documents[1]
    assert done.appeal.state == pb.APPEAL_STATE_REJECTED
    assert left == {(LISTED, Action.BLOCK)}


async def test_a_stored_document_is_read_back(redis_url: str, tmp_path: Path) -> None:
    digest = sha256(DOCUMENT).hexdigest()
    async with office(redis_url, tmp_path) as running, stub_of(running) as stub:
        await running.listed_hit()
        appeal = await opened(
            running, stub, documents=[pb.AppealDocument(name="licence.pdf", content=DOCUMENT)]
        )
        more = pb.AddDocumentsRequest(
            appeal_id=appeal.appeal_id,
            documents=[pb.AppealDocument(name="id.jpg", sha256="0" * 64)],
            by="carrier-desk",
        )

        added = await stub.AddDocuments(more)
        found = await stub.GetDocument(
            pb.GetDocumentRequest(appeal_id=appeal.appeal_id, sha256=digest)
        )
        missing = await status_of(
            stub.GetDocument(pb.GetDocumentRequest(appeal_id=appeal.appeal_id, sha256="0" * 64))
        )

    assert [(one.stored, one.size) for one in added.appeal.documents] == [(True, 12), (False, 0)]
    assert found.document.content == DOCUMENT
    assert missing[0] is grpc.StatusCode.NOT_FOUND
    assert AuditKind.EXPORTED in running.audit.kinds()
