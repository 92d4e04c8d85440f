"""Many calls of the robot at once: tones for every place, people whose keys differ, and checks.

Everything that the robot says is a tone of its own: one for the warning of each kind of fraud, and
one for each place of the script. So what a phone hears tells which call it was, and a call into
which another's audio is mixed has a tone too many. People press a key once they hear what it
answers.
"""

import asyncio
import re
import wave
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from fanzha.fraud import FraudType
from infra.clock import now_ms
from infra.redis.client import Client
from infra.rtp.g711 import SAMPLES_PER_SECOND, Samples
from services.decision.sinks.hit_store import CONFIRMED
from services.warning.model import Tier
from services.warning.robot import script_files
from services.warning.robot.script import RobotScript
from services.warning.robot.voice import prompts
from tests.support.answering_phone import TakenCall, WhatPeopleDo
from tests.support.sip_phone import RecordedMedia, tone

KINDS = [one for one in FraudType if one]
_ONE_CALL = '\n[[step]]\ntier = "{tier}"\nchannel = "voice"\nwithin_minutes = 600\n'
_PRESSED: Sequence[tuple[str, ...]] = (("3",), ("4", "3"), ("2",), ("4", "2"), ("1",))
_PLACES = {"1": "paid", "2": "officer", "3": "safe", "4": "who"}
_LOWEST_HERTZ, _APART_HERTZ = 300, 150
_WINDOW = SAMPLES_PER_SECOND // 10
_LOUD = 1_000
_LATEST = 40
"""Packets that people listen to."""
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class CalledPerson:
    """Somebody who is called: their number tells what they press, and for what fraud."""

    place: int

    @property
    def number(self) -> str:
        """Return the number to call."""
        return f"+8617000{self.place:06}"

    @property
    def kind(self) -> FraudType:
        """Return the kind of fraud that reached them."""
        return KINDS[self.place % len(KINDS)]

    @property
    def keys(self) -> Sequence[str]:
        """Return what they press."""
        return _PRESSED[self.place % len(_PRESSED)]

    @property
    def hertz(self) -> Sequence[int]:
        """Return the tones that they hear: of their warning, and of the places that they reach."""
        return [_hertz(self.kind.name), *(_hertz(_PLACES[key]) for key in self.keys)]


def person_of(call: TakenCall) -> CalledPerson:
    """Return who is called."""
    return CalledPerson(int(call.number[-6:]))


def listening(*, seconds: float = 0.0, until: asyncio.Event | None = None) -> WhatPeopleDo:
    """Return people who answer each tone by their next key, so many seconds after it began.

    With *until* they press their first key once it is set, or after so many seconds.
    """

    async def listen(call: TakenCall, media: RecordedMedia) -> None:
        person = person_of(call)
        for place, (hertz, key) in enumerate(zip(person.hertz, person.keys, strict=False)):
            while not _hears(hertz, media):  # noqa: ASYNC110 - the socket tells nobody
                await asyncio.sleep(_LOOK_SECONDS)
            if until is not None and not place:
                with suppress(TimeoutError):
                    await asyncio.wait_for(until.wait(), seconds)
            else:
                await asyncio.sleep(seconds if until is None else 0)
            media.press(key, timestamp=80_000 * (place + 1))

    return listen


def _hears(hertz: int, media: RecordedMedia) -> bool:
    return bool(media.packets) and hertz in tones_heard(media.audio(latest=_LATEST))


def keys_noted(note: str) -> list[str]:
    """Return the keys in the transcript of a call."""
    return re.findall(r" key ([0-9*#])", note)


def settings(
    folder: Path, redis_url: str, port: int, *, lines: int, seconds: float, warned_seconds: float
) -> dict[str, str]:
    """Return settings of ``fanzha warn`` that call at once, and say tones of *seconds*.

    The warning itself takes *warned_seconds*.
    """
    shipped = (files("services.warning") / "data" / "policy-1.toml").read_text(encoding="utf-8")
    steps = "".join(_ONE_CALL.format(tier=one.name.lower()) for one in Tier)
    (folder / "policy.toml").write_text(shipped.partition("\n[[step]]")[0] + steps, "utf-8")
    script = next(one for one in script_files.by_voice() if one.language == "zh")
    _write_tones(folder / "recordings" / prompts.folder_of(script), script, seconds, warned_seconds)
    return {
        "FANZHA_REDIS_URL": redis_url,
        "FANZHA_WARNING_PORT": "0",
        "FANZHA_METRICS_ENABLED": "false",
        "FANZHA_WARNING_QUIET_FROM": "00:00",
        "FANZHA_WARNING_QUIET_UNTIL": "00:00",
        "FANZHA_WARNING_POLICY_FILE": str(folder / "policy.toml"),
        "FANZHA_WARNING_VOICE_SIP_ADDRESS": f"127.0.0.1:{port}",
        "FANZHA_WARNING_VOICE_SIP_TRANSPORT": "udp",
        "FANZHA_WARNING_VOICE_CALLS_AT_ONCE": str(lines),
        "FANZHA_WARNING_VOICE_RECORDINGS_DIR": str(folder / "recordings"),
    }


async def append_hits(client: Client, people: Sequence[CalledPerson]) -> None:
    """Let a fraud of its own kind reach each person."""
    pipeline: Any = client.pipeline(transaction=False)
    for one in people:
        caller = f"+861990000{one.kind:04}"
        pipeline.xadd(CONFIRMED, {
            "decision_id": str(one.place + 1), "channel": "CALL", "from_party": caller,
            "to_party": one.number, "fraud_type": one.kind.name, "action": "BLOCK",
            "reason": "BLOCKLISTED", "pattern": caller, "entry_id": f"e{one.kind}",
            "evidence": "CALLER", "occurred_at_ms": str(now_ms()),
        })  # fmt: skip
    await pipeline.execute()


def tones_heard(audio: Samples) -> set[int]:
    """Return the tones in what a phone heard, by windows of a tenth of a second."""
    windows = audio[: len(audio) // _WINDOW * _WINDOW].reshape(-1, _WINDOW)
    # A window in which one tone ends and another begins has neither for long enough.
    whole = [
        one for one in windows if min(np.abs(part).max() for part in one.reshape(8, -1)) > _LOUD
    ]
    if not whole:
        return set()
    strongest = np.abs(np.fft.rfft(np.array(whole), axis=1)).argmax(axis=1)
    hertz = strongest * SAMPLES_PER_SECOND / _WINDOW
    # Two tones that meet in a window move its peak a little.
    steps = np.rint((hertz - _LOWEST_HERTZ) / _APART_HERTZ).astype(int)
    return set((_LOWEST_HERTZ + _APART_HERTZ * steps).tolist())


def _hertz(name: str) -> int:
    places = ["who", "safe", "officer", "ask", "paid", "lost", "advice", "stopped"]
    names = [*(one.name for one in KINDS), *places]
    return _LOWEST_HERTZ + _APART_HERTZ * names.index(name)


def _write_tones(folder: Path, script: RobotScript, seconds: float, warned_seconds: float) -> None:
    folder.mkdir(parents=True)
    tones: Mapping[str, int] = {
        script.start: _hertz(KINDS[0].name),
        **{f"{script.start}.{one.name.lower()}": _hertz(one.name) for one in KINDS},
        **{place: _hertz(place) for place in script.places if place != script.start},
    }
    for name, hertz in tones.items():
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, SAMPLES_PER_SECOND, 0, "NONE", ""))
            lasts = warned_seconds if name.startswith(script.start) else seconds
            file.writeframes(tone(lasts, hertz).tobytes())
