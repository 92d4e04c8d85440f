"""Folds characters that look or mean the same: one table maps each character of a text.

Full-width, circled, emoji and mathematical forms become plain ones, accents and zero-width
characters go, look-alikes of other scripts become Latin, common traditional characters become
simplified. Everything is one character for one character, so that a whole batch is folded by one
numpy look-up; what needs several (``⑩``, ``㎡``) is in `expansions`. The tables are built at first
use, which takes about a tenth of a second.
"""

import unicodedata
from functools import cache

import numpy as np

from fanzha.tables import Uint8s, Uint32s
from fanzha.traditional_chinese import SIMPLIFIED

SIZE = 0x20000
"""Characters above the first two planes are rare ideographs and tags."""
DELETED = 0
EXPANDS = 0xFFFF_FFFF
SPACE, NARROW, WIDE, BREAK = range(4)
"""What a folded character is to its neighbours: words of narrow characters are separated by
spaces, wide ones stand next to each other."""
FIRST_TOKEN, LAST_TOKEN = 0xE000, 0xE00F
"""Private-use characters that replace numbers and links; they fold to themselves."""
ROW_BREAK = "\x1e"

_LOOKALIKES = ("аеорсухіјѕкмтнԁɡоαοντρικıł", "aeopcyxijskmthdgoaovtpikil")
_PUNCTUATION = ("。、·•…—–―", ".,.. ---")
_ACCENTS = ((0, 0x0370), (0x1AB0, 0x2100), (0xFE00, SIZE))
_END_OF_ALPHABETS = 0x2000
"""Below are the alphabets whose accents are marks that can be left out."""
_DELETED_ASCII = "'`"
_UNCHANGED = (
    (0x0E33, 0x0E34),
    (0x0EB3, 0x0EB4),
    (0x3400, 0xA000),
    (0xAC00, 0xD7A4),
    (0x17000, 0x18D09),
    (0x1B170, 0x1B2FC),
)
"""Blocks of letters that fold to themselves; walking them would only cost time."""


@cache
def folds() -> Uint32s:
    """Return the fold of each character, uint32 by code point: another, `DELETED` or `EXPANDS`."""
    table = np.arange(SIZE, dtype=np.uint32)
    for code in _walked():
        table[code] = _fold(chr(code))
    table[FIRST_TOKEN : LAST_TOKEN + 1] = np.arange(FIRST_TOKEN, LAST_TOKEN + 1)
    for before, after in _pairs():
        table[ord(before)] = ord(after)
    for character in _DELETED_ASCII:
        table[ord(character)] = DELETED
    table[ord(ROW_BREAK)] = ord(ROW_BREAK)
    # A fold may lead to a character that folds again, such as a capital look-alike.
    for _ in range(2):
        known = table < SIZE
        table[known] = table[table[known]]
    table.setflags(write=False)
    return table


@cache
def expansions() -> dict[str, str]:
    """Return the characters that fold to several."""
    table = folds()
    rare = {chr(code) for code in np.flatnonzero(table == EXPANDS).tolist()}
    found = {}
    for character in rare:
        parts = unicodedata.normalize("NFKD", character).lower()
        found[character] = "".join(part for part in parts if part not in rare)
    return found


@cache
def classes() -> Uint8s:
    """Return what each folded character is to its neighbours."""
    table = np.full(SIZE, NARROW, np.uint8)
    table[0x2E80:0xA4D0] = WIDE
    table[0xF900:0xFB00] = WIDE
    table[FIRST_TOKEN : LAST_TOKEN + 1] = WIDE
    for code in _walked():
        category = unicodedata.category(chr(code))
        if category == "So":
            table[code] = WIDE
        elif category[0] in "PSZ":
            table[code] = SPACE
    table[[ord("$"), ord("%")]] = WIDE
    table[ord(ROW_BREAK)] = BREAK
    table.setflags(write=False)
    return table


def _walked() -> list[int]:
    skipped = np.zeros(SIZE, np.bool_)
    for first, end in _UNCHANGED:
        skipped[first:end] = True
    return np.flatnonzero(~skipped).tolist()


def _pairs() -> list[tuple[str, str]]:
    sources = (_LOOKALIKES, _PUNCTUATION)
    pairs = [pair for before, after in sources for pair in zip(before, after, strict=True)]
    return pairs + list(SIMPLIFIED.items())


def _fold(character: str) -> int:
    category = unicodedata.category(character)
    if character in "\t\n\r\v\f\x85":
        return ord(" ")
    if category in {"Cc", "Cf", "Cs", "Co", "Cn"} or _is_accent(character, category):
        return DELETED
    if category == "Sc":
        return ord("$")
    if (letter := _enclosed_letter(ord(character))) is not None:
        return letter
    if (digit := _dingbat_digit(ord(character))) is not None:
        return digit
    return _compatible(character)


def _is_accent(character: str, category: str) -> bool:
    # The marks of Thai, Arabic and Indian scripts are letters to their readers.
    if category == "Me":
        return True
    code = ord(character)
    return category == "Mn" and any(first <= code < end for first, end in _ACCENTS)


def _enclosed_letter(code: int) -> int | None:
    for first in (0x1F130, 0x1F150, 0x1F170, 0x1F1E6):
        if first <= code < first + 26:
            return ord("a") + code - first
    return None


def _dingbat_digit(code: int) -> int | None:
    for first in (0x2776, 0x2780, 0x278A):
        if first <= code < first + 9:
            return ord("1") + code - first
    return None


def _compatible(character: str) -> int:
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return ord("0") + digit
    folded = unicodedata.normalize("NFKC", character)
    if len(folded) == 1 and ord(folded) < _END_OF_ALPHABETS:
        # An accented Latin letter is its base letter; kana and Hangul keep their parts.
        folded = unicodedata.normalize("NFKD", folded)
        folded = "".join(part for part in folded if unicodedata.category(part) != "Mn") or folded
    folded = folded.lower()
    if len(folded) != 1:
        return EXPANDS
    return ord(folded)
