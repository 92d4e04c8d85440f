"""FeedbackService over gRPC, on a real store."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest
import redis

from fanzha.decisions import Action, Reason
from fanzha.phone import HomePlan
from fanzha.tables import Bools, Channel, Int64s
from fanzha.v1 import decision_pb2, feedback_pb2_grpc
from fanzha.v1 import feedback_pb2 as pb
from infra.redis.client import connect
from services.decision.sinks.hit_records import Hit
from services.decision.sinks.hit_store import CONFIRMED, DISMISSED, HitStore
from services.feedback.call_ends import CallEndReports
from services.feedback.service import FeedbackService
from services.rpc.feedback.handler import FeedbackServicer
from tests.support.builders import as_written
from tests.support.rpc_server import rpc_server

NOW_MS = 1_767_603_600_000
SUSPECT = 2**40 + 1
LISTED = 2**40 + 2
UNKNOWN = 2**63 + 3
HOME = HomePlan()


class EndsSeen:
    """Takes ended calls, and keeps them for a look."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, bool, int, int]] = []

    def __call__(
        self,
        callers: Int64s,
        callees: Int64s,
        answered: Bools,
        durations_ms: Int64s,
        ended_at_ms: Int64s,
    ) -> None:
        columns = (callers, callees, answered, durations_ms, ended_at_ms)
        self.rows += zip(*(column.tolist() for column in columns), strict=True)


@asynccontextmanager
async def service(
    url: str, ends: EndsSeen | None = None
) -> AsyncIterator["feedback_pb2_grpc.FeedbackServiceAsyncStub"]:
    client = connect(url)
    store = HitStore(client)
    servicer = FeedbackServicer(
        FeedbackService(store=store, home=HOME, now_ms=lambda: NOW_MS),
        CallEndReports(home=HOME, record_ends=ends or EndsSeen(), now_ms=lambda: NOW_MS),
    )
    async with (
        rpc_server({"feedback": servicer}) as target,
        grpc.aio.insecure_channel(target) as channel,
    ):
        yield feedback_pb2_grpc.FeedbackServiceStub(channel)
    await client.aclose()


async def keep_two_hits(url: str) -> None:
    client = connect(url)
    suspect = Hit(
        decision_id=SUSPECT,
        channel=Channel.CALL,
        from_party="+8617000000100",
        to_party="+8617000000200",
        reason=Reason.SCORED,
        occurred_at_ms=NOW_MS,
    )
    listed = Hit(
        decision_id=LISTED,
        channel=Channel.TEXT,
        from_party="Bank",
        to_party="+8617000000200",
        reason=Reason.BLOCKLISTED,
        occurred_at_ms=NOW_MS,
    )
    await HitStore(client).write([as_written(suspect), as_written(listed)])
    await client.aclose()


def entries(url: str, stream: str) -> list[tuple[str, dict[str, str]]]:
    with redis.Redis.from_url(url, decode_responses=True) as client:
        return list(client.xrange(stream))


def record(url: str, decision_id: int) -> dict[str, str]:
    with redis.Redis.from_url(url, decode_responses=True) as client:
        return dict(client.hgetall(f"fanzha:decision:{decision_id}"))


async def test_a_confirmed_suspect_becomes_a_confirmed_hit_in_the_append_only_file(
    redis_url: str,
) -> None:
    await keep_two_hits(redis_url)
    request = pb.ConfirmHitRequest(
        decision_id=SUSPECT,
        confirmed_by="li",
        note="the victim called us",
        fraud_type=decision_pb2.FRAUD_TYPE_FAKE_LOAN,
    )

    async with service(redis_url) as feedback:
        answer = await feedback.ConfirmHit(request)

    place, hit = entries(redis_url, CONFIRMED)[-1]
    assert (answer.first, answer.stream_id) == (True, place)
    assert answer.durability == pb.DURABILITY_SYNCED
    assert (hit["decision_id"], hit["to_party"]) == (str(SUSPECT), "+8617000000200")
    assert (hit["fraud_type"], hit["verdict"], hit["verdict_by"]) == (
        "FAKE_LOAN",
        "confirmed",
        "li",
    )
    assert hit["note"] == "the victim called us"


