"""G.711 (ITU-T): telephone audio, one octet for a sample, by A-law or µ-law.

Tables over all values: a second of audio is one look-up of 8,000 samples.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.int16]
"""Audio at 8,000 samples a second."""
SAMPLES_PER_SECOND = 8_000
_SEGMENT_ENDS = np.array([0x1F, 0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF])
_U_BIAS = 0x84
_U_CLIP = 32_635
_SIGN = 0x80


def _a_law_decoded() -> Samples:
    octets = np.arange(256) ^ 0x55
    exponent, mantissa = (octets >> 4) & 7, octets & 0x0F
    low = (mantissa << 4) + 8
    size = np.where(exponent == 0, low, (low + 0x100) << np.maximum(exponent - 1, 0))
    return np.where(octets & _SIGN, size, -size).astype(np.int16)


def _u_law_decoded() -> Samples:
    octets = ~np.arange(256) & 0xFF
    size = ((((octets & 0x0F) << 3) + _U_BIAS) << ((octets >> 4) & 7)) - _U_BIAS
    return np.where(octets & _SIGN, -size, size).astype(np.int16)


def _a_law_encoded() -> NDArray[np.uint8]:
    samples = np.arange(-32_768, 32_768) >> 3
    size = np.where(samples >= 0, samples, -samples - 1)
    segment = np.searchsorted(_SEGMENT_ENDS, size)
    mantissa = np.where(segment < 2, size >> 1, size >> segment) & 0x0F  # noqa: PLR2004 - G.711
    octets = np.where(samples >= 0, 0xD5, 0x55)
    return np.asarray(octets ^ ((segment << 4) | mantissa), np.uint8)


def _u_law_encoded() -> NDArray[np.uint8]:
    samples = np.arange(-32_768, 32_768)
    size = np.minimum(np.abs(samples), _U_CLIP) + _U_BIAS
    exponent = np.floor(np.log2(size)).astype(np.int64) - 7
    mantissa = (size >> (exponent + 3)) & 0x0F
    sign = np.where(samples < 0, _SIGN, 0)
    return np.asarray(~(sign | (exponent << 4) | mantissa) & 0xFF, np.uint8)


_DECODED = {8: _a_law_decoded(), 0: _u_law_decoded()}
_ENCODED = {8: _a_law_encoded(), 0: _u_law_encoded()}


def encoded(samples: Samples, codec: int) -> bytes:
    """Return audio as octets; *codec* is its RTP payload type: 8 for A-law, 0 for µ-law."""
    return _ENCODED[codec][samples.astype(np.int64) + 32_768].tobytes()


def decoded(octets: bytes, codec: int) -> Samples:
    """Return the audio of octets."""
    return _DECODED[codec][np.frombuffer(octets, np.uint8)]
