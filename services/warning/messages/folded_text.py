"""Writes a text plainly for the linter, and keeps where each character stood.

Full-width, circled and mathematical characters, digits of other scripts and upper case become
plain small ones (Unicode NFKD), traditional characters simplified ones; accents, keycaps and
invisible characters go, and so does what stands between two Chinese characters to part them.
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
"""Chinese numerals that are said digit by digit; 十, 百 and 千 never stand in a phone number."""
_DROPPED = ("Mn", "Me", "Cf", "Cc", "Cs", "Co", "Cn")
_INVISIBLE = ("Cf", "Cc", "Cs", "Co", "Cn")
_ORDINARY = "\n"
_CHINESE = "\u4e00-\u9fff"
_PARTED = re.compile(rf"(?<=[{_CHINESE}])[ *·•_~^|‐‑‒–—―-]{{1,4}}(?=[{_CHINESE}])")
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters that show nothing."""
_LOOK_ALIKES = {
    **SIMPLIFIED,
    **dict(zip("復掃撥裏註", "复扫拨里注", strict=True)),
    **dict(zip("аеорсухіјѕһԁԛԝ", "aeopcyxijshdqw", strict=True)),
    **dict(zip("αοντικρ", "aovtikp", strict=True)),
}


@dataclass(frozen=True, slots=True)
class FoldedText:
    """A text written plainly."""

    text: str
    places: tuple[int, ...]
    """Where each character of it stood in the original."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where a piece of the folded text stood."""
        return self.places[start], self.places[end - 1] + 1


def fold(text: str) -> FoldedText:
    """Write *text* plainly."""
    written: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for plain in _plain(character):
            written.append(plain)
            places.append(place)
    return _drawn_together("".join(written), places)


def _drawn_together(text: str, places: list[int]) -> FoldedText:
    """Leave out what parts Chinese characters: 加 我 微-信 is 加我微信."""
    parted = [match.span() for match in _PARTED.finditer(text)]
    if not parted:
        return FoldedText(text, tuple(places))
    kept = [True] * len(text)
    for start, end in parted:
        kept[start:end] = [False] * (end - start)
    return FoldedText(
        "".join(character for character, keep in zip(text, kept, strict=True) if keep),
        tuple(place for place, keep in zip(places, kept, strict=True) if keep),
    )


def invisible(text: str) -> list[int]:
    """Return where characters stand that nobody sees, and that no warning needs."""
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
    kept = "".join(
        one
        for one in unicodedata.normalize("NFKD", character).lower()
        if one not in _BLANK and unicodedata.category(one) not in _DROPPED
    )
    return "".join(_LOOK_ALIKES.get(one, one) for one in kept)
