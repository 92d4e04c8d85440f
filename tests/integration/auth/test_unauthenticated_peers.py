"""What unauthenticated peers can make a server hold: memory by large messages, idle connections."""

import asyncio
import multiprocessing
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.auth.local_authority import AuthorityFolder
from services.rpc import security
from services.rpc.middleware.open_reads import MAX_REQUEST_BYTES
from services.rpc.security import DEVELOPMENT, PortSecurity
from services.rpc.server import RpcServer
from services.rpc.server_options import ConnectionTimes
from services.rpc.tls import ServerTls
from tests.support.identities import Issuer, now

CHECK = "/grpc.health.v1.Health/Check"
DEADLINE = 60
MESSAGE = bytes(35 * 2**20)
REQUESTS = 24
MIB = 2**20
SERVER_LIMIT = 36 * MIB
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS, ACKNOWLEDGED = b"\0\0\0\x04\0\0\0\0\0", b"\0\0\0\x04\x01\0\0\0\0"
PING = b"\x06\0"
"""Type and flags of a frame; an answer has the flag 1."""
SOON = ConnectionTimes(handshake_seconds=0.5, keepalive_seconds=0.5, keepalive_timeout_seconds=0.5)

PATIENT = ConnectionTimes(handshake_seconds=60, keepalive_seconds=0.5, keepalive_timeout_seconds=60)
"""Times of a server that pings soon, and waits long for the answer."""


@asynccontextmanager
async def serving(guard: PortSecurity, times: ConnectionTimes | None = None) -> AsyncIterator[int]:
    more: dict[str, Any] = {} if times is None else {"times": times}
    server = RpcServer({}, max_message_bytes=SERVER_LIMIT, security=guard, **more)
    port = await server.start("127.0.0.1", 0)
    await server.serve()
    yield port
    await server.drain(1)


def asking(folder: Path) -> PortSecurity:
    return security.of(Issuer(folder / "jwks.json").settings(), "admin")


def connect(port: int) -> grpc.aio.Channel:
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", 2**30)]
    return grpc.aio.insecure_channel(f"127.0.0.1:{port}", options)


async def status_of(
    port: int, message: bytes, compression: grpc.Compression = grpc.Compression.NoCompression
) -> str:
    """Check the health of a server with some bytes, on a connection of their own."""
    async with connect(port) as channel:
        ask: Any = channel.unary_unary(CHECK)
        try:
            await ask(message, compression=compression, timeout=DEADLINE)
        except grpc.aio.AioRpcError as error:
            return error.code().name
        return "OK"


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
async def test_a_compressed_request_is_refused(compression: grpc.Compression) -> None:
    async with serving(DEVELOPMENT) as port:
        found = await status_of(port, bytes(2**16), compression)

    assert found == "UNIMPLEMENTED"


async def test_an_open_health_check_limits_the_size_of_its_request(tmp_path: Path) -> None:
    checks = [
        health_pb2.HealthCheckRequest(service=name).SerializeToString()
        for name in ("a" * MAX_REQUEST_BYTES, "a", "")
    ]
    async with serving(asking(tmp_path)) as port:
        found = [await status_of(port, check) for check in checks]

    assert found == ["INVALID_ARGUMENT", "NOT_FOUND", "OK"]


async def test_idle_requests_block_no_other_request_of_their_connection(tmp_path: Path) -> None:
    async with serving(asking(tmp_path)) as port, connect(port) as silent:
        ask: Any = silent.stream_unary(CHECK)
        waiting = [ask(timeout=DEADLINE) for _ in range(2)]
        await asyncio.gather(*(call.wait_for_connection() for call in waiting))
        stub: Any = health_pb2_grpc.HealthStub(silent)
        answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=DEADLINE)
        codes = [await call.code() for call in waiting]

    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    assert set(codes) == {grpc.StatusCode.DEADLINE_EXCEEDED}


def _serve_in_a_process(told: Connection, folder: Path) -> None:
    async def serve() -> None:
        async with serving(asking(folder)) as port:
            told.send(port)
            await asyncio.Event().wait()

    asyncio.run(serve())


@contextmanager
def server_process(folder: Path) -> Iterator[tuple[int, int]]:
    """Give the port of a server, and its process id."""
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=_serve_in_a_process, args=(theirs, folder))
    process.start()
    try:
        assert mine.poll(DEADLINE)
        assert process.pid is not None
        yield mine.recv(), process.pid
    finally:
        process.terminate()
        process.join()


