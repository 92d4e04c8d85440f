"""Normalises text messages, so that obfuscated spellings make no difference.

A whole batch is folded at once (`fanzha.character_table`), then links and numbers become one
typed token each, punctuation goes, and spaces stay only between words of narrow letters. About
2 µs a message of 65 characters in a batch of 256. Normalising twice changes nothing.
"""

import re
from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from fanzha.character_table import (
    BREAK,
    DELETED,
    EXPANDS,
    NARROW,
    ROW_BREAK,
    SIZE,
    SPACE,
    WIDE,
    classes,
    expansions,
    folds,
)
from fanzha.tables import Int64s, Uint8s, Uint32s

MAX_CHARACTERS = 8192
"""Characters of a message beyond this are not read."""

_MARGIN = 2
"""Characters inspected on either side of a space."""
_BEFORE_ALL = -2
"""Not next to any place."""


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


_BY_LENGTH = (
    [Token.DIGITS_2] * 3
    + [Token.DIGITS_4] * 2
    + [Token.DIGITS_6] * 2
    + [Token.DIGITS_9] * 3
    + [Token.DIGITS_13] * 4
)
_SPECIAL = {
    Token.MOBILE: r"(?:86)?1[3-9x*][\dx*]{9}",
    Token.HOTLINE: r"[48]00\d{7}",
    Token.NATIONAL_SERVICE: r"95\d{3,6}",
    Token.CARRIER: r"100\d{2}",
    Token.PUBLIC_SERVICE: r"110|119|120|122|96110|12\d{3}",
    Token.ACCESS_CODE: r"106\d{5,}",
}
_SPECIAL_NUMBER = re.compile("|".join(f"(?P<{t.name}>{form})" for t, form in _SPECIAL.items()))

# Placeholders of published corpora; upper case tells them from words.
_PLACEHOLDERS = ("DIGIT", "WECHAT", "PHONE", "URL", "PLACE", "NAME", "BANK")
_PLACEHOLDER = re.compile(
    r"[BCDNPUW](?<![A-Za-z].)(?:(IGIT|ECHAT|HONE|ELLPHONE)|(RL)|LACE|AME|ANK)(?![A-Z])"
)

_UPPER_A, _UPPER_LETTERS = np.uint32(ord("A")), np.uint32(26)

# These run over whole batches. Each starts with a character class or a literal and nothing is
# tried twice, so that the engine skips what cannot match.
_SCHEME_LINK = re.compile(r"http(?:s?\ ?:?\ ?//\ ?[!-~]+)")
_HOST_LINK = re.compile(
    r"""
    [a-z0-9](?<![a-z0-9.-][a-z0-9])[a-z0-9-]*+                    # at the start of a word
    (?:\.[a-z0-9-]++(?=\.[a-z]))*+\.[a-z]{2,}+(?![a-z0-9-])
    (?:[/:?][!-~]*)?
    """,
    re.VERBOSE,
)
_NAME_END = re.compile(r"\.(?<=[a-z0-9-]\.)[a-z]{2}")
"""Part of all that `_HOST_LINK` matches."""
_NUMBER = re.compile(
    r"""
    [0-9x*](?:(?<=\d)[\dx*]*+|(?<=x)(?<![a-z]x)x++(?![a-z])\d*+|(?<=\*)\*++\d*+)
    (?:(?:[.:/-]|[ ,](?=\d{3,4}(?![\dx*])))\d[\dx*]*+)*
    """,
    re.VERBOSE,
)
_FIRST_TAG = 0xE0000
"""From here on characters are invisible tags."""
_NOT_DIGITS = re.compile(r"[ .,:/-]+")


def normalise(text: str) -> str:
    """Return the one form of *text*."""
    return normalise_all([text])[0]


def normalise_all(texts: Sequence[str]) -> list[str]:
    """Return the one form of each text of a batch."""
    if not texts:
        return []
    folded = _text(_fold(_join(texts)))
    if "//" in folded:
        folded = _SCHEME_LINK.sub(Token.LINK, folded)
    folded = _without_hosts(folded)
    folded = _NUMBER.sub(_token, folded)
    return _text(collapse_spaces(_codes(folded))).split(ROW_BREAK)


def _join(texts: Sequence[str]) -> str:
    joined = ROW_BREAK.join(texts)
    if joined.count(ROW_BREAK) == len(texts) - 1 and max(map(len, texts)) <= MAX_CHARACTERS:
        return joined
    return ROW_BREAK.join([text[:MAX_CHARACTERS].replace(ROW_BREAK, " ") for text in texts])


