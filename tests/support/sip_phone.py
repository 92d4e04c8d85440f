"""A telephone for tests that does exactly what it is told, datagram by datagram.

It reads requests with our codec and answers by hand, so that a test can also answer wrongly.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar, cast

import numpy as np

from infra.rtp import g711
from infra.rtp.g711 import Samples
from infra.rtp.packets import RtpPacket, read_packet, written_packet
from infra.sip.codec import RawSip, split_message

PATIENCE_SECONDS = 60.0
Socket = TypeVar("Socket", bound=asyncio.DatagramProtocol)


class RawPhone(asyncio.DatagramProtocol):
    """One UDP socket that speaks SIP as a test says."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[RawSip] = asyncio.Queue()
        """Requests and responses, in their order."""
        self.peer: tuple[str, int] = ("", 0)
        self._socket: asyncio.DatagramTransport | None = None

    @property
    def port(self) -> int:
        """Its port on 127.0.0.1."""
        return int(self._transport.get_extra_info("sockname")[1])

    @property
    def _transport(self) -> asyncio.DatagramTransport:
        assert self._socket is not None
        return self._socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._socket = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.peer = addr
        self.came.put_nowait(split_message(data))

    def send(self, data: bytes) -> None:
        self._transport.sendto(data, self.peer)

    async def next(self, method: str) -> RawSip:
        """Wait for a request of a method, or for a response ("SIP/2.0"); drop what comes before."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (found := await self.came.get()).first_line.startswith(method):
                pass
        return found

    def answer(
        self,
        request: RawSip,
        status: int,
        *,
        headers: Sequence[str] = (),
        body: bytes = b"",
        tag: str = "phone",
    ) -> None:
        """Answer a request; ``{port}`` in headers is our port."""
        to = request.headers.first("to")
        lines = [
            f"SIP/2.0 {status} Phrase",
            *(f"Via: {one}" for one in request.headers.all("via")),
            f"From: {request.headers.first('from')}",
            f"To: {to if 'tag=' in to else f'{to};tag={tag}'}",
            f"Call-ID: {request.headers.first('call-id')}",
            f"CSeq: {request.headers.first('cseq')}",
            f"Contact: <sip:phone@127.0.0.1:{self.port}>",
            *headers,
            f"Content-Length: {len(body)}",
        ]
        self.send("\r\n".join([*lines, "", ""]).encode() + body)

    def ask(
        self, invite: RawSip, method: str, *, cseq: int, body: bytes = b"", content: str = ""
    ) -> None:
        """Send a request within the call that *invite* began."""
        mine = invite.headers.first("to")
        lines = [
            f"{method} sip:robot@127.0.0.1:{self.peer[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{method}{cseq};rport",
            f"From: {mine if 'tag=' in mine else f'{mine};tag=phone'}",
            f"To: {invite.headers.first('from')}",
            f"Call-ID: {invite.headers.first('call-id')}",
            f"CSeq: {cseq} {method}",
            *([f"Content-Type: {content}"] if content else []),
            f"Content-Length: {len(body)}",
        ]
        self.send("\r\n".join([*lines, "", ""]).encode() + body)


class RecordedMedia(asyncio.DatagramProtocol):
    """A UDP socket that keeps the audio that comes, and can send some."""

    def __init__(self) -> None:
        self.packets: list[RtpPacket] = []
        self.arrived: list[float] = []
        """When each packet came, in seconds."""
        self.peer: tuple[str, int] = ("", 0)
        self._socket: asyncio.DatagramTransport | None = None
        self._sent = 0

    @property
    def port(self) -> int:
        """Its port on 127.0.0.1."""
        assert self._socket is not None
        return int(self._socket.get_extra_info("sockname")[1])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._socket = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.peer = addr
        packet = read_packet(data)
        assert packet is not None
        self.packets.append(packet)
        self.arrived.append(time.monotonic())

    def audio(self, *, latest: int = 0) -> Samples:
        """Return what was heard, or its *latest* packets, in their order, without gaps."""
        ordered = sorted(self.packets[-latest:], key=lambda one: one.sequence)
        return g711.decoded(b"".join(one.payload for one in ordered), ordered[0].payload_type)

    def description(self, *, codecs: str = "8 101") -> bytes:
        """Return an answer with this socket as the place for audio."""
        lines = [
            "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
            f"m=audio {self.port} RTP/AVP {codecs}", "a=rtpmap:101 telephone-event/8000", "",
        ]  # fmt: skip
        return "\r\n".join(lines).encode()

    def send(self, payload: bytes, *, payload_type: int, timestamp: int) -> None:
        """Send a packet to whoever sends audio here."""
        self._sent += 1
        self.send_raw(
            written_packet(
                payload, payload_type=payload_type, sequence=self._sent, timestamp=timestamp,
                source=1, marker=False,
            )
        )  # fmt: skip

    def send_raw(self, data: bytes) -> None:
        assert self._socket is not None
        self._socket.sendto(data, self.peer)

    def press(self, key: str, *, timestamp: int, packets: int = 6) -> None:
        """Press a key, as RFC 4733 has it: several packets, the last three alike."""
        event = "0123456789*#ABCD".index(key)
        for place in range(packets):
            end = 0x80 if place >= packets - 3 else 0
            payload = bytes([event, end | 10]) + (160 * (place + 1)).to_bytes(2)
            self.send(payload, payload_type=101, timestamp=timestamp)


@asynccontextmanager
async def raw_phone() -> AsyncIterator[RawPhone]:
    """Run a phone."""
    async with _socket(RawPhone) as phone:
        yield phone


@asynccontextmanager
async def recorded_media() -> AsyncIterator[RecordedMedia]:
    """Record audio."""
    async with _socket(RecordedMedia) as media:
        yield media


@asynccontextmanager
async def _socket(made: Callable[[], Socket]) -> AsyncIterator[Socket]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(made, local_addr=("127.0.0.1", 0))
    try:
        yield protocol
    finally:
        transport.close()


def tone(seconds: float, hertz: float = 440.0) -> Samples:
    """Return a tone."""
    at = np.arange(int(seconds * g711.SAMPLES_PER_SECOND)) / g711.SAMPLES_PER_SECOND
    return (8_000 * np.sin(2 * np.pi * hertz * at)).astype(np.int16)
