"""A connection to one peer of a session: PDUs in, PDUs out, with backpressure both ways."""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from integrations.messages.frames import FrameBuffer, FrameFault

HIGH_WATER_BYTES = 256 * 1024
"""Unsent bytes from which a peer counts as slow: nothing more is read from it meanwhile."""


class LinkOwner(Protocol):
    """Who acts on what a link receives."""

    def received(self, link: "PeerLink", octets: bytes) -> None:
        """Act on one whole PDU."""

    def unframed(self, link: "PeerLink", fault: FrameFault) -> None:
        """Act on a stream that cannot be read any further."""

    def lost(self, link: "PeerLink") -> None:
        """Act on the end of the connection."""

    def slowed(self, link: "PeerLink") -> None:
        """Act on a peer that reads slowly, or no longer does."""


class PeerLink(asyncio.Protocol):
    """One connection. What is sent within one turn of the event loop leaves in one write."""

    def __init__(self, buffer: FrameBuffer, connected: Callable[["PeerLink"], LinkOwner]) -> None:
        self._buffer = buffer
        self._connected = connected
        self._loop = asyncio.get_running_loop()
        self._owner: LinkOwner | None = None
        self._transport: asyncio.Transport | None = None
        self._unsent: list[bytes] = []
        self._held = False
        self._resuming = False
        self._closing = False
        self.is_slow = False
        self.is_open = False
        self.last_heard = self._loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)
        self.is_open = True
        self._owner = self._connected(self)

    def data_received(self, data: bytes) -> None:
        """Read PDUs from *data*."""
        self.last_heard = self._loop.time()
        if self._closing:
            return
        self._buffer.feed(data)
        if not self._held:
            self._read()

    def eof_received(self) -> bool:
        """Close when the peer has nothing more to say."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Tell the owner."""
        self.is_open = False
        self._unsent.clear()
        if self._owner is not None:
            self._owner.lost(self)

    def pause_writing(self) -> None:
        """Note that the peer reads slowly."""
        self._slow(is_slow=True)

    def resume_writing(self) -> None:
        """Note that it has caught up."""
        self._slow(is_slow=False)

    def send(self, octets: bytes) -> None:
        """Send a PDU; nothing where it is empty or the connection is gone."""
        if not octets or not self.is_open:
            return
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(octets)

    def hold(self, *, held: bool) -> None:
        """Stop or go on reading from this peer; the kernel then slows it down."""
        if held == self._held or not self.is_open or self._transport is None:
            return
        self._held = held
        if held:
            self._transport.pause_reading()
            return
        self._transport.resume_reading()
        if len(self._buffer) and not self._resuming:
            self._resuming = True
            self._loop.call_soon(self._resume)

    def close(self) -> None:
        """Send what is left and end the stream; the peer closes the connection.

        Closing it here while bytes of the peer are unread would reset it, and a reset may discard
        what the peer has not read yet: acknowledgements.
        """
        transport = self._transport
        if transport is None or self._closing:
            return
        self._flush()
        self.hold(held=False)
        self._closing = True
        self.is_open = False
        if transport.is_closing():
            return
        if not transport.can_write_eof():
            transport.close()
            return
        try:
            transport.write_eof()
        except OSError:
            # The peer has reset the connection, which is not known yet.
            transport.abort()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def _read(self) -> None:
        owner = self._owner
        if owner is None:
            return
        try:
            for octets in self._buffer.frames():
                owner.received(self, octets)
                if self._held or not self.is_open:
                    return
        except FrameFault as fault:
            owner.unframed(self, fault)

    def _resume(self) -> None:
        self._resuming = False
        if not self._held and self.is_open:
            self._read()

    def _flush(self) -> None:
        if self._unsent and self._transport is not None:
            self._transport.write(b"".join(self._unsent))
        self._unsent.clear()

    def _slow(self, *, is_slow: bool) -> None:
        self.is_slow = is_slow
        if self._owner is not None:
            self._owner.slowed(self)
