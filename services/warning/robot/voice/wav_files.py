"""Recordings: WAV files as telephone audio of 8,000 samples a second.

Other rates are brought to that one by a low pass (a windowed sinc) and interpolation, good enough
for speech over G.711.
"""

import io
import wave

import numpy as np

from fanzha.errors import InvalidInput
from infra.rtp.g711 import SAMPLES_PER_SECOND, Samples

MOST_SECONDS = 120
"""Of one recording: nobody listens for longer."""
_SHORTEST_SECONDS = 0.2
_LOWEST_RATE, _HIGHEST_RATE = 8_000, 48_000
_OCTETS = 2
_CUTOFF_HERTZ = 3_600
_TAPS = 63
_LOUDEST = 32_767


def read(data: bytes, name: str) -> Samples:
    """Return a recording; `InvalidInput` says why it is none: the format, or the length."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            channels, octets = file.getnchannels(), file.getsampwidth()
            rate, frames = file.getframerate(), file.getnframes()
            fits = (channels, octets) == (1, _OCTETS) and _LOWEST_RATE <= rate <= _HIGHEST_RATE
            if not fits:
                raise InvalidInput(
                    "{name}: recordings are mono, of 16 bits, at 8,000 to 48,000 a second",
                    name=name,
                )
            if frames > MOST_SECONDS * rate:
                raise InvalidInput(
                    "{name}: longer than {most} seconds", name=name, most=MOST_SECONDS
                )
            samples = np.frombuffer(file.readframes(frames), "<i2").astype(np.int16)
    except (wave.Error, EOFError) as error:
        raise InvalidInput("{name}: is no WAV file: {error}", name=name, error=error) from error
    if len(samples) < _SHORTEST_SECONDS * rate:
        raise InvalidInput("{name}: has no audio", name=name)
    return samples if rate == SAMPLES_PER_SECOND else resampled(samples, rate)


def written(samples: Samples) -> bytes:
    """Return telephone audio as a WAV file."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(_OCTETS)
        file.setframerate(SAMPLES_PER_SECOND)
        file.writeframes(samples.astype("<i2").tobytes())
    return target.getvalue()


def resampled(samples: Samples, rate: int) -> Samples:
    """Return audio of another rate, in samples a second, as telephone audio."""
    at = np.arange(_TAPS) - _TAPS // 2
    kernel = np.sinc(2 * _CUTOFF_HERTZ / rate * at) * np.hamming(_TAPS)
    smooth = np.convolve(samples.astype(np.float64), kernel / kernel.sum(), mode="same")
    count = int(len(samples) * SAMPLES_PER_SECOND / rate)
    places = np.arange(count) * (rate / SAMPLES_PER_SECOND)
    found = np.interp(places, np.arange(len(smooth)), smooth)
    return np.asarray(np.clip(found, -_LOUDEST, _LOUDEST), np.int16)
