"""A whole call: a hit, `fanzha warn`, a real SIP peer, and what its phone hears."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infra.clock import now_ms
from infra.redis.client import Client, connect
from infra.rtp.g711 import Samples
from services.decision.sinks.hit_store import CONFIRMED
from services.warning.cases.events import EventKind
from services.warning.cases.listing import CaseListing
from services.warning.cases.store import CaseStore
from services.warning.model import Tier
from services.warning.robot import script_files
from services.warning.robot.voice.speech import EspeakSpeech
from tests.support.external_servers import program, started
from tests.support.processes import role
from tests.support.reserved_ports import reserved_port
from tests.support.sip_phone import RecordedMedia, recorded_media

PERSON = "+8617000000001"
PATIENCE_SECONDS = 200.0
SCENARIO = Path(__file__).parents[4] / "support" / "sip_answering.xml"
ONE_CALL = '\n[[step]]\ntier = "{tier}"\nchannel = "voice"\nwithin_minutes = 60\n'


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@contextmanager
def peer(folder: Path, media: RecordedMedia) -> Iterator[int]:
    """Run a SIPp that takes a call, with audio for *media*; yield its port."""
    command, port = program("sipp", package="sip-tester"), reserved_port()
    arguments = [
        "-sf", str(SCENARIO), "-key", "media", str(media.port), "-i", "127.0.0.1", "-p", str(port),
        "-m", "1", "-nostdin",
    ]  # fmt: skip
    with started([command, *arguments], folder, lambda: _is_bound(port)):
        yield port


def _is_bound(port: int) -> bool:
    return any(
        line.split()[1].endswith(f":{port:04X}")
        for line in Path("/proc/net/udp").read_text().splitlines()[1:]
    )


def settings(folder: Path, redis_url: str, port: int) -> dict[str, str]:
    shipped = (files("services.warning") / "data" / "policy-1.toml").read_text(encoding="utf-8")
    lines = shipped.partition("\n[[step]]")[0]
    steps = "".join(ONE_CALL.format(tier=one.name.lower()) for one in Tier)
    (folder / "policy.toml").write_text(lines + steps, encoding="utf-8")
    return {
        "FANZHA_REDIS_URL": redis_url,
        "FANZHA_WARNING_PORT": "0",
        "FANZHA_METRICS_ENABLED": "false",
        "FANZHA_WARNING_QUIET_FROM": "00:00",
        "FANZHA_WARNING_QUIET_UNTIL": "00:00",
        "FANZHA_WARNING_POLICY_FILE": str(folder / "policy.toml"),
        "FANZHA_WARNING_VOICE_SIP_ADDRESS": f"127.0.0.1:{port}",
        "FANZHA_WARNING_VOICE_SIP_TRANSPORT": "udp",
    }


async def until_packets(media: RecordedMedia, count: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(media.packets) < count:  # noqa: ASYNC110 - the socket tells nobody
            await asyncio.sleep(0.05)


def where(audio: Samples, prompt: Samples) -> tuple[float, int]:
    """Return how alike the most similar part of *audio* is to *prompt*, and where it begins."""
    sound, sought = audio.astype(np.float64), prompt.astype(np.float64)
    size = len(sound) + len(sought)
    together = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(sought, size)), size)
    place = int(np.argmax(together[: max(1, len(sound) - len(sought))]))
    return float(np.corrcoef(sound[place : place + len(sought)], sought)[0, 1]), place


async def test_a_hit_becomes_a_call_that_hands_over_who_has_paid(
    client: Client, redis_url: str, tmp_path: Path
) -> None:
    program("espeak-ng", package="espeak-ng")
    hit: Any = {
        "decision_id": "1", "channel": "CALL", "from_party": "+8619900000001",
        "to_party": PERSON, "fraud_type": "FAKE_LOAN", "action": "BLOCK",
        "reason": "BLOCKLISTED", "pattern": "+8619900000001", "entry_id": "e1",
        "evidence": "CALLER", "occurred_at_ms": str(now_ms()),
    }  # fmt: skip
    await client.xadd(CONFIRMED, hit)
    async with recorded_media() as media:
        with (
            peer(tmp_path, media) as port,
            role("warn", tmp_path, **settings(tmp_path, redis_url, port)),
        ):
            await until_packets(media, 100)
            pressed_at = len(media.packets)
            media.press("1", timestamp=16_000)
            await until_delivered(client)

    audio = media.audio()
    speech = EspeakSpeech(tmp_path / "voice-prompts")
    script = next(one for one in script_files.by_voice() if one.language == "zh")
    alike, place = where(audio, await speech.render(script.ends["paid"].text, "zh"))
    # The warning is spoken, the key stops it, and the person hears what to do now.
    assert np.abs(audio[: pressed_at * 160]).max() > 3_000
    assert alike > 0.95
    menu = await speech.render(script.states["warned"].text, "zh")
    assert pressed_at * 160 - 8_000 < place < pressed_at * 160 + len(menu)
    (case,) = [one async for one, _ in CaseListing(client, CaseStore(client)).walk()]
    assert (case.tier, case.needs_person) == (Tier.HIGH, True)
    assert list(case.messages.values()) == [EventKind.DELIVERED.value]


async def until_delivered(client: Client) -> None:
    cases = CaseStore(client)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = [one async for one, _ in CaseListing(client, cases).walk()]
            if found and list(found[0].messages.values()) == [EventKind.DELIVERED.value]:
                return
            await asyncio.sleep(0.2)
