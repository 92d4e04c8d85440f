"""Reads numbers written with look-alike digits, such as ``①①⓪`` or ``一一〇``.

For list patterns only. In traffic a sender ``①①⓪`` is a name: it gets no protection, and a list
entry can block it. But systems that import our lists may normalise such a name to the number 110,
and an entry for the name would then block the number.
"""

import re
import unicodedata
from urllib.parse import unquote

_SCHEME = re.compile(r"\s*(?:tel|sips?|callto|sms|smsto|mms|mmsto):(?://)?", re.IGNORECASE)
_AFTER_NUMBER = re.compile(r"[@;?].*", re.DOTALL)
_MOST_CHARACTERS = 64
"""Longer names show no number."""
_LARGEST_ENCLOSED = 50
"""Unicode has numbers in circles up to this one."""


def deobfuscate(text: str) -> str:
    """Return the number that *text* shows, in plain digits; empty where it shows none.

    Undone are schemes and what belongs to them (``tel:``, ``sip:…@host``), the digits of
    other scripts, circled, full-width and Chinese ones, and marks between and around them.
    Letters that resemble digits are letters: ``11O`` is a name.
    """
    if len(text) > _MOST_CHARACTERS or not any(map(str.isnumeric, text)):
        return ""
    number, schemes = _SCHEME.subn("", text, count=1)
    if schemes:
        number = unquote(_AFTER_NUMBER.sub("", number))
    if any(each.isalpha() and not each.isnumeric() for each in number):
        return ""  # nearly always, at the first character
    # Digit by digit before anything is normalised, for that makes ⒈ a digit and a full stop.
    plain = unicodedata.normalize("NFKC", "".join(map(_plain, number)))
    digits = "".join(each for each in plain if each == "+" or not _is_mark(each))
    return digits if re.fullmatch(r"\+?[0-9]+", digits) else ""


def _plain(character: str) -> str:
    value = float(unicodedata.numeric(character, -1))
    if not value.is_integer() or not 0 <= value <= _LARGEST_ENCLOSED:
        return character
    # Chinese characters for ten and more are no digits.
    return character if value > 9 and character.isalpha() else str(int(value))  # noqa: PLR2004


def _is_mark(character: str) -> bool:
    """Return whether *character* is a space, a sign, or one that is not seen."""
    return unicodedata.category(character)[0] in "PSZCM"
