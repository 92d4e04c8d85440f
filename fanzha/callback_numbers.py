"""Telephone numbers inside texts: those that the receiver is to call back.

Found are mobile numbers and hotlines of the home plan, fixed lines with their area code, and
numbers with a plus: what a subscriber can dial and a list can hold. Service codes such as 95588 are
left out, because amounts and dates look like them. Digits may be full-width or grouped by
spaces, dashes, dots or brackets.

All of a text are found, as all its links are (`fanzha.links`): `fanzha.tables.MAX_TEXT_BYTES` hold
some 700.

Most texts hold no run of seven digits, which `fanzha.text_hints` shows. Time is linear in the
length; nothing here raises.
"""

import re
import unicodedata

from fanzha.phone import HomePlan

_DIGIT = "[0-9０-９]"
_NEXT = rf"[ ().（）-]{{0,2}}{_DIGIT}"
_NOT_BEFORE = "0-9０-９A-Za-z_./=&%#-"
_RUN = re.compile(
    rf"(?<![{_NOT_BEFORE}])(?P<plus>[+＋])?+"
    rf"(?P<digits>{_DIGIT}(?:{_NEXT}){{6,17}}+)(?![0-9０-９A-Za-z_=%])"
)
_SEPARATORS = re.compile(r"[^0-9]")


def callback_keys(text: str, home: HomePlan) -> list[int]:
    """Return the number keys of the numbers in *text*, each once."""
    found: dict[int, None] = {}
    for match in _RUN.finditer(text):
        digits = _SEPARATORS.sub("", unicodedata.normalize("NFKC", match["digits"]))
        key = home.number_key(f"+{digits}" if match["plus"] else digits)
        if key > 0:
            found[key] = None
    return list(found)
