"""Telephone numbers inside texts: those that the receiver is to call back.

Found are mobile numbers and hotlines of the home plan, fixed lines with their area code, and
numbers with a plus: what a subscriber can dial and a list can hold. Service codes such as 95588 are
left out, because amounts and dates look like them. Digits may be full-width or grouped by
spaces, dashes, dots or brackets.

All of a text are found, as all its links are (`fanzha.links`): `fanzha.tables.MAX_TEXT_BYTES` hold
some 700.

Most texts hold no run of seven digits, which one search through a batch shows
(`rows_with_numbers`). Time is linear in the length; nothing here raises.
"""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from fanzha.joined_texts import JoinedTexts
from fanzha.phone import HomePlan

_DIGIT = "[0-9０-９]"
_NEXT = rf"[ ().（）-]{{0,2}}{_DIGIT}"
_NOT_BEFORE = "0-9０-９A-Za-z_./=&%#-"
_RUN = re.compile(
    rf"(?<![{_NOT_BEFORE}])(?P<plus>[+＋])?+"
    rf"(?P<digits>{_DIGIT}(?:{_NEXT}){{6,17}}+)(?![0-9０-９A-Za-z_=%])"
)
# Begins with a digit, unlike `_RUN`, so it need not be tried at other characters.
_SEVEN_DIGITS = re.compile(rf"{_DIGIT}(?<![{_NOT_BEFORE}].)(?:{_NEXT}){{6}}")
MIN_JOINED = 24
"""Of fewer texts each is searched alone: column operations cost 20 µs however few there are."""
_ZERO, _FULL_WIDTH_ZERO, _TEN = np.uint32(ord("0")), np.uint32(ord("０")), np.uint32(10)
_FURTHER, _LONGEST_STEP = 6, 3
"""Digits of `_SEVEN_DIGITS` after the first, and most characters from one to the next."""
_SEPARATORS = re.compile(r"[^0-9]")


def rows_with_numbers(texts: JoinedTexts) -> Sequence[int]:
    """Return the rows of *texts* in which `callback_keys` may find anything."""
    if len(texts) < MIN_JOINED:
        return [row for row, body in enumerate(texts.bodies) if _SEVEN_DIGITS.search(body)]
    points = texts.points
    # What is below zero is very large without its sign.
    digits = (points - _ZERO < _TEN) | (points - _FULL_WIDTH_ZERO < _TEN)
    places = digits.nonzero()[0]
    close = places[_FURTHER:] - places[:-_FURTHER] <= _FURTHER * _LONGEST_STEP
    return texts.rows_with(places[:-_FURTHER][close], _SEVEN_DIGITS.match)


def callback_keys(text: str, home: HomePlan) -> list[int]:
    """Return the number keys of the numbers in *text*, each once."""
    found: dict[int, None] = {}
    for match in _RUN.finditer(text):
        digits = _SEPARATORS.sub("", unicodedata.normalize("NFKC", match["digits"]))
        key = home.number_key(f"+{digits}" if match["plus"] else digits)
        if key > 0:
            found[key] = None
    return list(found)
