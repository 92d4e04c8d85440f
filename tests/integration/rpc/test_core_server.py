"""The server that decides, as its callers see it: abandoned calls, odd frames, streams, its end."""

import asyncio
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from benchmarks.load import frames
from fanzha.errors import CannotStart
from fanzha.phone import HomePlan
from fanzha.tables import Channel
from fanzha.v1 import decision_pb2
from fanzha.v1 import interception_pb2 as pb
from fanzha.v1 import interception_pb2_grpc as pb_grpc
from services.decision.observer import Observer
from services.decision.shed_reasons import ShedReason
from services.rpc.core import api
from services.rpc.decide.handler import InterceptionServicer
from services.rpc.decide.message_decoder import MessageDecoder
from services.rpc.security import DEVELOPMENT
from services.rpc.server import RpcServer
from tests.support.builders import NINE_O_CLOCK_S, an_engine, an_entry

LISTED, OTHER, CALLEE = "+8617000000013", "+8617000000014", "+8619900000001"
PATH = "/fanzha.v1.InterceptionService/DecideCall"
PATIENCE = 60
ABANDONED = 3000
ROUNDS = 300


@dataclass(frozen=True)
class Serving:
    """A server of this process."""

    server: RpcServer
    port: int
    shed: list[ShedReason]
    begun: asyncio.Event
    """Set once anything is decided."""

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"


@asynccontextmanager
async def serving() -> AsyncIterator[Serving]:
    shed: list[ShedReason] = []
    begun = asyncio.Event()
    observer = Observer(started=lambda _channel: begun.set())
    servicer = InterceptionServicer(
        engine=an_engine(an_entry(LISTED)),
        reader=MessageDecoder(HomePlan("86")),
        now_ms=lambda: NINE_O_CLOCK_S * 1000,
        observer=observer,
    )
    server = RpcServer(
        {"interception": servicer},
        max_message_bytes=2**25,
        security=DEVELOPMENT,
        max_wait_ms=60_000,
        max_queued_requests=10_000,
        shed=shed.append,
    )
    port = await server.start("127.0.0.1", 0)
    await server.serve()
    yield Serving(server, port, shed, begun)
    await server.drain(PATIENCE)


def connect(target: str) -> grpc.aio.Channel:
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", 2**25)]
    return grpc.aio.insecure_channel(target, options)


def single(caller: str) -> bytes:
    call = pb.Call(caller=caller, callee=CALLEE)
    return pb.DecideCallRequest(call=call).SerializeToString()


async def decided(channel: grpc.aio.Channel, caller: str) -> int:
    ask: Any = channel.unary_unary(PATH)
    answer = await ask(single(caller), timeout=PATIENCE)
    return int(pb.DecideCallResponse.FromString(answer).decision.action)


async def answers(channel: grpc.aio.Channel) -> list[int]:
    return [await decided(channel, caller) for caller in (LISTED, OTHER)]


async def in_flight(server: RpcServer) -> int:
    """Return how many requests are in flight, when it is none or half a minute later."""
    for _ in range(600):
        if not server.in_flight:
            break
        await asyncio.sleep(0.05)
    return server.in_flight


RIGHT = [decision_pb2.ACTION_BLOCK, decision_pb2.ACTION_ALLOW]


