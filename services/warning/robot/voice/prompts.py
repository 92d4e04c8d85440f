"""What is played in a call: recordings of the operator where there are some, else speech.

A folder of recordings has a folder for each script, and in it a file for each place:
``voice.zh@1_a/ask.wav``, or ``ask.fake_loan.wav`` for one kind of fraud. The recording of the place
where a script begins is played instead of the warning's text and its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from fanzha.errors import InvalidConfiguration, InvalidInput
from fanzha.fraud import FraudType
from infra.rtp.g711 import SAMPLES_PER_SECOND, Samples
from services.warning.robot.script import RobotScript
from services.warning.robot.voice import wav_files

_PAUSE_SECONDS = 0.6


class Speech(Protocol):
    """Speaks texts."""

    async def render(self, text: str, language: str) -> Samples:
        """Return a text as audio. Raises `Unavailable` where it cannot be rendered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recordings:
    """Recordings of scripts, by script, place and kind of fraud."""

    found: Mapping[tuple[str, str, FraudType], Samples]

    def get(self, script: RobotScript, place: str, fraud_type: FraudType) -> Samples | None:
        """Return the recording of a place, that of the kind of fraud first; None without one."""
        own = self.found.get((script.id, place, fraud_type))
        return own if own is not None else self.found.get((script.id, place, FraudType.UNSPECIFIED))

    def missing(self, script: RobotScript) -> list[str]:
        """Return the places of a script that say something and have no recording."""
        return [
            place
            for place in script.places
            if script.text(place, FraudType.UNSPECIFIED)
            and (script.id, place, FraudType.UNSPECIFIED) not in self.found
        ]


NO_RECORDINGS = Recordings(found={})


def folder_of(script: RobotScript) -> str:
    """Return the name of a script's folder: its id, with an underscore before the variant."""
    return script.id.replace(":", "_")


def read_recordings(folder: Path, scripts: Sequence[RobotScript]) -> Recordings:
    """Read the recordings of *scripts*; `ValueError` for a wrong file, or one of no place."""
    kinds = {one.name.lower(): one for one in FraudType if one}
    found: dict[tuple[str, str, FraudType], Samples] = {}
    for script in scripts:
        for file in sorted((folder / folder_of(script)).glob("*.wav")):
            place, _, word = file.stem.partition(".")
            if place not in script.places or (word and word not in kinds):
                raise InvalidConfiguration(
                    "warning_voice_recordings_dir: {file}: script {script} has no such place",
                    file=file.name,
                    script=script.id,
                )
            kind = kinds.get(word, FraudType.UNSPECIFIED)
            try:
                samples = wav_files.read(file.read_bytes(), file.name)
            except InvalidInput as error:
                raise InvalidConfiguration(
                    "warning_voice_recordings_dir: {error}", error=error
                ) from error
            found[script.id, place, kind] = samples
    return Recordings(found=found)


class PromptSource:
    """Finds or makes what is played."""

    def __init__(self, recordings: Recordings, speech: Speech | None) -> None:
        """Without *speech*, each place of each script must have a recording."""
        self._recordings = recordings
        self._speech = speech

    async def prepare(self, scripts: Sequence[RobotScript]) -> None:
        """Speak what scripts say, so that it is kept. Raises `Unavailable` where speech fails."""
        for script in scripts:
            for fraud_type in (FraudType.UNSPECIFIED, *script.by_fraud):
                await self.of(script, fraud_type, warning="")

    async def of(
        self, script: RobotScript, fraud_type: FraudType, *, warning: str
    ) -> dict[str, Samples]:
        """Return the audio of each place of a script that says something.

        Raises `Unavailable` where speech fails.
        """
        prompts: dict[str, Samples] = {}
        for place in script.places:
            recorded = self._recordings.get(script, place, fraud_type)
            if recorded is not None:
                prompts[place] = recorded
                continue
            parts = [warning] if place == script.start else []
            texts = [*parts, script.text(place, fraud_type)]
            if spoken := [await self._spoken(text, script) for text in texts if text]:
                prompts[place] = np.concatenate(spoken)
        return prompts

    async def _spoken(self, text: str, script: RobotScript) -> Samples:
        if self._speech is None:
            raise InvalidInput("script {script}: a recording is missing", script=script.id)
        pause = np.zeros(int(_PAUSE_SECONDS * SAMPLES_PER_SECOND), np.int16)
        return np.concatenate([await self._speech.render(text, script.language), pause])
