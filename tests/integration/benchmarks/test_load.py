"""The load generator against real gRPC servers."""

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import grpc
import pytest

from benchmarks.load import traffic
from benchmarks.load.clients import Connections
from benchmarks.load.probe import probe
from benchmarks.load.traffic import Body
from tests.support.processes import LEAN, Running, eventually, fanzha_up

SECONDS_EACH = 0.3


class Handler(grpc.GenericRpcHandler):
    """Answers what the path says: a status, an echo, or nothing for a while."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.seconds_left: list[float] = []

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        return grpc.unary_unary_rpc_method_handler(getattr(self, details.method.rpartition("/")[2]))

    async def echo(self, request: bytes, _: Any) -> bytes:
        self.sizes.append(len(request))
        return request

    async def shed(self, request: bytes, context: Any) -> bytes:
        await context.abort(
            grpc.StatusCode.RESOURCE_EXHAUSTED, "full", (("grpc-status-details-bin", b"9"),)
        )
        return request

    async def left(self, _request: bytes, context: Any) -> bytes:
        self.seconds_left.append(context.time_remaining())
        await asyncio.sleep(0.02)
        return b""

    async def nothing(self, _request: bytes, _: Any) -> bytes:
        return b""

    async def sleep(self, request: bytes, _: Any) -> bytes:
        await asyncio.sleep(10)
        return request


@asynccontextmanager
async def serving(**options: int) -> AsyncIterator[tuple[Handler, str]]:
    handler = Handler()
    server = grpc.aio.server(options=list({"grpc.so_reuseport": 0, **options}.items()))
    server.add_generic_rpc_handlers([handler])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield handler, f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


def body(method: str, size: int = 5) -> Body:
    data = b"\0" + size.to_bytes(4, "big") + bytes(size)
    return Body(channel="call", path=f"/some.Service/{method}", rows=(None,), data=data)


async def ask(target: str, *bodies: Body, timeout_s: float = 20.0) -> "Counter[str]":
    statuses: Counter[str] = Counter()

    def finished(_: float, status: str) -> None:
        statuses[status] += 1

    asker = Connections(target, 2, timeout_s, finished)
    await asker.open()
    for one in bodies:
        asker.ask(one, monotonic())
    while asker.busy:
        asker.turn(monotonic())
        await asyncio.sleep(0.001)
    await asker.close()
    return statuses


async def test_every_request_is_answered_once() -> None:
    async with serving() as (handler, target):
        statuses = await ask(target, *[body("echo")] * 500)

    assert statuses == {"OK": 500}
    assert handler.sizes == [5] * 500


async def test_messages_larger_than_all_windows_arrive_whole() -> None:
    sizes = [1, 16_384, 65_535, 65_536, 300_000, 2_000_000]

    async with serving() as (handler, target):
        statuses = await ask(target, *[body("echo", size) for size in sizes])

    assert statuses == {"OK": len(sizes)}
    assert sorted(handler.sizes) == sizes


async def test_requests_wait_for_a_stream_where_the_server_has_few() -> None:
    async with serving(**{"grpc.max_concurrent_streams": 3}) as (_, target):
        statuses = await ask(target, *[body("echo")] * 200)

    assert statuses == {"OK": 200}


async def test_requests_that_waited_for_a_stream_send_their_remaining_deadline() -> None:
    async with serving(**{"grpc.max_concurrent_streams": 1}) as (handler, target):
        statuses = await ask(target, *[body("left")] * 20)

    left = handler.seconds_left
    assert statuses == {"OK": 20}
    assert max(left) <= 20
    assert max(left) - min(left) > 0.02 * 8


async def test_refusals_are_counted_by_status() -> None:
    async with serving() as (_, target):
        statuses = await ask(target, body("shed"), body("echo"), body("shed"))

    assert statuses == {"OK": 1, "RESOURCE_EXHAUSTED": 2}


async def test_a_request_without_an_answer_ends_at_its_deadline() -> None:
    async with serving() as (_, target):
        statuses = await ask(target, *[body("sleep")] * 5, timeout_s=SECONDS_EACH)

    assert statuses.total() == 5
    # Server and generator see the deadline at the same time; either may be first.
    assert set(statuses) <= {"DEADLINE_EXCEEDED", "CANCELLED", "RESET_8"}


async def test_a_lost_connection_ends_its_requests() -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    async with serving() as (_, target):
        asker = Connections(target, 1, 20.0, lambda _, status: heard.put_nowait(status))
        await asker.open()
        asker.ask(body("sleep"), monotonic())
        asker.turn(monotonic())
        await asyncio.sleep(0.1)

    ended = await heard.get()
    asker.ask(body("echo"), monotonic())

    assert ended != "OK"
    assert await heard.get() == "CONNECTION_LOST"
    assert asker.busy == 0


class Relay:
    """Passes connections on to a server, and can cut all of them."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._to = host, int(port)
        self._ends: list[asyncio.StreamWriter] = []
        self.opened = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        try:
            yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            self.cut()

    def cut(self) -> None:
        for end in self._ends:
            end.close()
        self._ends.clear()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        back, forth = await asyncio.open_connection(*self._to)
        self._ends += writer, forth

        async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                while data := await source.read(65_536):
                    sink.write(data)
            sink.close()

        await asyncio.gather(copy(reader, forth), copy(back, writer))


