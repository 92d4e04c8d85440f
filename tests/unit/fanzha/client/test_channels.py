"""Channels of the client, on a server that is reached late."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fanzha.client import channels
from fanzha.v1 import interception_pb2, interception_pb2_grpc
from tests.support.decision_server import block_listed, decision_server

_LATE_SECONDS = 0.5
"""Several back-offs of a channel; a far or busy server takes as long to connect."""


@asynccontextmanager
async def late_relay(target: str) -> AsyncIterator[str]:
    """Relay each connection to *target*, after `_LATE_SECONDS`; yield the address."""
    host, port = target.split(":")
    relays = list[asyncio.Task[None]]()

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relays.append(asyncio.create_task(relay(reader, writer)))

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(_LATE_SECONDS)
        from_server, to_server = await asyncio.open_connection(host, int(port))
        await asyncio.gather(copy(reader, to_server), copy(from_server, writer))

    relaying = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        async with relaying:
            yield "{}:{}".format(*relaying.sockets[0].getsockname())
    finally:  # what a failed test leaves open fails others
        await asyncio.gather(*relays)


async def test_a_server_may_take_longer_to_connect_than_the_first_back_off() -> None:
    request = interception_pb2.DecideCallsRequest(calls=[interception_pb2.Call()])
    with decision_server(block_listed) as server:
        async with (
            late_relay(server.target) as target,
            channels.asynchronous(target) as channel,
        ):
            stub = interception_pb2_grpc.InterceptionServiceStub(channel)

            answer = await stub.DecideCalls(request, timeout=60)

    assert len(answer.decisions.actions) == 1
