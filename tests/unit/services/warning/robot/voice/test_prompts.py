"""What is played: recordings that are checked, speech, and texts as they are read out."""

import io
import wave
from pathlib import Path

import numpy as np
import pytest

from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from infra.rtp.g711 import SAMPLES_PER_SECOND, Samples
from services.warning.robot import script_files
from services.warning.robot.voice import prompts, speech, wav_files
from services.warning.robot.voice.prompts import NO_RECORDINGS, PromptSource
from services.warning.robot.voice.speech import EspeakSpeech
from tests.support.external_servers import program
from tests.support.sip_phone import tone

SCRIPT = next(one for one in script_files.by_voice() if one.language == "zh")


class Spoken:
    """Speaks each text as audio of as many samples as it has characters."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def render(self, text: str, language: str) -> Samples:
        self.texts.append(text)
        return np.full(len(text), len(text), np.int16)


def folder_with(tmp_path: Path, *names: str) -> Path:
    folder = tmp_path / prompts.folder_of(SCRIPT)
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(wav_files.written(tone(0.5)))
    return tmp_path


async def test_recordings_come_first_and_speech_fills_the_gaps(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "ask.wav", "ask.fake_loan.wav")
    speaker = Spoken()
    source = PromptSource(prompts.read_recordings(folder, [SCRIPT]), speaker)

    found = await source.of(SCRIPT, FraudType.FAKE_LOAN, warning="当心")

    assert set(found) == set(SCRIPT.places)
    assert len(found["ask"]) == SAMPLES_PER_SECOND // 2
    assert speaker.texts[:2] == ["当心", SCRIPT.states["warned"].text]
    assert SCRIPT.states["ask"].text not in speaker.texts


def test_places_without_a_recording_are_named(tmp_path: Path) -> None:
    read = prompts.read_recordings(folder_with(tmp_path, "warned.wav"), [SCRIPT])

    assert "warned" not in read.missing(SCRIPT)
    assert {"ask", "paid"} <= set(read.missing(SCRIPT))
    assert "warned" in NO_RECORDINGS.missing(SCRIPT)


@pytest.mark.parametrize("name", ["nowhere.wav", "ask.no_kind.wav"])
def test_a_recording_of_no_place_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no such place"):
        prompts.read_recordings(folder_with(tmp_path, name), [SCRIPT])


def wav(*, channels: int = 1, octets: int = 2, rate: int = 8_000, frames: int = 8_000) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(octets)
        file.setframerate(rate)
        file.writeframes(bytes(frames * channels * octets))
    return target.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"RIFF", "is no WAV file"),
        (wav(channels=2), "mono"),
        (wav(octets=1), "mono"),
        (wav(rate=4_000), "mono"),
        (wav(frames=8_000 * 121), "longer than"),
        (wav(frames=10), "has no audio"),
    ],
)
def test_a_wrong_recording_is_refused_with_its_fault(data: bytes, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        wav_files.read(data, "x.wav")


def test_a_tone_keeps_its_pitch_at_another_rate() -> None:
    at = np.arange(22_050) / 22_050
    high = (8_000 * np.sin(2 * np.pi * 440 * at)).astype(np.int16)

    found = wav_files.resampled(high, 22_050)

    assert len(found) == SAMPLES_PER_SECOND
    assert np.corrcoef(found[100:-100], tone(1.0)[100:-100])[0, 1] > 0.999


@pytest.mark.parametrize(
    ("text", "language", "spoken"),
    [
        ("【反诈】请拨打96110，或110。", "zh", " 反诈 请拨打九六幺幺零，或幺幺零。"),
        ("11月25日14时，请按1。", "zh", "11月25日14时，请按1。"),
        ("Dial 96110. On 25 May press 1.", "en", "Dial 9 6 1 1 0. On 25 May press 1."),
    ],
)
def test_numbers_are_read_out_digit_by_digit(text: str, language: str, spoken: str) -> None:
    assert speech.spoken_text(text, language) == spoken


def test_without_the_program_it_is_said_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="apt install no-such-program"):
        EspeakSpeech(tmp_path, program="no-such-program")


async def test_what_was_spoken_once_is_kept(tmp_path: Path) -> None:
    program(speech.PROGRAM, package="espeak-ng")
    speaker = EspeakSpeech(tmp_path / "spoken")

    first = await speaker.render("请不要转账。", "zh")
    again = await EspeakSpeech(tmp_path / "spoken").render("请不要转账。", "zh")

    assert len(first) > SAMPLES_PER_SECOND // 2
    assert np.array_equal(first, again)
    (file,) = (tmp_path / "spoken").iterdir()
    assert "转账" not in file.name
    assert file.stat().st_mode & 0o077 == 0
