"""Hits and warnings to cases, warnings and feedback, on a real store and over a real socket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from prometheus_client import CollectorRegistry

from fanzha.v1 import decision_pb2, warning_pb2_grpc
from fanzha.v1 import warning_pb2 as pb
from infra.clock import now_ms
from infra.redis.client import Client, connect
from infra.redis.consumer_group import ConsumerGroup, StreamEntry
from infra.redis.stream_consumer import StreamConsumer
from services.decision.sinks.hit_store import CONFIRMED, DISMISSED
from services.rpc.warnings.handler import WarningServicer
from services.settings.settings import Settings
from services.warning import keys, wiring
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind, MessageRef
from services.warning.dispatch import outbox_relay
from services.warning.model import Risk
from services.warning.wiring import WarningPipeline
from tests.support import warnings
from tests.support.rpc_server import rpc_server

PATIENCE_SECONDS = 240.0


@pytest.fixture(params=["redis_url", "cluster_url"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client]:
    client = connect(url)
    yield client
    await client.aclose()


@pytest.fixture
async def pipeline(url: str, client: Client, tmp_path: Path) -> WarningPipeline:
    settings = Settings(redis_url=url, data_dir=tmp_path, warning_claim_ms=500)
    return wiring.build(settings, client, registry=CollectorRegistry(), now_ms=now_ms)


@asynccontextmanager
async def running(pipeline: WarningPipeline) -> AsyncIterator[None]:
    tasks = pipeline.start()
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def served(
    pipeline: WarningPipeline,
) -> "AsyncIterator[warning_pb2_grpc.WarningServiceAsyncStub]":
    servicers = {"warning": WarningServicer(pipeline.submission, pipeline.sources)}
    async with rpc_server(servicers) as target, grpc.aio.insecure_channel(target) as channel:
        yield warning_pb2_grpc.WarningServiceStub(channel)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.02)


def a_hit(decision_id: int, victim: str = "+8617000000001", **fields: str) -> dict[str, str]:
    return {
        "decision_id": str(decision_id),
        "channel": "CALL",
        "from_party": "+8619900000001",
        "to_party": victim,
        "fraud_type": "FAKE_LOAN",
        "action": "BLOCK",
        "reason": "BLOCKLISTED",
        "pattern": "+8619900000001",
        "entry_id": "e1",
        "evidence": "CALLER",
        "occurred_at_ms": str(now_ms()),
    } | fields


async def append(client: Client, *hits: dict[str, str]) -> None:
    for hit in hits:
        await client.xadd(CONFIRMED, hit)  # type: ignore[arg-type]


async def handed(client: Client) -> list[dict[str, str]]:
    found: Any = await client.xrange(outbox_relay.send_stream("sms"))
    return [fields for _place, fields in found]


def requests(*warnings: pb.Warning) -> list[pb.SubmitWarningsRequest]:
    return [pb.SubmitWarningsRequest(warning=warning) for warning in warnings]


def a_warning(reference: str = "1", **fields: object) -> pb.Warning:
    warning = pb.Warning(
        source=decision_pb2.SOURCE_CARRIER,
        source_name="carrier.example",
        reference=reference,
        victim="+8617000000001",
        means_kind=pb.MEANS_KIND_CALLER,
        means="+8619900000001",
        occurred_at_ms=now_ms() - 1000,
    )
    warning.MergeFrom(pb.Warning(**fields))  # type: ignore[arg-type]
    return warning


async def submit(
    stub: "warning_pb2_grpc.WarningServiceAsyncStub", sent: Sequence[pb.SubmitWarningsRequest]
) -> list[pb.SubmitWarningsResponse]:
    return [one async for one in stub.SubmitWarnings(iter(sent), timeout=PATIENCE_SECONDS)]


async def test_hits_of_one_person_become_one_case_and_one_warning(
    client: Client, pipeline: WarningPipeline
) -> None:
    await append(client, a_hit(1), a_hit(2), a_hit(1), a_hit(3, "+8617000000002"))

    async def two() -> bool:
        return len(await handed(client)) == 2

    async with running(pipeline):
        await until(two)

    sent = await handed(client)
    page = await pipeline.listing.page(lambda _case: True)
    assert sorted(case.hits for case in page.cases) == [1, 2]
    assert {one["to"] for one in sent} == {"+8617000000001", "+8617000000002"}
    assert len({one["message_id"] for one in sent}) == 2


async def test_the_caller_of_a_listed_number_is_the_person_at_risk(
    client: Client, pipeline: WarningPipeline
) -> None:
    back = a_hit(1, "+8619900000001", from_party="+8617000000009", evidence="CALLEE")
    await append(client, back)

    async def one() -> bool:
        return bool(await handed(client))

    async with running(pipeline):
        await until(one)

    assert (await handed(client))[0]["to"] == "+8617000000009"


async def test_old_hits_and_hits_without_a_person_at_risk_warn_no_one(
    client: Client, pipeline: WarningPipeline
) -> None:
    unknown = a_hit(2)
    del unknown["to_party"]
    await append(client, a_hit(1, occurred_at_ms="1000"), unknown, a_hit(3, reason="SPAM"))
    await append(client, a_hit(4, fraud_type=""))

    await pipeline.hits.step()

    assert await pipeline.listing.count() == 0
    assert await pipeline.dead.count() == 0


async def test_an_unreadable_hit_becomes_a_dead_letter_and_blocks_no_other(
    client: Client, pipeline: WarningPipeline
) -> None:
    await append(client, {"decision_id": "1"}, a_hit(2))

    await pipeline.hits.step()

    (letter,) = await pipeline.dead.list()
    assert "occurred_at_ms" in letter.reason
    assert letter.fields == {"decision_id": "1"}
    assert await pipeline.listing.count() == 1


async def test_a_replayed_dead_letter_is_handled_again(
    client: Client, pipeline: WarningPipeline
) -> None:
    await append(client, {"decision_id": "1"})
    await pipeline.hits.step()
    (letter,) = await pipeline.dead.list()

    await pipeline.dead.replay(letter)

    assert await pipeline.dead.count() == 0
    await pipeline.hits.step()
    assert await pipeline.dead.count() == 1


async def test_an_entry_that_fails_five_times_becomes_a_dead_letter_with_its_reason(
    client: Client, pipeline: WarningPipeline
) -> None:
    tried = []

    async def fail(entries: Sequence[StreamEntry]) -> None:
        tried.append(len(entries))
        raise RuntimeError("broken")

    await append(client, a_hit(1))
    group = ConsumerGroup(client, stream=CONFIRMED, group="test", consumer="a")
    consumer = StreamConsumer(
        group, fail, dead_letters=pipeline.dead, now_ms=now_ms, claim_ms=1, block_ms=1
    )

    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await pipeline.dead.count():
            await consumer.step()

    (letter,) = await pipeline.dead.list()
    assert (letter.tries, len(tried)) == (5, 5)
    assert "RuntimeError" in letter.reason
    assert await group.backlog() == (0, 0)


async def test_entries_of_a_dead_consumer_are_claimed(
    client: Client, pipeline: WarningPipeline
) -> None:
    await append(client, a_hit(1))
    held = await ConsumerGroup(client, stream=CONFIRMED, group="warning", consumer="gone").read_new(
        10, 0
    )

    async def one() -> bool:
        return bool(await handed(client))

    async with running(pipeline):
        await until(one)

    assert len(held) == 1


async def test_each_record_of_a_stream_is_answered_and_a_bad_one_stops_no_other(
    pipeline: WarningPipeline,
) -> None:
    first = a_warning("1")
    async with served(pipeline) as stub:
        answers = await submit(
            stub,
            requests(
                first,
                a_warning("2", victim="110"),
                a_warning("3", risk=pb.RISK_LEVEL_HIGH),
                first,
                a_warning("4", occurred_at_ms=now_ms() + 3_600_000),
                a_warning("5", source_name="fanzha/../x"),
            ),
        )

    assert [answer.taken for answer in answers] == [
        pb.TAKEN_ACCEPTED,
        pb.TAKEN_REFUSED,
        pb.TAKEN_JOINED,
        pb.TAKEN_DUPLICATE,
        pb.TAKEN_REFUSED,
        pb.TAKEN_REFUSED,
    ]
    assert answers[1].reason == "victim: not a phone number of a person"
    assert answers[4].reason.startswith("occurred_at:")


async def test_a_source_receives_the_outcome_of_each_warning_once(
    client: Client, pipeline: WarningPipeline
) -> None:
    async with served(pipeline) as stub, running(pipeline):
        (answer,) = await submit(stub, requests(a_warning("x")))
        case = await pipeline.store.get(answer.case_id)
        (message_id,) = case.messages
        message = MessageRef(id=message_id, channel="sms")
        for _ in range(2):
            await pipeline.delivery.delivered(message, by="smpp")
        close = CaseEvent(
            kind=EventKind.CLOSED, at_ms=now_ms(), by="wang", outcome=CaseOutcome.FALSE_ALARM
        )
        await pipeline.store.change(answer.case_id, lambda _case: [close])
        found = []
        async for one in stub.FollowFeedback(
            pb.FollowFeedbackRequest(source_name="carrier.example"), timeout=PATIENCE_SECONDS
        ):
            found.append((one.reference, one.what))
            if one.what.startswith("closed"):
                break
        quality = await stub.GetSourceQuality(pb.GetSourceQualityRequest())

    assert found == [("x", "warned"), ("x", "reached"), ("x", "closed_false_alarm")]
    (record,) = quality.sources
    assert (record.accepted, record.false_alarms, record.confirmed) == (1, 1, 0)
    assert (record.false_cases, record.confirmed_cases) == (1, 0)
    assert record.reliability == pytest.approx(1 / 3)
    assert sum(bucket.warnings for bucket in record.delays) == 1


async def test_a_warning_of_a_case_that_was_closed_before_is_not_sent(
    client: Client, pipeline: WarningPipeline
) -> None:
    await append(client, a_hit(1))
    await pipeline.hits.step()
    (case,) = (await pipeline.listing.page(lambda _case: True)).cases
    close = CaseEvent(kind=EventKind.CLOSED, at_ms=now_ms(), by="wang", outcome=CaseOutcome.SAFE)
    await pipeline.store.change(case.id, lambda _case: [close])

    async def failed() -> bool:
        return set((await pipeline.store.get(case.id)).messages.values()) == {"failed"}

    async with running(pipeline):
        await until(failed)

    assert await handed(client) == []


async def test_a_case_raised_before_dispatch_sends_the_warning_of_its_new_tier_only(
    client: Client, pipeline: WarningPipeline
) -> None:
    await append(client, a_hit(1))
    await pipeline.hits.step()
    await pipeline.intake.ingest([warnings.a_warning(risk=Risk.HIGH)])
    (case,) = (await pipeline.listing.page(lambda _case: True)).cases
    medium, high = case.messages

    async with running(pipeline):
        await until(lambda: _is(pipeline, case.id, {medium: "failed", high: "queued"}))
        await until(lambda: _some_handed(client))  # which comes after what failed is on record

    assert [fields["message_id"] for fields in await handed(client)] == [high]


async def test_a_warning_queued_before_a_crash_is_not_reported_as_unsent(
    client: Client, pipeline: WarningPipeline
) -> None:
    await append(client, a_hit(1))
    await pipeline.hits.step()
    (case,) = (await pipeline.listing.page(lambda _case: True)).cases
    (message,) = case.messages
    todos = keys.key(keys.shard_of(case.id), "outbox")
    todo: dict[Any, Any] = {"task": f"send {case.id} {message} sms 0"}

    async with running(pipeline):
        await until(lambda: _some_handed(client))
        close = CaseEvent(
            kind=EventKind.CLOSED, at_ms=now_ms(), by="wang", outcome=CaseOutcome.SAFE
        )
        await pipeline.store.change(case.id, lambda _case: [close])
        await client.xadd(todos, todo)
        await until(lambda: _is_empty(client, todos))

    assert (await pipeline.store.get(case.id)).messages == {message: "queued"}
    assert [fields["message_id"] for fields in await handed(client)] == [message]


async def _is_empty(client: Client, stream: str) -> bool:
    return not await client.xlen(stream)


async def _some_handed(client: Client) -> bool:
    return bool(await handed(client))


async def _is(pipeline: WarningPipeline, case_id: str, messages: dict[str, str]) -> bool:
    return (await pipeline.store.get(case_id)).messages == messages


async def test_a_case_based_only_on_a_dismissed_hit_is_closed(
    client: Client, pipeline: WarningPipeline
) -> None:
    two, one = "+8617000000001", "+8617000000002"
    await append(client, a_hit(1, two), a_hit(2, two), a_hit(3, one))
    await pipeline.hits.step()
    for hit in (a_hit(1, two), a_hit(3, one), a_hit(4, one)):
        await client.xadd(DISMISSED, hit | {"verdict_by": "wang", "note": "a bank"})  # type: ignore[arg-type]

    await pipeline.dismissals.step()

    page = await pipeline.listing.page(lambda _case: True, only_open=False)
    states = {case.victim: (case.open, case.outcome) for case in page.cases}
    assert states == {two: (True, None), one: (False, CaseOutcome.FALSE_ALARM)}


async def test_completed_tasks_are_removed_from_the_outbox_stream(
    client: Client, pipeline: WarningPipeline
) -> None:
    await append(client, *(a_hit(number, f"+86170000000{number}") for number in range(10, 40)))

    async def done() -> bool:
        left = [int(await client.xlen(keys.key(shard, "outbox"))) for shard in keys.SHARDS]
        return len(await handed(client)) == 30 and not sum(left)

    async with running(pipeline):
        await until(done)