def held_mib(pid: int, what: str) -> int:
    """Return the memory of a process: ``VmRSS`` now, ``VmHWM`` at most until now."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = next(line for line in status.splitlines() if line.startswith(what))
    return int(found.split()[1]) // 1024


async def given_back(pid: int, before: int) -> bool:
    """Wait until a process is nearly as small as it was *before*, in MiB."""
    for _ in range(300):
        if held_mib(pid, "VmRSS") - before < 100:
            return True
        await asyncio.sleep(0.1)
    return False


@pytest.mark.parametrize(
    ("compression", "status", "most_mib"),
    [
        (grpc.Compression.NoCompression, "INVALID_ARGUMENT", 400),
        (grpc.Compression.Gzip, "UNIMPLEMENTED", 40),
    ],
    ids=["plain", "gzip"],
)
async def test_unauthenticated_requests_cannot_fill_the_memory(
    tmp_path: Path, compression: grpc.Compression, status: str, most_mib: int
) -> None:
    with server_process(tmp_path) as (port, pid):
        before = held_mib(pid, "VmRSS")
        requests = (status_of(port, MESSAGE, compression) for _ in range(REQUESTS))
        found = Counter(await asyncio.gather(*requests))

        assert found.total() == REQUESTS
        # On a busy machine, a message may take longer than the second that it may.
        assert {status} <= set(found) <= {status, "DEADLINE_EXCEEDED"}
        assert held_mib(pid, "VmHWM") - before < most_mib
        assert await given_back(pid, before)


def connect_and_send(port: int, said: bytes) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port))
    line.settimeout(30)
    line.sendall(said)
    return line


def hung_up(line: socket.socket) -> bool:
    """Read until the other side ends the connection; False when it keeps it."""
    try:
        while line.recv(2**16):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    finally:
        line.close()
    return True


@pytest.mark.parametrize(
    "said",
    [
        b"",
        PREFACE[:10],
        PREFACE,
        PREFACE + SETTINGS,
        PREFACE + SETTINGS + ACKNOWLEDGED,
        PREFACE + SETTINGS + ACKNOWLEDGED + b"\0\x40\0\x01\x04\0\0\0\x01abc",
    ],
    ids=["nothing", "half a preface", "a preface", "settings", "all, then gone", "half a frame"],
)
async def test_a_connection_with_a_silent_peer_is_closed(said: bytes) -> None:
    async with serving(DEVELOPMENT, SOON) as port:
        line = await asyncio.to_thread(connect_and_send, port, said)

        assert await asyncio.to_thread(hung_up, line)


def answered_pings(line: socket.socket, most: int) -> int:
    """Answer so many pings, or fewer where the other side ends the connection or pings no more."""
    frames, answered = line.makefile("rb"), 0
    try:
        while answered < most and len(head := frames.read(len(SETTINGS))) == len(SETTINGS):
            body = frames.read(int.from_bytes(head[:3]))
            if head[3:5] == PING:
                line.sendall(head[:4] + b"\x01" + head[5:] + body)
                answered += 1
    except (ConnectionError, TimeoutError):
        pass
    finally:
        frames.close()
        line.close()
    return answered


async def test_a_peer_that_never_acknowledges_settings_is_closed() -> None:
    async with serving(DEVELOPMENT, SOON) as port:
        line = await asyncio.to_thread(connect_and_send, port, PREFACE + SETTINGS)

        assert await asyncio.to_thread(answered_pings, line, 40) < 40


async def test_a_silent_peer_gets_repeated_pings() -> None:
    async with serving(DEVELOPMENT, PATIENT) as port:
        line = await asyncio.to_thread(connect_and_send, port, PREFACE + SETTINGS + ACKNOWLEDGED)

        assert await asyncio.to_thread(answered_pings, line, 4) == 4


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02\0\x01"], ids=["nothing", "half a hello"])
async def test_a_stalled_tls_handshake_is_closed(tmp_path: Path, said: bytes) -> None:
    folder = AuthorityFolder(tmp_path / "identity")
    folder.make([], now=now(), days=3)
    tls = ServerTls(certificate=folder.path / "server.pem", key=folder.private("server"))
    async with serving(PortSecurity(development=True, tls=tls), SOON) as port:
        line = await asyncio.to_thread(connect_and_send, port, said)

        assert await asyncio.to_thread(hung_up, line)


async def test_an_idle_client_that_answers_pings_is_kept() -> None:
    times = replace(PATIENT, keepalive_timeout_seconds=10)
    async with serving(DEVELOPMENT, times) as port, connect(port) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        await stub.Check(health_pb2.HealthCheckRequest(), timeout=DEADLINE)
        states: list[grpc.ChannelConnectivity] = [channel.get_state()]
        quiet = asyncio.create_task(channel.wait_for_state_change(states[0]))
        done, _ = await asyncio.wait([quiet], timeout=13)  # a ping without an answer ends it sooner
        quiet.cancel()

    assert states == [grpc.ChannelConnectivity.READY]
    assert not done
