"""SipHash-2-4 of columns of numbers: the same party has the same hash, which tells nothing else.

By Aumasson and Bernstein (2012): a pseudorandom function for short inputs. Without the key a hash
cannot be led back to a number; with it, all numbers of a plan can be tried, so it is kept like the
log itself. ClickHouse has the same function: ``sipHash64Keyed((k0, k1), toInt64(8617000000123))``.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fanzha.errors import InvalidConfiguration
from fanzha.tables import Int64s, Uint64s

_INITIAL = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
_LENGTH = np.uint64(8 << 56)
"""The last block of a message of eight bytes."""
_KEY_DIGITS = 32
_PIECE = 8192
"""Numbers at a time: so many columns of the state fit the processor's cache."""


@dataclass(frozen=True, slots=True)
class HashKey:
    """The two halves of a key of 128 bits."""

    first: int
    second: int

    @classmethod
    def read(cls, path: Path) -> "HashKey":
        """Read 32 hexadecimal digits from a file; InvalidConfiguration for anything else."""
        try:
            text = path.read_text(encoding="ascii").strip()
            octets = bytes.fromhex(text) if len(text) == _KEY_DIGITS else b""
        except (OSError, ValueError) as error:
            raise InvalidConfiguration(
                "{file}: 32 hexadecimal digits expected", file=path
            ) from error
        if not octets:
            raise InvalidConfiguration("{file}: 32 hexadecimal digits expected", file=path)
        return cls(int.from_bytes(octets[:8], "little"), int.from_bytes(octets[8:], "little"))


def hashed(key: HashKey, numbers: Int64s) -> Uint64s:
    """Return the hash of each number; 0, which is nobody, stays 0."""
    found = np.empty(len(numbers), np.uint64)
    for start in range(0, len(numbers), _PIECE):
        found[start : start + _PIECE] = _hashed(key, numbers[start : start + _PIECE])
    return found


def _hashed(key: HashKey, numbers: Int64s) -> Uint64s:
    message = numbers.astype(np.int64).view(np.uint64)
    halves = (key.first, key.second, key.first, key.second)
    state = [
        np.full(len(message), start ^ half, np.uint64)
        for start, half in zip(_INITIAL, halves, strict=True)
    ]
    state[3] ^= message
    _rounds(state, 2)
    state[0] ^= message
    state[3] ^= _LENGTH
    _rounds(state, 2)
    state[0] ^= _LENGTH
    state[2] ^= np.uint64(0xFF)
    _rounds(state, 4)
    found: Uint64s = state[0] ^ state[1] ^ state[2] ^ state[3]
    # One number in 2**64 has the hash 0, and would look like nobody.
    found[message == 0] = 0
    return found


def _rounds(state: list[Uint64s], count: int) -> None:
    for _ in range(count):
        state[0] += state[1]
        state[1] = _rotated(state[1], 13) ^ state[0]
        state[0] = _rotated(state[0], 32)
        state[2] += state[3]
        state[3] = _rotated(state[3], 16) ^ state[2]
        state[0] += state[3]
        state[3] = _rotated(state[3], 21) ^ state[0]
        state[2] += state[1]
        state[1] = _rotated(state[1], 17) ^ state[2]
        state[2] = _rotated(state[2], 32)


def _rotated(words: Uint64s, bits: int) -> Uint64s:
    turned: Uint64s = (words << np.uint64(bits)) | (words >> np.uint64(64 - bits))
    return turned