async def until(asker: Connections, happened: Callable[[], bool]) -> None:
    """Ask again and again until something happened."""
    async with asyncio.timeout(60):
        while not happened():
            asker.ask(body("echo"), monotonic())
            asker.turn(monotonic())
            await asyncio.sleep(0.005)


async def test_connections_are_left_for_new_ones_without_losing_a_request() -> None:
    statuses = Counter[str]()
    async with serving() as (_, target):
        relay = Relay(target)
        async with relay.running() as relayed:
            asker = Connections(
                relayed, 2, 20.0, lambda _, status: statuses.update([status]), renew_seconds=0.05
            )
            await asker.open()
            await until(asker, lambda: relay.opened >= 6)
            while asker.busy:
                asker.turn(monotonic())
                await asyncio.sleep(0.005)
            await asker.close()

    assert set(statuses) == {"OK"}


async def test_lost_connections_are_opened_again() -> None:
    answered = Counter[str]()
    async with serving() as (_, target):
        relay = Relay(target)
        async with relay.running() as relayed:
            asker = Connections(
                relayed, 2, 20.0, lambda _, status: answered.update([status]), renew_seconds=600
            )
            await asker.open()
            await until(asker, lambda: answered["OK"] > 0)
            relay.cut()
            await until(asker, lambda: relay.opened >= 4)
            before = answered["OK"]
            await until(asker, lambda: answered["OK"] > before)
            await asker.close()


async def test_a_server_that_answers_without_decisions_is_detected() -> None:
    request = traffic.from_scenarios({"link": 1.0}, rows=2, listed=0, seed=1)[0]
    silent = replace(request, path="/some.Service/nothing")

    async with serving() as (_, target):
        with pytest.raises(RuntimeError, match="2 rows sent, 0 decided"):
            await asyncio.to_thread(probe, target, [silent])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("service")
    with fanzha_up(folder, workers=1, **LEAN) as service:
        yield service


def test_a_second_of_load_on_a_real_service_is_decided_and_reported(running: Running) -> None:
    done = subprocess.run(
        [
            sys.executable, "-m", "services", "bench", "load", "--target", running.interception,
            "--server-pid", str(running.process.pid), "--mix", "call=2,text=1,link=1",
            "--rows", "4", "--rate", "200", "--seconds", "1", "--warm-up", "0.2",
            "--generators", "2", "--arrivals", "poisson", "--timeout-ms", "30000",
            "--budget-ms", "30000",
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    report = json.loads(done.stdout)
    (outcome,) = report["outcomes"]
    assert outcome["statuses"] == {"OK": 50}
    assert outcome["server_cores"] > 0
    assert {"seed", "commit", "packages", "cores", "workers"} <= set(report)
    assert "open loop" in done.stderr


def test_the_python_client_is_measured(running: Running) -> None:
    done = subprocess.run(
        [
            sys.executable, "-m", "benchmarks.load", "--target", running.interception,
            "--through", "client", "--mode", "closed", "--seconds", "1", "--warm-up", "0.2",
            "--timeout-ms", "30000", "--budget-ms", "30000",
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    (outcome,) = json.loads(done.stdout)["outcomes"]
    assert set(outcome["statuses"]) == {"OK"}


def test_a_rate_that_is_not_decided_in_time_fails_the_command(running: Running) -> None:
    done = subprocess.run(
        [
            sys.executable, "-m", "benchmarks.load", "--target", running.interception,
            "--rate", "100", "--seconds", "0.5", "--warm-up", "0", "--budget-ms", "0.1",
            "--timeout-ms", "30000",
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert json.loads(done.stdout)["outcomes"]


def test_an_unreachable_server_is_reported_in_one_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load", "--target", "127.0.0.1:1"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "127.0.0.1:1: " in done.stderr
    assert "UNAVAILABLE" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminated_load_test_stops_the_service_it_started(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.load", "--seconds", "600"],
        env=os.environ | {"TMPDIR": str(tmp_path)}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            eventually(lambda: any(tmp_path.glob("fanzha-bench-*/endpoints.json")))
        finally:
            process.terminate()

    assert process.returncode == 143
    assert not list(tmp_path.glob("fanzha-bench-*"))