async def test_a_confirmation_says_what_the_service_had_done(redis_url: str) -> None:
    await keep_two_hits(redis_url)
    let_through = Hit(
        decision_id=SUSPECT + 10,
        channel=Channel.CALL,
        from_party="+8617000000100",
        to_party="+8617000000200",
        action=Action.ALLOW,
        reason=Reason.REVIEW,
        occurred_at_ms=NOW_MS,
    )
    client = connect(redis_url)
    await HitStore(client).write([as_written(let_through)])
    await client.aclose()

    async with service(redis_url) as feedback:
        allowed, again, blocked = [
            await feedback.ConfirmHit(pb.ConfirmHitRequest(decision_id=one, confirmed_by="li"))
            for one in (SUSPECT + 10, SUSPECT + 10, SUSPECT)
        ]

    assert (allowed.first, allowed.action) == (True, decision_pb2.ACTION_ALLOW)
    assert (again.first, again.action) == (False, decision_pb2.ACTION_ALLOW)
    assert blocked.action == decision_pb2.ACTION_BLOCK


async def test_a_repeated_confirmation_is_one_hit(redis_url: str) -> None:
    await keep_two_hits(redis_url)

    async with service(redis_url) as feedback:
        first = await feedback.ConfirmHit(
            pb.ConfirmHitRequest(decision_id=SUSPECT, confirmed_by="li")
        )
        again = await feedback.ConfirmHit(
            pb.ConfirmHitRequest(decision_id=SUSPECT, confirmed_by="wang")
        )

    assert (first.first, again.first) == (True, False)
    assert again.stream_id == first.stream_id
    ids = [hit["decision_id"] for _, hit in entries(redis_url, CONFIRMED)]
    assert ids.count(str(SUSPECT)) == 1


async def test_confirming_a_hit_of_a_list_adds_nothing(redis_url: str) -> None:
    await keep_two_hits(redis_url)
    [(place, _)] = entries(redis_url, CONFIRMED)

    async with service(redis_url) as feedback:
        answer = await feedback.ConfirmHit(
            pb.ConfirmHitRequest(decision_id=LISTED, confirmed_by="li")
        )

    assert (answer.first, answer.stream_id) == (False, place)
    assert len(entries(redis_url, CONFIRMED)) == 1
    assert record(redis_url, LISTED)["verdict"] == "confirmed"


async def test_a_decision_without_a_stored_hit_can_be_confirmed_from_the_described_traffic(
    redis_url: str,
) -> None:
    traffic = pb.DecidedTraffic(
        channel=decision_pb2.CHANNEL_CALL,
        from_party="0086 170 0000 0100",
        to_party="17000000200",
        occurred_at_ms=NOW_MS - 60_000,
    )

    async with service(redis_url) as feedback:
        answer = await feedback.ConfirmHit(
            pb.ConfirmHitRequest(decision_id=UNKNOWN, confirmed_by="li", traffic=traffic)
        )
        dismissed = await feedback.DismissHit(
            pb.DismissHitRequest(decision_id=UNKNOWN, dismissed_by="li")
        )

    [(_, hit)] = entries(redis_url, CONFIRMED)
    assert answer.first
    assert (hit["from_party"], hit["to_party"]) == ("+8617000000100", "+8617000000200")
    assert hit["occurred_at_ms"] == str(NOW_MS - 60_000)
    assert dismissed.first


async def test_the_last_verdict_counts_and_both_stay_on_record(redis_url: str) -> None:
    await keep_two_hits(redis_url)

    async with service(redis_url) as feedback:
        await feedback.ConfirmHit(pb.ConfirmHitRequest(decision_id=SUSPECT, confirmed_by="li"))
        answer = await feedback.DismissHit(
            pb.DismissHitRequest(decision_id=SUSPECT, dismissed_by="wang", note="a delivery")
        )
        repeated = await feedback.DismissHit(
            pb.DismissHitRequest(decision_id=SUSPECT, dismissed_by="wang")
        )

    [(_, hit)] = entries(redis_url, DISMISSED)
    assert (answer.first, repeated.first) == (True, False)
    assert answer.durability == pb.DURABILITY_SYNCED
    assert (hit["verdict"], hit["verdict_by"], hit["note"]) == ("dismissed", "wang", "a delivery")
    assert str(SUSPECT) in {hit["decision_id"] for _, hit in entries(redis_url, CONFIRMED)}
    assert record(redis_url, SUSPECT)["verdict"] == "dismissed"


