"""Speech from texts by espeak-ng, a program of its own that reads a text and writes a WAV file.

The text goes in by standard input, so that no list of processes shows it. What was spoken once is
kept in a folder under a hash of text and voice: a script is rendered before the first call, and a
warning while the phone does not ring yet.
"""

import asyncio
import re
import shutil
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory

from fanzha.errors import InvalidConfiguration, InvalidInput, Unavailable
from infra import atomic_file
from infra.rtp.g711 import Samples
from services.warning.robot.voice import wav_files

PROGRAM = "espeak-ng"
VOICES = {"zh": "cmn", "en": "en-gb"}
"""Voices of espeak-ng by the language of a text."""
MOST_KEPT = 500
"""Files in the folder; beyond, those that were used least lately go."""
_WORDS_A_MINUTE = {"zh": "210", "en": "150"}
"""Of espeak-ng: of Chinese, some four characters a second."""
_SECONDS = 60.0
_DIGITS = re.compile(r"[0-9]{2,}")
_CHINESE_DIGITS = dict(zip("0123456789", "零幺二三四五六七八九", strict=True))
_BRACKETS = re.compile(r"[【】\[\]<>]")
_DATED = re.compile(r"(?=[年月日时点分元万])")


class EspeakSpeech:
    """Renders texts, each once."""

    def __init__(self, folder: Path, *, program: str = PROGRAM) -> None:
        """Keep what was rendered in *folder*. Raises `ValueError` where the program is missing."""
        found = shutil.which(program)
        if found is None:
            raise InvalidConfiguration(
                "warning_voice_sip_address: {program} is not installed, which speaks what has no "
                "recording; on Debian: apt install {program}. Or name recordings of all states: "
                "warning_voice_recordings_dir",
                program=program,
            )
        self._program = found
        self._folder = folder
        self._one = asyncio.Semaphore(1)

    async def render(self, text: str, language: str) -> Samples:
        """Return a text as audio. Raises `Unavailable` where it cannot be rendered."""
        voice, pace = VOICES[language], _WORDS_A_MINUTE[language]
        digest = blake2b(f"{voice}\0{pace}\0{text}".encode(), digest_size=16).hexdigest()
        kept = self._folder / f"{digest}.wav"
        with suppress(OSError, InvalidInput):
            data = await asyncio.to_thread(kept.read_bytes)
            await asyncio.to_thread(kept.touch)
            return wav_files.read(data, kept.name)
        async with self._one:
            samples = await self._spoken(spoken_text(text, language), voice, pace)
        await asyncio.to_thread(self._keep, kept, samples)
        return samples

    async def _spoken(self, text: str, voice: str, pace: str) -> Samples:
        with TemporaryDirectory(prefix="fanzha-speech-") as name:
            file = Path(name) / "spoken.wav"
            process = await asyncio.create_subprocess_exec(
                self._program, "-v", voice, "-s", pace, "-b", "1", "--stdin", "-w",
                str(file), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            try:
                async with asyncio.timeout(_SECONDS):
                    await process.communicate(text.encode())
            except TimeoutError as error:
                raise Unavailable("espeak-ng did not end in time") from error
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
            if process.returncode or not file.exists():
                raise Unavailable("espeak-ng failed: {status}", status=process.returncode)
            try:
                data = await asyncio.to_thread(file.read_bytes)
                return await asyncio.to_thread(wav_files.read, data, "speech")
            except InvalidInput as error:
                raise Unavailable("espeak-ng said nothing") from error

    def _keep(self, file: Path, samples: Samples) -> None:
        self._folder.mkdir(mode=atomic_file.FOLDER_MODE, parents=True, exist_ok=True)
        with atomic_file.replacing(file) as target:
            target.write(wav_files.written(samples))
        kept = sorted(self._folder.glob("*.wav"), key=lambda one: one.stat().st_mtime)
        for old in kept[:-MOST_KEPT]:
            old.unlink(missing_ok=True)


def spoken_text(text: str, language: str) -> str:
    """Return a text as it is read out: telephone numbers digit by digit, no brackets.

    Numbers of dates and amounts stay: they are followed by their unit.
    """
    bare = _BRACKETS.sub(" ", text)

    def digits(match: re.Match[str]) -> str:
        if language == "zh" and _DATED.match(bare, match.end()):
            return match[0]
        if language == "zh":
            return "".join(_CHINESE_DIGITS[one] for one in match[0])
        return " ".join(match[0]) if len(match[0]) > 2 else match[0]  # noqa: PLR2004 - a day

    return _DIGITS.sub(digits, bare)
