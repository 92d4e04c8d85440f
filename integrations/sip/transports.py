"""UDP and TCP sockets of the redirect server."""

import asyncio
import logging
import socket
from contextlib import suppress
from functools import partial
from typing import cast

from infra.sip.addresses import SipVia
from infra.sip.framer import PONG, SipFramer, StreamFault
from integrations.sip import responses
from integrations.sip.server import SipPeer, SipRedirectServer
from integrations.sip.settings import SipSettings

_LOGGER = logging.getLogger(__name__)
_KEEPALIVES = frozenset({b"", b"\r\n", b"\r\n\r\n", b"\x00", b"\x00" * 4})
"""What NAT keepalives send."""
_CHUNK = 65_536
_UDP_BUFFER_BYTES = 4 << 20
_MOST_UNSENT_BYTES = 1 << 20


def parsed_listen(text: str) -> list[tuple[str, int]]:
    """Return hosts and ports of ``host:port,[host]:port``."""
    places = (item.rpartition(":") for item in text.split(",") if item)
    return [(host.strip("[]"), int(port)) for host, _, port in places]


class UdpListener(asyncio.DatagramProtocol):
    """One UDP socket."""

    def __init__(self, server: SipRedirectServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        # Not what isinstance says: asyncio's own transport of datagrams derives from another class.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take a datagram: a message of its own."""
        if data in _KEEPALIVES:
            return
        host, port = addr[0], addr[1]
        peer = SipPeer(transport="udp", host=host, port=port, send=partial(self._send, addr))
        self._server.receive(data, peer)

    def error_received(self, exc: Exception) -> None:
        """Do nothing: a peer that is away takes no answers."""

    def _send(self, addr: tuple[str, int], data: bytes, via: SipVia) -> None:
        # RFC 3581, section 4, else RFC 3261, section 18.2.2; never to an address in maddr, since
        # that would let anybody aim our answers at others.
        port = addr[1] if "rport" in via.parameters else via.port
        if self._transport is not None:
            self._transport.sendto(data, (addr[0], port, *addr[2:]))


class TcpListener:
    """One listening TCP socket and its connections."""

    def __init__(self, settings: SipSettings, server: SipRedirectServer) -> None:
        self._settings = settings
        self._server = server
        self._connections: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take messages from one connection until either side has enough."""
        if len(self._connections) >= self._settings.max_connections:
            writer.close()
            return
        self._connections.add(writer)
        try:
            with suppress(ConnectionError, TimeoutError):
                await self._read(reader, writer)
        finally:
            self._connections.discard(writer)
            writer.close()

    def close(self) -> None:
        """Close all connections."""
        for writer in list(self._connections):
            writer.close()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = writer.get_extra_info("peername")[:2]
        peer = SipPeer(transport="tcp", host=host, port=port, send=partial(_write, writer))
        framer = SipFramer(self._settings.max_message_bytes)
        while framer.fault is None:
            async with asyncio.timeout(self._settings.idle_seconds):
                data = await reader.read(_CHUNK)
            if not data:
                return
            for message in framer.feed(data):
                self._server.receive(message, peer)
            if framer.keepalives:
                framer.keepalives = 0
                writer.write(PONG)
        if framer.faulty is not None:
            too_large = framer.fault is StreamFault.TOO_LARGE
            reply = responses.TOO_LARGE if too_large else responses.MALFORMED
            self._server.refuse(framer.faulty, peer, reply)
            with suppress(ConnectionError):
                await writer.drain()


def _write(writer: asyncio.StreamWriter, data: bytes, _via: SipVia) -> None:
    if writer.is_closing():
        return
    if writer.transport.get_write_buffer_size() > _MOST_UNSENT_BYTES:
        _LOGGER.warning("a connection was closed: its peer takes no answers")
        writer.transport.abort()
        return
    writer.write(data)


class SipTransports:
    """All sockets of a server; port 0 gets any free port, the same for UDP and TCP."""

    def __init__(self, settings: SipSettings, server: SipRedirectServer) -> None:
        self._settings = settings
        self._server = server
        self._udp: list[asyncio.DatagramTransport] = []
        self._tcp: list[tuple[asyncio.Server, TcpListener]] = []

    async def start(self) -> list[str]:
        """Bind; return the addresses as ``host:port``."""
        return [await self._bind(host, port) for host, port in parsed_listen(self._settings.listen)]

    async def stop(self) -> None:
        """Close all."""
        for transport in self._udp:
            transport.close()
        for server, listener in self._tcp:
            server.close()
            listener.close()
            await server.wait_closed()

    async def _bind(self, host: str, port: int) -> str:
        loop = asyncio.get_running_loop()
        listener = TcpListener(self._settings, self._server)
        server = await asyncio.start_server(listener.serve, host, port)
        self._tcp.append((server, listener))
        port = server.sockets[0].getsockname()[1]
        transport, _ = await loop.create_datagram_endpoint(
            lambda: UdpListener(self._server), local_addr=(host, port)
        )
        self._udp.append(transport)
        # What comes while the loop is busy waits here; beyond, it is lost and comes again in 0.5 s.
        udp = transport.get_extra_info("socket")
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _UDP_BUFFER_BYTES)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
