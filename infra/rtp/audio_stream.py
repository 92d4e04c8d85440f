"""The audio of one call over RTP: plays prompts at their pace, and hears keys.

A packet of 20 ms goes out fifty times a second, silence between prompts, so that ways through
firewalls stay open. What comes from another address than the peer's answer named, or that of the
peer itself, is dropped, and so is what comes faster than a call can.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import cast

import numpy as np

from infra.rtp import g711
from infra.rtp.g711 import Samples
from infra.rtp.packets import read_key, read_packet, written_packet
from infra.rtp.speech_meter import SpeechMeter
from infra.sip.session_description import AudioAnswer

FRAME_SECONDS = 0.02
_FRAME = int(g711.SAMPLES_PER_SECOND * FRAME_SECONDS)
_MOST_A_SECOND = 200
"""Packets that are looked at: four times those of a call."""
_MOST_BEHIND = 10
"""Frames that are made up for after the process was busy; beyond, time is skipped."""
_SAME_TIMESTAMPS = 8


class NoMediaPort(OSError):
    """No port of the range is free."""


class AudioStream(asyncio.DatagramProtocol):
    """Audio of one call; `opened`, then `begin` with the answer, at last `close`."""

    def __init__(self, on_key: Callable[[str], None]) -> None:
        self.meter = SpeechMeter()
        self.on_audio: Callable[[SpeechMeter], None] = lambda _meter: None
        """Called after each packet of audio that was heard."""
        self.ignored = 0
        """Packets that were dropped: not of the peer, too many, or no RTP."""
        self._on_key = on_key
        self._transport: asyncio.DatagramTransport | None = None
        self._answer: AudioAnswer | None = None
        self._hosts: frozenset[str] = frozenset()
        self._pacing: asyncio.Task[None] | None = None
        self._playing: tuple[bytes, int, asyncio.Future[bool]] | None = None
        self._window, self._in_window = 0, 0
        self._events: list[int] = []

    @classmethod
    async def opened(
        cls, host: str, ports: Sequence[int], on_key: Callable[[str], None]
    ) -> "AudioStream":
        """Bind one of *ports* at *host*, any free one for port 0. Raises `NoMediaPort`."""
        loop = asyncio.get_running_loop()
        start = secrets.randbelow(len(ports))
        for port in (*ports[start:], *ports[:start]):
            with suppress(OSError):
                _, stream = await loop.create_datagram_endpoint(
                    lambda: cls(on_key), local_addr=(host, port)
                )
                return stream
        raise NoMediaPort("no port is free for audio")

    @property
    def port(self) -> int:
        """The port that was bound."""
        if self._transport is None:
            return 0
        return int(self._transport.get_extra_info("sockname")[1])

    def begin(self, answer: AudioAnswer, *, peer_host: str = "") -> None:
        """Send silence to where the answer says, and hear what comes from there.

        Peers with several addresses may send from the one that signals, *peer_host*.
        """
        self._answer = answer
        self._hosts = frozenset({answer.host, peer_host})
        self._pacing = asyncio.create_task(self._pace(answer))

    async def play(self, samples: Samples) -> bool:
        """Play a prompt; return True at its end, False where it was stopped."""
        self.stop()
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        codec = self._answer.codec if self._answer else 8
        self._playing = (g711.encoded(samples, codec), 0, done)
        return await done

    def stop(self) -> None:
        """Stop the prompt that is playing."""
        if self._playing is not None and not self._playing[2].done():
            self._playing[2].set_result(False)
        self._playing = None

    async def close(self) -> None:
        """Send and hear nothing more."""
        self.stop()
        if self._pacing is not None:
            self._pacing.cancel()
            with suppress(asyncio.CancelledError):
                await self._pacing
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def error_received(self, exc: Exception) -> None:
        """Do nothing: a peer that takes no audio hangs up, or not."""

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Hear a packet."""
        answer = self._answer
        if answer is None or addr[0] not in self._hosts or not self._in_time():
            self.ignored += 1
            return
        packet = read_packet(data)
        if packet is None:
            self.ignored += 1
        elif packet.payload_type == answer.events:
            self._hear_event(packet.timestamp, packet.payload)
        elif packet.payload_type == answer.codec:
            self.meter.hear(g711.decoded(packet.payload, answer.codec))
            self.on_audio(self.meter)
        else:
            self.ignored += 1

    def _in_time(self) -> bool:
        second = int(asyncio.get_running_loop().time())
        if second != self._window:
            self._window, self._in_window = second, 0
        self._in_window += 1
        return self._in_window <= _MOST_A_SECOND

    def _hear_event(self, timestamp: int, payload: bytes) -> None:
        # All packets of one press have its timestamp, the repeated last ones, too.
        key = read_key(payload)
        if key and timestamp not in self._events:
            self._events = [*self._events[-_SAME_TIMESTAMPS:], timestamp]
            self._on_key(key)

    async def _pace(self, answer: AudioAnswer) -> None:
        loop = asyncio.get_running_loop()
        silence = g711.encoded(np.zeros(_FRAME, np.int16), answer.codec)
        sequence, source = secrets.randbelow(2**15), secrets.randbits(32)
        timestamp, due, talking = secrets.randbits(31), loop.time(), False
        while True:
            frame = self._next_frame(silence)
            self._send(
                written_packet(
                    frame or silence,
                    payload_type=answer.codec,
                    sequence=sequence,
                    timestamp=timestamp,
                    source=source,
                    marker=frame is not None and not talking,
                ),
                answer,
            )
            talking = frame is not None
            sequence, timestamp, due = sequence + 1, timestamp + _FRAME, due + FRAME_SECONDS
            late = int((loop.time() - due) / FRAME_SECONDS)
            if late > _MOST_BEHIND:
                timestamp, due = timestamp + late * _FRAME, due + late * FRAME_SECONDS
            await asyncio.sleep(max(0.0, due - loop.time()))

    def _next_frame(self, silence: bytes) -> bytes | None:
        if self._playing is None:
            return None
        octets, place, done = self._playing
        frame = octets[place : place + _FRAME]
        if place + _FRAME >= len(octets):
            self._playing = None
            if not done.done():
                done.set_result(True)
        else:
            self._playing = (octets, place + _FRAME, done)
        return frame + silence[len(frame) :]

    def _send(self, packet: bytes, answer: AudioAnswer) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(packet, (answer.host, answer.port))
