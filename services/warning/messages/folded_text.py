"""Folds a text for the linter, and maps each character to its original offset.

Full-width, circled and mathematical characters, digits of other scripts and upper case become plain
lower case (Unicode NFKD); traditional characters become simplified ones. Accents, keycaps and
invisible characters are removed, and so are separators between two Chinese characters.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from fanzha.traditional_chinese import SIMPLIFIED

NUMERALS = {
    **dict(zip("〇零洞", "000", strict=True)),
    **dict(zip("一壹幺弌", "1111", strict=True)),
    **dict(zip("二贰貳两兩弍", "222222", strict=True)),
    **dict(zip("三叁參弎", "3333", strict=True)),
    **dict(zip("四肆", "44", strict=True)),
    **dict(zip("五伍", "55", strict=True)),
    **dict(zip("六陆陸", "666", strict=True)),
    **dict(zip("七柒拐", "777", strict=True)),
    **dict(zip("八捌", "88", strict=True)),
    **dict(zip("九玖勾", "999", strict=True)),
}
"""Chinese numerals as read digit by digit; 十, 百 and 千 do not occur in phone numbers."""
_DROPPED = ("Mn", "Me", "Cf", "Cc", "Cs", "Co", "Cn")
_INVISIBLE = ("Cf", "Cc", "Cs", "Co", "Cn")
_ORDINARY = "\n"
_CHINESE = "\u4e00-\u9fff"
_PARTED = re.compile(rf"(?<=[{_CHINESE}])[ *·•_~^|‐‑‒–—―-]{{1,4}}(?=[{_CHINESE}])")
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters without a visible glyph."""
_LOOK_ALIKES = {
    **SIMPLIFIED,
    **dict(zip("復掃撥裏註", "复扫拨里注", strict=True)),
    **dict(zip("аеорсухіјѕһԁԛԝ", "aeopcyxijshdqw", strict=True)),
    **dict(zip("αοντικρ", "aovtikp", strict=True)),
}


@dataclass(frozen=True, slots=True)
class FoldedText:
    """A folded text."""

    text: str
    places: tuple[int, ...]
    """Original offset of each character."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the original span of a span of the folded text."""
        return self.places[start], self.places[end - 1] + 1


def fold(text: str) -> FoldedText:
    """Fold *text*."""
    written: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for plain in _plain(character):
            written.append(plain)
            places.append(place)
    return _drawn_together("".join(written), places)


def _drawn_together(text: str, places: list[int]) -> FoldedText:
    """Remove separators between Chinese characters: 加 我 微-信 becomes 加我微信."""
    parted = [match.span() for match in _PARTED.finditer(text)]
    if not parted:
        return FoldedText(text, tuple(places))
    visible = [True] * len(text)
    for start, end in parted:
        visible[start:end] = [False] * (end - start)
    return FoldedText(
        "".join(character for character, keep in zip(text, visible, strict=True) if keep),
        tuple(place for place, keep in zip(places, visible, strict=True) if keep),
    )


def invisible(text: str) -> list[int]:
    """Return the offsets of invisible characters other than line breaks."""
    return [
        place
        for place, character in enumerate(text)
        if character != _ORDINARY
        and (character in _BLANK or unicodedata.category(character) in _INVISIBLE)
    ]


@lru_cache(maxsize=8192)
def _plain(character: str) -> str:
    if character == _ORDINARY:
        return character
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    visible = "".join(
        one
        for one in unicodedata.normalize("NFKD", character).lower()
        if one not in _BLANK and unicodedata.category(one) not in _DROPPED
    )
    return "".join(_LOOK_ALIKES.get(one, one) for one in visible)
