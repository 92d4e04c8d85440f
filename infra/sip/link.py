"""The way to one SIP peer, such as the trunk of a carrier: UDP, TCP or TLS.

The socket is connected: what comes from any other address never reaches us. A lost connection is
made anew, and calls that go on over it find the new one; a peer that cannot be reached is tried
again with growing waits. Its name is looked up each time (A and AAAA records, no SRV).
"""

import asyncio
import logging
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from infra.backoff import Backoff
from infra.periodic import OutageLog
from infra.sip.framer import PONG, SipFramer

logger = logging.getLogger(__name__)
MOST_MESSAGE_BYTES = 65_536
_CHUNK = 16_384
_CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SipPeerAddress:
    """Where a peer is, and how it is talked to."""

    host: str
    port: int
    transport: str = "UDP"
    """UDP, TCP or TLS."""
    tls: ssl.SSLContext | None = None


class SipLink:
    """Sends messages to one peer, and gives what comes from it to a function."""

    def __init__(self, peer: SipPeerAddress, received: Callable[[bytes], None]) -> None:
        self.peer = peer
        self._on_message = received
        self._datagrams: asyncio.DatagramTransport | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._connected = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self.local = ("", 0)
        """Host and port of our end, once connected."""
        self.heard = 0
        """How many messages have come."""
        self.peer_host = ""
        """Address of the peer, once connected."""

    @property
    def reliable(self) -> bool:
        """Whether nothing is lost on the way, so that nothing is sent again."""
        return self.peer.transport != "UDP"

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection at present."""
        return self._connected.is_set()

    async def open(self) -> None:
        """Begin to connect, and return; `connected` waits."""
        self._reading = asyncio.create_task(self._keep())

    async def connected(self) -> None:
        """Return once there is a connection; raises what has ended the attempts for good."""
        if self._reading is not None and self._reading.done():
            self._reading.result()
        await self._connected.wait()

    def send(self, data: bytes) -> None:
        """Send a message; without a connection it is lost, as a datagram may be."""
        if self._datagrams is not None:
            self._datagrams.sendto(data)
        elif self._writer is not None and not self._writer.is_closing():
            self._writer.write(data)

    def reset(self) -> None:
        """Connect anew: a connection may be gone without a word, and a name have a new address."""
        if self._datagrams is not None:
            self._datagrams.abort()
        if self._writer is not None:
            self._writer.transport.abort()

    async def close(self) -> None:
        """Disconnect."""
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading
            self._reading = None

    def _received(self, data: bytes) -> None:
        self.heard += 1
        self._on_message(data)

    async def _keep(self) -> None:
        backoff, outage = Backoff(), OutageLog("the connection to the SIP peer", logger)
        serve = self._serve_stream if self.reliable else self._serve_datagrams
        while True:
            try:
                await serve(backoff)
            except (OSError, TimeoutError) as error:
                outage.failed(type(error).__name__)
            else:
                outage.succeeded()
            finally:
                self._connected.clear()
            await asyncio.sleep(backoff.next_seconds())

    async def _serve_datagrams(self, backoff: Backoff) -> None:
        loop = asyncio.get_running_loop()
        lost = loop.create_future()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _PeerDatagrams(self._received, lost),
            remote_addr=(self.peer.host, self.peer.port),
        )
        self._datagrams = transport
        self._is_connected(transport, backoff)
        try:
            await lost
        finally:
            self._datagrams = None
            transport.close()

    async def _serve_stream(self, backoff: Backoff) -> None:
        async with asyncio.timeout(_CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(
                self.peer.host, self.peer.port, ssl=self.peer.tls
            )
        self._writer = writer
        self._is_connected(writer, backoff)
        try:
            framer = SipFramer(MOST_MESSAGE_BYTES)
            while framer.fault is None and (data := await reader.read(_CHUNK)):
                for message in framer.feed(data):
                    self._received(message)
                if framer.keepalives:
                    framer.keepalives = 0
                    writer.write(PONG)
        finally:
            self._writer = None
            writer.close()

    def _is_connected(
        self, connection: asyncio.DatagramTransport | asyncio.StreamWriter, backoff: Backoff
    ) -> None:
        self.local = connection.get_extra_info("sockname")[:2]
        self.peer_host = connection.get_extra_info("peername")[0]
        backoff.reset()
        self._connected.set()


class _PeerDatagrams(asyncio.DatagramProtocol):
    """A socket that is connected to the peer."""

    def __init__(self, received: Callable[[bytes], None], lost: "asyncio.Future[None]") -> None:
        self._received = received
        self._lost = lost

    def datagram_received(self, data: bytes, _addr: object) -> None:
        """Take a datagram: a message of its own."""
        if len(data) <= MOST_MESSAGE_BYTES:
            self._received(data)

    def error_received(self, exc: Exception) -> None:
        """Do nothing: a peer that is away is noticed by its silence."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Say that the socket is gone."""
        if not self._lost.done():
            self._lost.set_result(None)