async def test_abandoned_requests_leave_nothing_behind() -> None:
    source = random.Random(5)
    async with serving() as one, connect(one.target) as channel:
        ask: Any = channel.stream_unary(PATH)
        outcomes = Counter[str]()

        over = asyncio.Event()

        async def silent() -> AsyncIterator[bytes]:
            await over.wait()
            yield b""

        async def abandon(number: int) -> None:
            messages = silent() if number % 3 else iter([single(OTHER)])
            call = ask(messages, timeout=source.choice((0.0, 0.001, 0.01, 30)))
            await asyncio.sleep(source.random() / 50)
            call.cancel()
            try:
                await call
                outcomes["answered"] += 1
            except (grpc.aio.AioRpcError, asyncio.CancelledError) as error:
                outcomes[type(error).__name__] += 1

        for _ in range(ABANDONED // 100):
            over.clear()
            await asyncio.gather(*map(abandon, range(100)))
            over.set()
        found = await answers(channel)
        left = await in_flight(one.server)

    assert found == RIGHT
    assert outcomes.total() == ABANDONED
    assert outcomes["CancelledError"] or outcomes["AioRpcError"]
    assert left == 0


def _storm(port: int, source: random.Random, stop: threading.Event) -> None:
    """Send broken HTTP/2 to *port*, over and over."""
    for _ in range(ROUNDS):
        if stop.is_set():
            return
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as line:
            line.settimeout(0.05)
            line.sendall(broken(source))
            with suppress(OSError):
                line.recv(4096)


def broken(source: random.Random) -> bytes:
    """Return a connection that begins well and goes wrong in one of many ways."""
    head = frames.first_headers(PATH, "a.test", 1000)
    good = frames.frame(frames.HEADERS, frames.END_HEADERS, 1, head)
    message = single(LISTED)
    data = b"\0" + struct.pack(">I", len(message)) + message
    kind = source.randrange(12)
    rest = {
        0: source.randbytes(200),
        1: frames.frame(frames.HEADERS, frames.END_HEADERS, 1, source.randbytes(60)),
        2: good + frames.frame(frames.DATA, 1, 1, b"\0\xff\xff\xff\xff" + message),
        3: good + frames.frame(frames.DATA, 1, 1, b"\1" + data[1:]),
        4: good + frames.frame(frames.DATA, 1, 3, data),
        # Rapid reset: each stream is opened and cancelled at once.
        5: good + frames.frame(frames.RESET, 0, 1, b"\0\0\0\x08")
        + b"".join(
            frames.frame(frames.HEADERS, frames.END_HEADERS, stream, frames.later_headers(PATH))
            + frames.frame(frames.RESET, 0, stream, b"\0\0\0\x08")
            for stream in range(3, 201, 2)
        ),
        6: frames.frame(frames.HEADERS, 0, 1, head) + frames.frame(9, 0, 1, b"\0" * 999) * 50,
        7: good + frames.widen(2**31 - 1) * 2,
        8: frames.frame(frames.SETTINGS, 0, 0, b"\0\5" + b"\xff" * 4),
        9: frames.frame(frames.PING, 0, 0, b"12345678") * 500,
        10: good + frames.frame(frames.DATA, 1, 1, data) * 2,
        11: good + frames.frame(frames.DATA, 1, 1, data[:7]),
    }[kind]  # fmt: skip
    start = frames.greeting() if source.random() < 0.9 else source.randbytes(24)
    return start + rest


async def test_broken_frames_end_no_other_request() -> None:
    stop = threading.Event()
    async with serving() as one, connect(one.target) as channel:
        storm = asyncio.create_task(asyncio.to_thread(_storm, one.port, random.Random(11), stop))
        found = [await answers(channel)]
        while not storm.done():
            found.append(await answers(channel))
        await storm
        found.append(await answers(channel))

    assert found == [RIGHT] * len(found)
    assert len(found) > 1


async def test_streams_of_other_services_work_beside_decisions() -> None:
    async with serving() as one, connect(one.target) as channel:
        reflect: Any = reflection_pb2_grpc.ServerReflectionStub(channel)  # type: ignore[arg-type]
        asked = [
            reflection_pb2.ServerReflectionRequest(list_services=""),
            reflection_pb2.ServerReflectionRequest(
                file_containing_symbol="fanzha.v1.InterceptionService"
            ),
        ]
        listed, file = [answer async for answer in reflect.ServerReflectionInfo(iter(asked))]
        health: Any = health_pb2_grpc.HealthStub(channel)
        watch = health.Watch(health_pb2.HealthCheckRequest(), timeout=PATIENCE)
        first = await watch.read()
        found = await answers(channel)
        watch.cancel()

    names = [service.name for service in listed.list_services_response.service]
    assert "fanzha.v1.InterceptionService" in names
    assert file.file_descriptor_response.file_descriptor_proto
    assert first.status == health_pb2.HealthCheckResponse.SERVING
    assert found == RIGHT


async def test_an_unknown_method_is_unimplemented() -> None:
    async with serving() as one, connect(one.target) as channel:
        ask: Any = channel.unary_unary("/fanzha.v1.InterceptionService/DecideAll")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ask(b"", timeout=PATIENCE)

    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_bad_request_is_refused_in_the_language_of_its_caller() -> None:
    async with serving() as one, connect(one.target) as channel:
        ask: Any = channel.unary_unary("/fanzha.v1.InterceptionService/DecideCalls")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ask(b"", metadata=(("accept-language", "zh"),), timeout=PATIENCE)

    trailers = dict(caught.value.trailing_metadata() or ())
    details: Any = trailers["grpc-status-details-bin"]
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "1 to 4096 rows, not 0" in str(caught.value.details())
    assert "行" in details.decode(errors="ignore")


async def test_a_server_that_drains_finishes_what_it_has_and_takes_no_more() -> None:
    text = pb.Text(sender="+8617000000001", receiver=CALLEE, body="您好" * 400)
    rows = pb.DecideTextsRequest(texts=[text] * 1024)
    async with serving() as one, connect(one.target) as channel:
        stub: Any = pb_grpc.InterceptionServiceStub(channel)
        long = asyncio.ensure_future(stub.DecideTexts(rows, timeout=PATIENCE))
        await one.begun.wait()
        await one.server.drain(PATIENCE)
        answer = await long
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await decided(channel, LISTED)

    assert len(answer.decisions.actions) == len(rows.texts)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_requests_that_come_while_a_server_stops_are_answered_or_refused() -> None:
    async with serving() as one, connect(one.target) as channel:
        await answers(channel)

        async def outcome() -> str:
            try:
                await decided(channel, OTHER)
            except grpc.aio.AioRpcError as error:
                return error.code().name
            return "OK"

        asked = [asyncio.ensure_future(outcome()) for _ in range(200)]
        await one.begun.wait()
        await asyncio.sleep(0)
        await one.server.drain(PATIENCE)
        left = one.server.in_flight
        found = await asyncio.gather(*asked)

    assert left == 0
    assert set(found) <= {"OK", "UNAVAILABLE", "CANCELLED"}


async def test_a_server_out_of_time_cancels_what_still_runs() -> None:
    async with serving() as one, connect(one.target) as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)
        ask: Any = channel.stream_unary(PATH)
        watch = health.Watch(health_pb2.HealthCheckRequest(), timeout=PATIENCE)
        await watch.read()

        over = asyncio.Event()

        async def silent() -> AsyncIterator[bytes]:
            await over.wait()
            yield b""

        waiting = ask(silent(), timeout=PATIENCE)
        await answers(channel)
        await one.server.drain(0)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await waiting
        over.set()

    assert caught.value.code() in {grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE}


