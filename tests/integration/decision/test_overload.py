"""Above its capacity a server refuses some requests, answers the others rightly, and lives on."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from fanzha.decisions import Action
from fanzha.phone import HomePlan
from fanzha.v1 import interception_pb2 as pb
from fanzha.v1 import interception_pb2_grpc as pb_grpc
from services.decision.observer import Observer
from services.decision.shed_reasons import ShedReason
from services.rpc.decide.handler import InterceptionServicer
from services.rpc.decide.message_decoder import MessageDecoder
from services.rpc.security import DEVELOPMENT
from services.rpc.server import RpcServer
from tests.support.builders import NINE_O_CLOCK_S, an_engine, an_entry

LISTED = "+8617000000013"
OTHER = "+8617000000014"
CALLEE = "+8619900000001"
CONNECTIONS = 6
REQUESTS = 100
"""On each connection at once."""


@dataclass
class Serving:
    """A server of this process, and the failures it counted."""

    target: str
    failures: list[str]
    shed: list[ShedReason]


@asynccontextmanager
async def serving(
    max_wait_ms: int = 0, max_queued_requests: int = CONNECTIONS * REQUESTS
) -> AsyncIterator[Serving]:
    failures: list[str] = []
    shed: list[ShedReason] = []
    servicer = InterceptionServicer(
        engine=an_engine(an_entry(LISTED)),
        reader=MessageDecoder(HomePlan("86")),
        now_ms=lambda: NINE_O_CLOCK_S * 1000,
        observer=Observer(),
    )
    server = RpcServer(
        {"interception": servicer},
        max_message_bytes=2**22,
        security=DEVELOPMENT,
        max_wait_ms=max_wait_ms,
        max_queued_requests=max_queued_requests,
        failed=failures.append,
        shed=shed.append,
    )
    port = await server.start("127.0.0.1", 0)
    await server.serve()
    yield Serving(f"127.0.0.1:{port}", failures, shed)
    await server.drain(5)


def connect(target: str) -> grpc.aio.Channel:
    # Channels of one process share their connections unless told otherwise.
    return grpc.aio.insecure_channel(target, [("grpc.use_local_subchannel_pool", 1)])


def single(caller: str) -> pb.DecideCallRequest:
    return pb.DecideCallRequest(call=pb.Call(caller=caller, callee=CALLEE))


async def outcome(answering: Any, right: Action) -> str:
    try:
        answer = await answering
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
            trailers: Any = error.trailing_metadata()
            assert int(dict(trailers)["retry-after-ms"]) > 0
            assert dict(trailers)["grpc-status-details-bin"]
        return str(error.code().name.lower())
    assert answer.decision.action == right
    return "ok"


async def storm(target: str) -> Counter[str]:
    """Ask for much at once over several connections."""
    channels = [connect(target) for _ in range(CONNECTIONS)]
    requests = []
    for channel in channels:
        stub: Any = pb_grpc.InterceptionServiceStub(channel)
        for caller, right in ((LISTED, Action.BLOCK), (OTHER, Action.ALLOW)) * (REQUESTS // 2):
            requests.append(outcome(stub.DecideCall(single(caller), timeout=60), right))
    outcomes = Counter(await asyncio.gather(*requests))
    for channel in channels:
        await channel.close()
    return outcomes


async def test_under_overload_some_requests_are_shed_and_the_others_decided_correctly() -> None:
    async with serving() as server:
        outcomes = await storm(server.target)

    assert set(outcomes) == {"ok", "resource_exhausted"}
    assert outcomes.total() == CONNECTIONS * REQUESTS
    assert server.failures == ["resource_exhausted"] * outcomes["resource_exhausted"]


async def test_the_server_stays_healthy_and_recovers_after_overload() -> None:
    async with serving() as server, connect(server.target) as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)
        stormy = asyncio.create_task(storm(server.target))
        during = await health.Check(health_pb2.HealthCheckRequest())
        await stormy

        stub: Any = pb_grpc.InterceptionServiceStub(channel)
        after = await outcome(stub.DecideCall(single(LISTED)), Action.BLOCK)

    assert during.status == health_pb2.HealthCheckResponse.SERVING
    assert after == "ok"


async def test_requests_with_long_deadlines_are_not_shed() -> None:
    async with serving(max_wait_ms=60_000) as server:
        outcomes = await storm(server.target)

    assert set(outcomes) == {"ok"}


async def test_a_full_queue_sheds_requests_and_decides_the_others_correctly() -> None:
    async with serving(max_wait_ms=60_000, max_queued_requests=8) as server:
        outcomes = await storm(server.target)

    assert set(outcomes) == {"ok", "cancelled"}
    assert outcomes.total() == CONNECTIONS * REQUESTS


async def test_health_checks_bypass_the_request_queue() -> None:
    async with (
        serving(max_wait_ms=60_000, max_queued_requests=2) as server,
        connect(server.target) as channel,
    ):
        health: Any = health_pb2_grpc.HealthStub(channel)
        stormy = asyncio.create_task(storm(server.target))
        checks = 0
        while not stormy.done():
            answer = await health.Check(health_pb2.HealthCheckRequest())
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
            checks += 1

    assert (await stormy)["cancelled"] > 0
    assert checks > 0


async def test_shed_requests_are_counted_by_reason() -> None:
    async with serving() as server:
        outcomes = await storm(server.target)

    counted = Counter(server.shed)
    assert counted[ShedReason.WAIT] == outcomes["resource_exhausted"] > 0


async def test_a_request_without_a_message_is_cancelled() -> None:
    async with serving() as server, connect(server.target) as channel:
        silent: Any = channel.stream_unary("/fanzha.v1.InterceptionService/DecideCall")

        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await silent(iter(()))

    assert refused.value.code() is grpc.StatusCode.CANCELLED
