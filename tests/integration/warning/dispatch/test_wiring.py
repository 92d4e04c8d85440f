"""From a hit to an SMS at a real message centre, and what it says back to the case."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from infra.clock import now_ms
from infra.redis.client import Client, connect
from services.settings.settings import Settings
from services.warning import wiring
from services.warning.cases import state_machine
from services.warning.cases.events import EventKind
from services.warning.cases.model import Case
from services.warning.cases.opening import ContactStep, TierAssessment
from services.warning.channels import sink
from services.warning.channels.city_queues import GROUP, queue
from services.warning.dispatch import wiring as dispatch_wiring
from services.warning.dispatch.metrics import ChannelMetrics
from services.warning.dispatch.outbox_relay import send_stream
from services.warning.model import Region, Tier
from services.warning.wiring import WarningPipeline
from tests.support.external_servers import needed_message_centre
from tests.support.smsc import MessageCentre
from tests.support.warnings import a_warning

_PATIENCE_SECONDS = 60.0


class Plan:
    """SMS first, then a call."""

    def region(self, victim: str) -> Region:
        return Region(province="33", city="3301", how="prefix")

    def assess(self, case: Case) -> TierAssessment:
        return TierAssessment(tier=Tier.HIGH)

    def step(self, tier: Tier, number: int) -> ContactStep | None:
        channels = ("sms", "voice")
        return ContactStep(channel=channels[number], within_ms=3_600_000) if number < 2 else None


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def centre() -> AsyncIterator[MessageCentre]:
    async with needed_message_centre() as running:
        yield running


@asynccontextmanager
async def pipeline(
    client: Client, redis_url: str, folder: Path, **more: Any
) -> AsyncIterator[WarningPipeline]:
    settings = Settings(redis_url=redis_url, data_dir=folder, warning_claim_ms=500, **more)
    registry, plan = CollectorRegistry(), Plan()
    built = wiring.build(settings, client, registry=registry, now_ms=now_ms, router=plan)
    sending = dispatch_wiring.build(
        settings,
        client,
        pipeline=built,
        router=plan,
        metrics=ChannelMetrics(registry),
        now_ms=now_ms,
    )
    tasks = [*built.start(), *sending.start()]
    try:
        yield built
    finally:
        await sending.drain(5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await sending.close()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not await holds():  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.02)


async def opened(built: WarningPipeline) -> str:
    (result,) = await built.intake.ingest([a_warning(1)])
    return result.case_id


async def test_a_warning_arrives_and_its_receipt_reaches_the_case(
    client: Client, redis_url: str, tmp_path: Path, centre: MessageCentre
) -> None:
    address = f"127.0.0.1:{centre.port}"
    async with pipeline(client, redis_url, tmp_path, warning_smpp_address=address) as built:
        case_id = await opened(built)
        (got,) = await centre.wait_for("message")

        async def reached() -> bool:
            return bool((await built.store.get(case_id)).reached_at_ms)

        await until(reached)
        case = await built.store.get(case_id)
        history = await built.store.history(case_id)

    assert got["to"] == "8617000000001"
    assert list(case.messages.values()) == [EventKind.DELIVERED.value]
    assert state_machine.fold(history) == case
    assert await client.xlen(send_stream("sms")) == 0


async def test_a_number_refused_by_sms_is_escalated_to_voice_at_once(
    client: Client, redis_url: str, tmp_path: Path, centre: MessageCentre
) -> None:
    await centre.order(refuse=0x0B)
    address = f"127.0.0.1:{centre.port}"
    async with pipeline(client, redis_url, tmp_path, warning_smpp_address=address) as built:
        case_id = await opened(built)
        stream = queue("voice", "3301")

        async def queued() -> bool:
            return bool(await client.xlen(stream))

        await until(queued)
        answer: Any = await client.xreadgroup(GROUP, "desk-1", {stream: ">"})
        ((place, _fields),) = next(iter(dict(answer).values()))
        await client.xack(stream, GROUP, place)

        async def reached() -> bool:
            return bool((await built.store.get(case_id)).reached_at_ms)

        await until(reached)
        kinds = [event.kind for event in await built.store.history(case_id)]

    assert kinds.index(EventKind.FAILED) < kinds.index(EventKind.ESCALATED)
    assert kinds.count(EventKind.ESCALATED) == 1


async def test_without_a_message_centre_sms_wait_in_their_stream(
    client: Client, redis_url: str, tmp_path: Path
) -> None:
    async with pipeline(client, redis_url, tmp_path) as built:
        await opened(built)

        async def waits() -> bool:
            return await client.xlen(send_stream("sms")) == 1

        await until(waits)


async def test_in_test_mode_no_message_leaves(
    client: Client, redis_url: str, tmp_path: Path, centre: MessageCentre
) -> None:
    address = f"127.0.0.1:{centre.port}"
    async with pipeline(
        client, redis_url, tmp_path, warning_smpp_address=address, warning_test_mode=True
    ) as built:
        await opened(built)

        async def taken() -> bool:
            return await client.xlen(sink.STREAM) == 1

        await until(taken)
        counts = await centre.counts()

    assert counts["submits"] == 0
