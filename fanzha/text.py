"""Normalises text messages, so that obfuscated spellings make no difference.

`kernels/normalise.c` folds each character (`fanzha.character_table`); placeholders of published
corpora, links and numbers become one typed token each, punctuation goes, and spaces stay only
between words of narrow letters. Normalising twice changes nothing.
"""

import ctypes
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from itertools import accumulate, pairwise

import numpy as np

from fanzha import kernels
from fanzha.character_table import DELETED, SIZE, classes, expansions, folds
from fanzha.tables import Int64s, Uint32s

MAX_CHARACTERS = 8192
"""Characters of a message beyond this are not read."""
_SPARE = 64
"""Room for some characters that become several."""

_normalise = kernels.declare(
    "normalise",
    *(kernels.POINTER, kernels.TEXT, kernels.POINTER, kernels.INTEGER),
    *(kernels.POINTER, kernels.INTEGER, kernels.POINTER),
    returns=kernels.INTEGER,
)


class Token(StrEnum):
    """One private-use character that replaces a number or a link."""

    LINK = "\ue000"
    NUMBER = "\ue001"  # of unknown length, such as the placeholder DIGIT
    DIGITS_2 = "\ue002"  # up to two digits
    DIGITS_4 = "\ue003"
    DIGITS_6 = "\ue004"  # one-time codes, amounts
    DIGITS_9 = "\ue005"
    DIGITS_13 = "\ue006"
    DIGITS_MORE = "\ue007"  # cards and accounts
    MOBILE = "\ue008"
    HOTLINE = "\ue009"  # 400 and 800
    NATIONAL_SERVICE = "\ue00a"  # 95xxx, banks among them
    CARRIER = "\ue00b"  # 100xx
    PUBLIC_SERVICE = "\ue00c"  # 110, 96110, 12xxx
    ACCESS_CODE = "\ue00d"  # 106…


class _Characters(ctypes.Structure):
    """`Characters` in the kernel."""

    _fields_ = (
        ("folds", kernels.POINTER),
        ("classes", kernels.POINTER),
        ("size", kernels.INTEGER),
        ("expanding", kernels.POINTER),
        ("ends", kernels.POINTER),
        ("expansions", kernels.POINTER),
        ("expanding_count", kernels.INTEGER),
    )


def normalise(text: str) -> str:
    """Return the one form of *text*."""
    return normalise_all([text])[0]


def normalise_all(texts: Sequence[str]) -> list[str]:
    """Return the one form of each text of a batch."""
    if not texts:
        return []
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    codes = "".join(texts).encode("utf-32-le", "surrogatepass")
    left, room = np.empty(len(texts), np.int64), len(codes) // 4 + _SPARE
    out = np.empty(room, np.uint32)
    used = _normalised(codes, lengths, out, left)
    if used < 0:
        # Some characters become several.
        out = np.empty(room * _Tables.of().longest, np.uint32)
        used = _normalised(codes, lengths, out, left)
    whole = out[:used].tobytes().decode("utf-32-le")
    ends = accumulate(left.tolist(), initial=0)
    return [whole[start:end] for start, end in pairwise(ends)]


def _normalised(codes: bytes, lengths: Int64s, out: Uint32s, left: Int64s) -> int:
    used: int = _normalise(
        *(_Tables.of().at, codes, kernels.address(lengths), len(lengths)),
        *(kernels.address(out), len(out), kernels.address(left)),
    )
    return used


class _Tables:
    """What the kernel reads of characters, and the arrays that it points to."""

    def __init__(self) -> None:
        rare = sorted(expansions().items())
        folded = [_folded(parts) for _, parts in rare]
        self._arrays = (
            kernels.checked(folds(), np.uint32),
            kernels.checked(classes(), np.uint8),
            np.array([ord(character) for character, _ in rare], np.uint32),
            np.cumsum([len(codes) for codes in folded], dtype=np.int64),
            np.concatenate(folded),
        )
        self.longest = max(map(len, folded))
        """Characters that one becomes at most."""
        folds_at, classes_at, *others = map(kernels.address, self._arrays)
        self._table = _Characters(folds_at, classes_at, SIZE, *others, len(rare))
        self.at = ctypes.byref(self._table)

    @staticmethod
    @cache
    def of() -> "_Tables":
        """Return the tables, which are made at first use."""
        return _Tables()


def _folded(parts: str) -> Uint32s:
    codes = folds().take([ord(part) for part in parts])
    kept: Uint32s = codes[codes != DELETED]
    return kept