async def test_a_task_ends_with_its_caller() -> None:
    text = pb.Text(sender="+8617000000001", receiver=CALLEE, body="您好" * 400)
    rows = pb.DecideTextsRequest(texts=[text] * 4096)
    async with serving() as one, connect(one.target) as channel:
        stub: Any = pb_grpc.InterceptionServiceStub(channel)
        long = asyncio.ensure_future(stub.DecideTexts(rows, timeout=PATIENCE))
        await one.begun.wait()
        long.cancel()
        left = await in_flight(one.server)
        found = await answers(channel)

    assert one.shed == [ShedReason.GONE]
    assert left == 0
    assert found == RIGHT


@pytest.mark.parametrize("release", ["1.80.0", "1.84.9", "1.86.0", "2.0.0", "1.850.1"])
def test_a_release_of_grpcio_that_was_not_tested_is_refused(release: str) -> None:
    with pytest.raises(CannotStart, match=f"grpcio {release} is installed"):
        api.check_release(release)


def test_the_installed_release_of_grpcio_was_tested() -> None:
    api.check_release()
    api.check_release(f"{api.TESTED_RELEASE}.99")


def test_every_channel_has_its_methods() -> None:
    methods = {name.removeprefix("Decide").rstrip("s").upper() for name in _methods()}

    assert methods == {channel.name for channel in Channel}


def _methods() -> list[str]:
    service = pb.DESCRIPTOR.services_by_name["InterceptionService"]
    return [method.name for method in service.methods]
