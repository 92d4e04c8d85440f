"""Writes a text plainly for the linter, and keeps where each character stood.

Full-width, circled and mathematical characters, digits of other scripts and upper case become
plain small ones (Unicode NFKC); accents, keycaps and invisible characters go.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

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
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters that show nothing."""
_LOOK_ALIKES = {
    **dict(zip("аеорсухіјѕһԁԛԝ", "aeopcyxijshdqw", strict=True)),
    **dict(zip("αοντικρ", "aovtikp", strict=True)),
}


@dataclass(frozen=True, slots=True)
class Folded:
    """A text written plainly."""

    text: str
    places: tuple[int, ...]
    """Where each character of it stood in the original."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where a piece of the folded text stood."""
        return self.places[start], self.places[end - 1] + 1


def fold(text: str) -> Folded:
    """Write *text* plainly."""
    written: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for plain in _plain(character):
            written.append(plain)
            places.append(place)
    return Folded("".join(written), tuple(places))


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
