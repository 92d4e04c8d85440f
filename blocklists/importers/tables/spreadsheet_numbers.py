"""Notices what spreadsheets do to numbers: ``1.7E+10``, ``17000000001.0``, a lost leading 0.

A sheet keeps fifteen digits of a number and shows fewer; what it saves as CSV is what it
shows. Digits that are gone cannot be guessed, and the wrong number must not be listed.
"""

import re

from fanzha.errors import InvalidInput

MAX_SHEET_DIGITS = 15
"""Digits of a number that a sheet keeps; those after are zeros."""

_SCIENTIFIC = re.compile(r"\+?([0-9])(?:\.([0-9]*))?[eE]\+?([0-9]{1,3})")
_FRACTION = re.compile(r"(\+?[0-9]{5,})\.0{1,6}")
# An area code of China and what follows it, without the 0 before; 400 and 800 are hotlines.
_AREA = re.compile(r"(?![48]00)(?:10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}")


def restore(text: str) -> str:
    """Return a number without the marks of a spreadsheet; `InvalidInput` when digits are lost."""
    if text.isdecimal() or text[1:].isdecimal():
        return text
    if match := _SCIENTIFIC.fullmatch(text):
        return _written_out(text, match)
    match = _FRACTION.fullmatch(text)
    return match[1] if match else text


def may_lack_zero(text: str) -> bool:
    """Return whether *text* may be a landline of China whose leading 0 a sheet has dropped."""
    return text[:1] != "0" and _AREA.fullmatch(text) is not None


def _written_out(text: str, match: re.Match[str]) -> str:
    first, fraction, exponent = match[1], match[2] or "", int(match[3])
    # As many digits as the number has: none was rounded away.
    if len(fraction) == exponent and exponent < MAX_SHEET_DIGITS:
        return first + fraction
    raise InvalidInput(
        "number: digits are lost, as a sheet shows long numbers: {text!r}; format the "
        "column as text and save again",
        text=text[:50],
    )
