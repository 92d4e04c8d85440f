"""A batch that is written to be slow keeps nobody else waiting, and stops when nobody waits."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from fanzha.phone import HomePlan
from fanzha.tables import Channel
from fanzha.v1 import interception_pb2 as pb
from fanzha.v1 import interception_pb2_grpc as pb_grpc
from services.decision.observer import Observer
from services.decision.shed_reasons import ShedReason
from services.rpc.decide.handler import InterceptionServicer
from services.rpc.decide.message_decoder import MessageDecoder
from services.rpc.security import DEVELOPMENT
from services.rpc.server import RpcServer
from tests.support.builders import NINE_O_CLOCK_S, an_engine

ROWS = 1024
HOSTILE = "http://" + "a." * 4086
DEADLINE_SECONDS = 5.0


@asynccontextmanager
async def serving(observer: Observer) -> AsyncIterator[tuple[str, list[ShedReason]]]:
    shed: list[ShedReason] = []
    servicer = InterceptionServicer(
        engine=an_engine(observer=observer),
        reader=MessageDecoder(HomePlan("86")),
        now_ms=lambda: NINE_O_CLOCK_S * 1000,
        observer=observer,
    )
    server = RpcServer(
        {"interception": servicer},
        max_message_bytes=2**25,
        security=DEVELOPMENT,
        shed=shed.append,
    )
    port = await server.start("127.0.0.1", 0)
    await server.serve()
    yield f"127.0.0.1:{port}", shed
    await server.drain(5)


def connect(target: str) -> grpc.aio.Channel:
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", 2**25)]
    return grpc.aio.insecure_channel(target, options)


def hostile(rows: int) -> pb.DecideTextsRequest:
    text = pb.Text(sender="+8617000000001", receiver="+8619900000001", body=HOSTILE)
    return pb.DecideTextsRequest(texts=[text] * rows)


async def test_a_health_check_and_a_text_are_answered_before_a_hostile_batch_is() -> None:
    begun, order = asyncio.Event(), list[str]()
    observer = Observer(stage_done=lambda _channel, _stage: begun.set())

    async with (
        serving(observer) as (target, shed),
        connect(target) as one,
        connect(target) as other,
    ):
        long = pb_grpc.InterceptionServiceStub(one)
        short: Any = pb_grpc.InterceptionServiceStub(other)
        health: Any = health_pb2_grpc.HealthStub(other)

        async def ask_hostile() -> Any:
            answer = await long.DecideTexts(hostile(ROWS))
            order.append("hostile")
            return answer

        waiting = asyncio.create_task(ask_hostile())
        await begun.wait()
        checked = await health.Check(health_pb2.HealthCheckRequest())
        order.append("health")
        text = pb.Text(sender="+8617000000001", receiver="+8619900000001", body="您好")
        await short.DecideText(pb.DecideTextRequest(text=text))
        order.append("text")
        decisions = (await waiting).decisions

    assert order == ["health", "text", "hostile"]
    assert checked.status == health_pb2.HealthCheckResponse.SERVING
    assert len(decisions.actions) == ROWS
    assert sum(detail.read_bytes > 0 for detail in decisions.details) == ROWS
    assert shed == []


async def test_a_batch_whose_deadline_has_passed_is_dropped_between_stages() -> None:
    stages: Counter[str] = Counter()

    def stage_done(_channel: Channel, stage: str) -> None:
        stages[stage] += 1
        if stage == "lists":
            # Blocks the loop until it has passed, as a slow stage does.
            time.sleep(asked_at + 1.1 * DEADLINE_SECONDS - time.monotonic())

    async with (
        serving(Observer(stage_done=stage_done)) as (target, shed),
        connect(target) as channel,
    ):
        stub: Any = pb_grpc.InterceptionServiceStub(channel)
        await channel.channel_ready()
        asked_at = time.monotonic()
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await stub.DecideTexts(hostile(2), timeout=DEADLINE_SECONDS)

    assert failure.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert stages == {"convert": 1, "lists": 1}
    assert shed == [ShedReason.LATE_BETWEEN_STAGES]
