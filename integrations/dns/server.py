"""The sockets of the policy zone: UDP and TCP on one port."""

import asyncio
import logging
from collections.abc import Iterator

from integrations.dns.metrics import DnsMetrics
from integrations.dns.responder import ZoneResponder

logger = logging.getLogger(__name__)

IDLE_SECONDS = 30.0
"""How long a connection may be without a question."""
SEND_SECONDS = 60.0
"""How long a peer may take to make room for a message."""
_LENGTH_BYTES = 2


class DnsServer:
    """Serves until it is closed."""

    def __init__(
        self, responder: ZoneResponder, metrics: DnsMetrics, *, max_connections: int
    ) -> None:
        self._responder = responder
        self._metrics = metrics
        self._max_connections = max_connections
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._datagrams: asyncio.DatagramTransport | None = None
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0: a free one."""
        self._server = await asyncio.start_server(self._connected, host, port)
        self.port = self._server.sockets[0].getsockname()[1]
        self._datagrams, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(self._responder), local_addr=(host, self.port)
        )

    async def close(self) -> None:
        """Take no more questions, and end all connections."""
        if self._datagrams is not None:
            self._datagrams.close()
        if self._server is not None:
            self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= self._max_connections:
            self._metrics.count_fault("too_many_connections")
            writer.close()
            return
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a connection without a task")
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the peer went, or the server closes
        finally:
            self._connections.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = str(writer.get_extra_info("peername")[0])
        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                length = await reader.readexactly(_LENGTH_BYTES)
                wire = await reader.readexactly(int.from_bytes(length, "big"))
            answers = self._responder.respond(wire, peer, stream=True)
            # A transfer is long: each of its messages is made in a thread.
            while message := await asyncio.to_thread(_next, answers):
                writer.write(len(message).to_bytes(_LENGTH_BYTES, "big") + message)
                async with asyncio.timeout(SEND_SECONDS):
                    await writer.drain()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, responder: ZoneResponder) -> None:
        self._responder = responder
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for message in self._responder.respond(data, addr[0], stream=False):
            if self._transport is not None:
                self._transport.sendto(message, addr)


def _next(answers: Iterator[bytes]) -> bytes:
    return next(answers, b"")
