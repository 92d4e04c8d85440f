"""A relay in the process of the test, between peers that send whatever octets a test wants.

No service answers its decisions, so it lets messages through, unless its fail policy differs.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any

from integrations.cmpp.dialect import CmppDialect
from integrations.cmpp.settings import CmppSettings
from integrations.common.adapter_metrics import AdapterMetrics
from integrations.common.decider import TrafficDecider
from integrations.messages.dialect import Dialect
from integrations.messages.relay_metrics import RelayMetrics
from integrations.messages.relay_server import RelayServer
from integrations.messages.relay_settings import RelaySettings
from integrations.messages.text_judge import TextJudge
from integrations.smpp import codec
from integrations.smpp.dialect import SmppDialect
from integrations.smpp.settings import SmppSettings
from tests.support import cmpp_peers

PATIENCE_SECONDS = 60.0
NOWHERE = "127.0.0.1:1"
BIND = b"esme\0secret\0\0\x34\0\0\0"
_PARTIES = b"\0" + b"\x01\x018617000000001\0" + b"\x01\x018619900000001\0"
TEXT = _PARTIES + bytes(9) + b"\x05hello"
"""The body of submit_sm or deliver_sm."""


def part(number: int, total: int = 2, reference: int = 1) -> bytes:
    """Return the body of submit_sm with a part of a message."""
    text = bytes([5, 0, 3, reference, total, number]) + b"hello"
    return _PARTIES + b"\x40" + bytes(8) + bytes([len(text)]) + text


@dataclass(slots=True)
class RawPeer:
    """One end of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def write(self, octets: bytes) -> None:
        """Send octets as they are."""
        self.writer.write(octets)

    def say(self, command: int, sequence: int, body: bytes = b"", status: int = 0) -> None:
        """Send a PDU of SMPP."""
        self.writer.write(codec.pdu(command, status, sequence, body))

    async def hear(self) -> tuple[int, int, int, bytes]:
        """Read a PDU of SMPP: command, status, sequence, body."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            head = await self.reader.readexactly(codec.HEADER.size)
            length, command, status, sequence = codec.HEADER.unpack(head)
            return command, status, sequence, await self.reader.readexactly(length - len(head))

    async def hear_end(self) -> bytes:
        """Read to the end of the stream."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            with suppress(ConnectionError):
                return await self.reader.read()
        return b""

    async def close(self) -> None:
        """Close the connection."""
        await cmpp_peers.close(self.writer)


@dataclass(slots=True)
class RawRelay:
    """A running relay; its message centre accepts here."""

    server: RelayServer
    metrics: AdapterMetrics
    host: str
    port: int
    accepted: "asyncio.Queue[RawPeer]"
    stack: AsyncExitStack

    async def client(self, tls: SSLContext | None = None) -> RawPeer:
        """Connect a client."""
        reader, writer = await asyncio.open_connection(
            self.host, self.port, ssl=tls, server_hostname="localhost" if tls else None
        )
        peer = RawPeer(reader, writer)
        self.stack.push_async_callback(peer.close)
        return peer

    async def centre(self) -> RawPeer:
        """Return the next connection that the relay opened."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.accepted.get()

    async def bound(self, tls: SSLContext | None = None) -> tuple[RawPeer, RawPeer]:
        """Return a client of SMPP that is bound, and its message centre."""
        client = await self.client(tls)
        client.say(codec.BIND_TRANSCEIVER, 1, BIND)
        centre = await self.centre()
        _, _, sequence, body = await centre.hear()
        assert body == BIND
        centre.say(codec.BIND_TRANSCEIVER | codec.RESPONSE, sequence, b"centre\0")
        answer = (codec.BIND_TRANSCEIVER | codec.RESPONSE, 0, 1, b"centre\0")
        assert await client.hear() == answer
        return client, centre

    def counted(self, name: str, **labels: str) -> float:
        """Return a sample; 0 where nothing was counted."""
        return self.metrics.registry.get_sample_value(name, {"adapter": "test"} | labels) or 0.0


@asynccontextmanager
async def raw_relay(
    kind: type[RelaySettings] = SmppSettings,
    centre_tls: SSLContext | None = None,
    **settings: Any,
) -> AsyncIterator[RawRelay]:
    """Run a relay of SMPP, or of CMPP with its *kind* of settings, and a listening centre."""
    accepted: asyncio.Queue[RawPeer] = asyncio.Queue()
    async with AsyncExitStack() as stack:

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            peer = RawPeer(reader, writer)
            stack.push_async_callback(peer.close)
            await accepted.put(peer)

        listener = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=centre_tls)
        stack.callback(listener.close)
        port = listener.sockets[0].getsockname()[1]
        common: dict[str, Any] = {"targets": NOWHERE, "timeout_ms": 2000, "drain_seconds": 1}
        addresses = {"upstream": f"127.0.0.1:{port}", "listen": "127.0.0.1:0"}
        chosen = kind(**(common | addresses | settings))
        shared = AdapterMetrics("test")
        decider = await stack.enter_async_context(TrafficDecider(chosen, shared))
        server = RelayServer(
            chosen, TextJudge(decider, chosen), RelayMetrics("test", shared), dialect_of(chosen)
        )
        host, _, at = (await server.start()).rpartition(":")
        stack.push_async_callback(server.stop)
        yield RawRelay(server, shared, host, int(at), accepted, stack)


def dialect_of(settings: RelaySettings) -> Callable[[], Dialect]:
    """Return what makes the dialect of a session."""
    if isinstance(settings, CmppSettings):
        return lambda: CmppDialect(settings)
    return lambda: SmppDialect(settings)