async def test_without_an_append_only_file_the_answer_promises_memory_only(
    redis_url: str,
) -> None:
    await keep_two_hits(redis_url)
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("appendonly", "no")
        try:
            async with service(redis_url) as feedback:
                answer = await feedback.ConfirmHit(
                    pb.ConfirmHitRequest(decision_id=SUSPECT, confirmed_by="li")
                )
        finally:
            client.config_set("appendonly", "yes")
            # It writes the file anew, and until that is done it says of no write that it is there.
            client.set("fanzha:written", "1")
            rewritten = client.execute_command("WAITAOF", 1, 0, 60_000)

    assert rewritten[0] == 1
    assert answer.first
    assert answer.durability == pb.DURABILITY_MEMORY


@pytest.mark.parametrize(
    ("request_", "status", "named"),
    [
        (pb.ConfirmHitRequest(decision_id=UNKNOWN, confirmed_by="li"), "NOT_FOUND", "decision_id"),
        (pb.ConfirmHitRequest(confirmed_by="li"), "INVALID_ARGUMENT", "decision_id"),
        (pb.ConfirmHitRequest(decision_id=SUSPECT), "INVALID_ARGUMENT", "confirmed_by"),
        (
            pb.ConfirmHitRequest(
                decision_id=SUSPECT,
                confirmed_by="li",
                fraud_type=decision_pb2.FraudType.ValueType(99),
            ),
            "INVALID_ARGUMENT",
            "fraud_type",
        ),
        (
            pb.ConfirmHitRequest(decision_id=SUSPECT, confirmed_by="li", note="长" * 1001),
            "INVALID_ARGUMENT",
            "note",
        ),
        (
            pb.ConfirmHitRequest(
                decision_id=UNKNOWN, confirmed_by="li", traffic=pb.DecidedTraffic()
            ),
            "INVALID_ARGUMENT",
            "traffic.channel",
        ),
        (
            pb.ConfirmHitRequest(
                decision_id=UNKNOWN,
                confirmed_by="li",
                traffic=pb.DecidedTraffic(channel=decision_pb2.CHANNEL_LINK, url=" "),
            ),
            "INVALID_ARGUMENT",
            "traffic.url",
        ),
        (
            pb.ConfirmHitRequest(
                decision_id=UNKNOWN,
                confirmed_by="li",
                traffic=pb.DecidedTraffic(channel=decision_pb2.CHANNEL_TEXT, from_party="Bank"),
            ),
            "INVALID_ARGUMENT",
            "traffic.to_party",
        ),
    ],
)
async def test_an_invalid_confirmation_is_refused_by_field(
    redis_url: str, request_: pb.ConfirmHitRequest, status: str, named: str
) -> None:
    await keep_two_hits(redis_url)

    async with service(redis_url) as feedback:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await feedback.ConfirmHit(request_)

    assert refused.value.code().name == status
    assert named in str(refused.value.details())


async def test_no_verdict_is_acknowledged_while_the_store_is_unavailable() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"

        async with service(url) as feedback:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await feedback.ConfirmHit(
                    pb.ConfirmHitRequest(decision_id=SUSPECT, confirmed_by="li"), timeout=30
                )

    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_bad_call_ends_are_reported_and_the_others_counted(redis_url: str) -> None:
    seen = EndsSeen()
    good = pb.CallEnd(
        caller="17000000100", callee="+8617000000200", answered=True, duration_ms=61_000
    )
    bad = pb.CallEnd(caller="?", callee="+8617000000200")
    longer_than_answered = pb.CallEnd(caller="17000000100", callee="110", duration_ms=5)
    at = pb.CallEnd(caller="anonymous", callee="110", ended_at_ms=NOW_MS - 1)

    async with service(redis_url, seen) as feedback:
        answer = await feedback.ReportCallEnds(
            pb.ReportCallEndsRequest(ends=[bad, good, longer_than_answered, at])
        )

    assert answer.accepted == 2
    assert [(error.row, error.error.split(":")[0]) for error in answer.errors] == [
        (0, "caller"),
        (2, "duration_ms"),
    ]
    assert seen.rows == [
        (8617000000100, 8617000000200, True, 61_000, NOW_MS),
        (HOME.sender_key("anonymous"), -110, False, 0, NOW_MS - 1),
    ]


async def test_a_report_without_calls_is_refused(redis_url: str) -> None:
    async with service(redis_url) as feedback:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await feedback.ReportCallEnds(pb.ReportCallEndsRequest())

    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