def _fold(text: str) -> Uint32s:
    codes = _codes(text)
    # Upper case is rare in Chinese, and shows at once that seven words need not be looked for.
    if np.count_nonzero(codes - _UPPER_A < _UPPER_LETTERS) and any(
        word in text for word in _PLACEHOLDERS
    ):
        text = _PLACEHOLDER.sub(_placeholder, text)
        codes = _codes(text)
    folded = _look_up(codes)
    at = np.flatnonzero(folded == EXPANDS).tolist()
    if at:
        folded = _look_up(_codes(_expanded(text, at)))
    if np.count_nonzero(folded) == len(folded):
        return folded
    remaining: Uint32s = folded[folded != DELETED]
    return remaining


def _without_hosts(folded: str) -> str:
    """Put a token for each bare host; only rows in which a name ends like one are searched."""
    pieces: list[str] = []
    done = 0
    for match in _NAME_END.finditer(folded):
        if match.start() >= done:
            start = folded.rfind(ROW_BREAK, done, match.start()) + 1 or done
            end = folded.find(ROW_BREAK, match.end())
            end = len(folded) if end < 0 else end
            pieces += folded[done:start], _HOST_LINK.sub(Token.LINK, folded[start:end])
            done = end
    return "".join([*pieces, folded[done:]]) if pieces else folded


def _expanded(text: str, at: list[int]) -> str:
    # Few characters of a batch expand to several; those are folded afterwards.
    rare = expansions()
    starts = [0, *[position + 1 for position in at]]
    pieces = [text[start:end] for start, end in zip(starts, [*at, len(text)], strict=True)]
    parts = [rare[text[position]] for position in at]
    return "".join([piece + part for piece, part in zip(pieces, [*parts, ""], strict=True)])


def _look_up(codes: Uint32s) -> Uint32s:
    table = folds()
    if codes.max(initial=0) < SIZE:
        folded: Uint32s = table.take(codes)
        return folded
    is_tag = codes >= _FIRST_TAG
    return np.where(codes < SIZE, table[np.minimum(codes, SIZE - 1)], np.where(is_tag, 0, codes))


def _placeholder(match: re.Match[str]) -> str:
    number, link = match.groups()
    return Token.NUMBER if number else Token.LINK if link else " "


def _token(match: re.Match[str]) -> str:
    digits = match[0]
    if not digits.isdecimal():
        digits = _NOT_DIGITS.sub("", digits)
    if len(digits) < len(_BY_LENGTH) and digits[0] not in "14891":
        return _BY_LENGTH[len(digits)]
    special = _SPECIAL_NUMBER.fullmatch(digits)
    if special is not None:
        return Token[special.lastgroup or ""]
    return _BY_LENGTH[len(digits)] if len(digits) < len(_BY_LENGTH) else Token.DIGITS_MORE


def _codes(text: str) -> Uint32s:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _text(codes: Uint32s) -> str:
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le")


def collapse_spaces(codes: Uint32s) -> Uint32s:
    """Collapse runs of spaces between narrow characters to one; remove all others.

    Only words of narrow characters need spaces. Cost is per run of spaces, of which there are few.
    """
    kinds = _kinds(codes)
    is_kept = kinds[_MARGIN:-_MARGIN] != SPACE
    spaces = np.flatnonzero(~is_kept)
    if not len(spaces):
        return codes
    is_first = np.diff(spaces, prepend=_BEFORE_ALL) != 1
    firsts, lasts = spaces[is_first], spaces[np.append(is_first[1:], True)]
    is_between = (_kind(kinds, firsts, -1) == NARROW) & (_kind(kinds, lasts, 1) == NARROW)
    firsts, lasts = firsts[is_between], lasts[is_between]
    spelled = (_kind(kinds, firsts, -2) != NARROW) & (_kind(kinds, lasts, 2) != NARROW)
    if np.count_nonzero(spelled):
        # "f r e e": words of one letter each belong together. Runs of x are masked digits.
        spelled &= (codes[firsts - 1] != ord("x")) & (codes[lasts + 1] != ord("x"))
        firsts = firsts[~spelled]
    codes = codes.copy()
    codes[firsts] = ord(" ")
    is_kept[firsts] = True
    squeezed: Uint32s = codes[is_kept]
    return squeezed


def _kinds(codes: Uint32s) -> Uint8s:
    """Return the kind of each character, with `_MARGIN` breaks on either side."""
    kinds = np.full(len(codes) + 2 * _MARGIN, BREAK, np.uint8)
    of_codes = kinds[_MARGIN:-_MARGIN]
    classes().take(codes, mode="clip", out=of_codes)
    if codes.max(initial=0) >= SIZE:
        of_codes[codes >= SIZE] = WIDE
    return kinds


def _kind(kinds: Uint8s, places: Int64s, distance: int) -> Uint8s:
    return kinds.take(places + (_MARGIN + distance))
