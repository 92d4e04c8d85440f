"""Reads the numbers of forms, paths and queries. Anybody may write anything there, at any length.

Python refuses to read thousands of digits, and protobuf what a field does not hold: both would be
a fault of the console, and are none here.
"""

from collections.abc import Collection
from typing import Any

MOST_INT32 = 2**31 - 1
MOST_INT64 = 2**63 - 1
"""The largest numbers that all fields of 32 and of 64 bits hold."""
MOST_UINT64 = 2**64 - 1
"""The largest id of a decision."""
_DIGITS = 20


def whole_number(text: str, *, most: int = MOST_INT32) -> int | None:
    """Return a number in ASCII digits; None for anything else, and for one above *most*."""
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        return None
    found = int(text)
    return found if found <= most else None


def enum_choice(text: str, known: Collection[int]) -> Any:
    """Return the one of *known* that *text* is the number of; 0 for none."""
    found = whole_number(text)
    return found if found in known else 0
