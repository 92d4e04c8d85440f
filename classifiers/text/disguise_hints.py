"""Places of texts that may be disguised, found by `kernels/disguise.c`.

Most texts have none. What is found is no disguise yet: `classifiers.text.disguise` tells.
"""

import ctypes
from collections.abc import Iterable, Sequence
from enum import IntEnum
from functools import cache

import numpy as np

from classifiers.text.chinese_words import SHORTEST_SOUND, SOUNDS
from classifiers.text.disguise_characters import kinds, pair_bits
from fanzha import kernels
from fanzha.character_table import SIZE
from fanzha.tables import Uint8s

_NUMBERS, _MOST_OF_A_CHARACTER = 3, 6
"""Of a hint, and hints of a character at most."""
_LETTERS, _SOUND_LETTERS = 26, 3
"""Of the alphabet, and of the beginning of a word by sound that the kernel looks at."""

_disguise_hints = kernels.declare(
    "disguise_hints",
    *(kernels.POINTER, kernels.TEXT, kernels.POINTER, kernels.INTEGER, kernels.INTEGER),
    *(kernels.POINTER, kernels.INTEGER),
    returns=kernels.INTEGER,
)


class DisguiseHint(IntEnum):
    """What may be at a place; numbered as in the kernel."""

    RESPELT = 1
    """A word begins in which digits or marks stand for letters."""
    PAIRED = 2
    """A word begins in which two letters look like one."""
    HALVES = 4
    """Two halves of a Chinese character."""
    SPACED_OUT = 8
    """The first of letters without one beside them."""
    BY_SOUND = 16
    """A word of letters begins, in a text that holds Chinese characters."""
    DECORATED = 32
    FANCY = 64
    """A letter that only folds to ASCII."""


class _Disguises(ctypes.Structure):
    """`Disguises` in the kernel."""

    _fields_ = (
        ("kinds", kernels.POINTER),
        ("bits", kernels.POINTER),
        ("size", kernels.INTEGER),
        ("sounds", kernels.POINTER),
        ("shortest_sound", kernels.INTEGER),
    )


def of_texts(texts: Sequence[str], most: int) -> Iterable[tuple[int, int, int]]:
    """Return row, place and `DisguiseHint` of each hint in the first *most* characters of texts.

    In order of row; one that is decorated ends with that hint.
    """
    if not texts:
        return ()
    codes = "".join(texts).encode("utf-32-le", "surrogatepass")
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    room = len(codes) // 4 + _NUMBERS
    for each in (room, room * _NUMBERS * _MOST_OF_A_CHARACTER):
        out = np.empty(each, np.int32)
        used: int = _disguise_hints(
            *(ctypes.byref(_tables()), codes, kernels.address(lengths), len(lengths), most),
            *(kernels.address(out), each),
        )
        if used >= 0:
            break
    numbers = iter(out[:used].tolist())
    return zip(numbers, numbers, numbers, strict=True)


@cache
def _tables() -> _Disguises:
    bits = kernels.checked(pair_bits(), np.uint8)
    of_characters = kernels.checked(kinds(), np.uint8)
    return _Disguises(
        *(kernels.address(of_characters), kernels.address(bits), SIZE),
        *(kernels.address(_sounds()), SHORTEST_SOUND),
    )


@cache
def _sounds() -> Uint8s:
    if SHORTEST_SOUND < _SOUND_LETTERS:
        raise ValueError(f"words by sound of {SHORTEST_SOUND} letters")
    found = np.zeros((_LETTERS,) * _SOUND_LETTERS, np.uint8)
    for sound in SOUNDS:
        found[tuple(ord(letter) - ord("a") for letter in sound[:_SOUND_LETTERS])] = 1
    return found
