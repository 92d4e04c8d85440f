"""The audio of a call over real sockets: what is played arrives, keys are heard, rubbish is not."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np
import pytest

from infra.rtp import g711
from infra.rtp.audio_stream import AudioStream, NoMediaPort
from infra.rtp.packets import written_packet
from infra.rtp.speech_meter import SpeechMeter
from infra.sip.session_description import UnusableAnswer, offer, read_answer
from tests.support.sip_phone import RecordedMedia, recorded_media, tone

PATIENT = 60.0


@dataclass
class Talking:
    """A stream of ours, the phone at its other end, and the keys that were heard."""

    stream: AudioStream
    phone: RecordedMedia
    keys: list[str]

    async def heard(self, count: int) -> None:
        async with asyncio.timeout(PATIENT):
            while len(self.keys) < count:  # noqa: ASYNC110 - the socket tells nobody
                await asyncio.sleep(0.02)

    async def packets(self, count: int) -> None:
        async with asyncio.timeout(PATIENT):
            while len(self.phone.packets) < count:  # noqa: ASYNC110 - the socket tells nobody
                await asyncio.sleep(0.02)


@pytest.fixture
async def talking() -> AsyncIterator[Talking]:
    keys: list[str] = []
    stream = await AudioStream.opened("127.0.0.1", [0], keys.append)
    async with recorded_media() as phone:
        stream.begin(read_answer(phone.description()))
        yield Talking(stream, phone, keys)
        await stream.close()


async def test_what_is_played_arrives_between_silences(talking: Talking) -> None:
    await talking.packets(3)

    assert await talking.stream.play(tone(0.5))

    await talking.packets(len(talking.phone.packets) + 3)
    audio = talking.phone.audio().astype(np.float64)
    played = tone(0.5).astype(np.float64)
    place = int(np.argmax(np.correlate(audio, played)))
    there = audio[place : place + len(played)]
    assert np.corrcoef(there, played)[0, 1] > 0.99
    assert np.abs(audio[: place - 80]).max(initial=0) < 50
    assert np.abs(audio[place + len(played) + 80 :]).max(initial=0) < 50
    first = talking.phone.packets[0]
    assert {len(one.payload) for one in talking.phone.packets} == {160}
    for count, one in enumerate(talking.phone.packets[:3]):
        assert one.sequence == first.sequence + count


async def test_a_prompt_that_is_stopped_ends_at_once(talking: Talking) -> None:
    playing = asyncio.create_task(talking.stream.play(tone(60.0)))
    await talking.packets(5)

    talking.stream.stop()

    assert await asyncio.wait_for(playing, PATIENT) is False


async def test_a_key_is_heard_once_however_often_it_is_sent(talking: Talking) -> None:
    await talking.packets(1)

    talking.phone.press("1", timestamp=800, packets=8)
    talking.phone.press("1", timestamp=4000)
    talking.phone.press("#", timestamp=8000)

    await talking.heard(3)
    assert talking.keys == ["1", "1", "#"]


async def test_rubbish_and_strangers_are_ignored(talking: Talking) -> None:
    await talking.packets(1)
    rubbish = random.Random(7)

    for place in range(60):
        talking.phone.send_raw(rubbish.randbytes(place))
        await asyncio.sleep(0)
    talking.phone.press("7", timestamp=1)
    await talking.heard(1)

    assert talking.keys == ["7"]
    assert talking.stream.ignored > 0
    pressed = written_packet(
        b"\x05\x0a\x00\xa0", payload_type=101, sequence=1, timestamp=9, source=1, marker=False
    )
    talking.stream.datagram_received(pressed, ("192.0.2.9", talking.phone.port))
    assert talking.keys == ["7"]


async def test_of_a_flood_of_keys_a_few_hundred_a_second_are_looked_at(talking: Talking) -> None:
    for place in range(2000):
        pressed = written_packet(
            b"\x05\x0a\x00\xa0", payload_type=101, sequence=place, timestamp=place, source=1,
            marker=False,
        )  # fmt: skip
        talking.stream.datagram_received(pressed, ("127.0.0.1", talking.phone.port))

    # 200 each second, wherever that begins: the loop takes far less than seven.
    assert 200 <= len(talking.keys) < 1600


def test_a_long_speech_is_told_from_a_word() -> None:
    word, speech = SpeechMeter(), SpeechMeter()

    for _ in range(5):
        word.hear(tone(0.02))
    for _ in range(100):
        word.hear(np.zeros(160, np.int16))
    for place in range(200):
        # Words with short pauses between them.
        speech.hear(tone(0.02) if place % 25 < 20 else np.zeros(160, np.int16))

    assert (word.run_ms, word.longest_ms) == (0, 100)
    assert speech.longest_ms > 3500


async def test_ports_that_are_taken_are_said() -> None:
    first = await AudioStream.opened("127.0.0.1", [0], lambda _key: None)

    with pytest.raises(NoMediaPort):
        await AudioStream.opened("127.0.0.1", [first.port], lambda _key: None)
    await first.close()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("m=audio 4000 RTP/AVP 8 0 101", "m=audio 0 RTP/AVP 8"),
        ("m=audio 4000 RTP/AVP 8 0 101", "m=audio 4000 RTP/SAVP 8"),
        ("m=audio 4000 RTP/AVP 8 0 101", "m=audio 4000 RTP/AVP 18"),
        ("m=audio 4000 RTP/AVP 8 0 101", "m=video 4000 RTP/AVP 8"),
        ("IN IP4 127.0.0.1\r\nt", "IN IP4 somewhere.example\r\nt"),
        ("IN IP4 127.0.0.1\r\nt", "IN IP4 224.0.0.1\r\nt"),
        ("IN IP4 127.0.0.1\r\nt", "IN IP4 0.0.0.0\r\nt"),
        ("s=-", "s=" + "x" * 9000),
        ("s=-", "a=x\r\n" * 300),
    ],
)
def test_answers_that_lead_nowhere_are_refused(old: str, new: str) -> None:
    usual = offer("127.0.0.1", 4000, session=1)
    assert read_answer(usual).events == 101

    with pytest.raises(UnusableAnswer):
        read_answer(usual.replace(old.encode(), new.encode()))


def test_an_answer_in_mu_law_is_taken() -> None:
    usual = offer("127.0.0.1", 4000, session=1).replace(b"8 0 101", b"0 8")

    assert (read_answer(usual).codec, g711.SAMPLES_PER_SECOND) == (0, 8000)
