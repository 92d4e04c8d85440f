"""Classes of senders, a feature of the text model."""

from enum import IntEnum

import numpy as np

from fanzha.phone import FIRST_SENDER
from fanzha.tables import Int64s


class SenderClass(IntEnum):
    """Kinds of senders; the numbers are rows of the model's sender table."""

    UNKNOWN = 0
    CHINESE_MOBILE = 1
    CHINESE_OTHER = 2
    FOREIGN = 3
    ACCESS_CODE = 4  # 106…
    NATIONAL_SERVICE = 5  # 95…
    CARRIER = 6  # 10…
    PUBLIC_SERVICE = 7  # 11…, 12…
    OTHER_CODE = 8
    NAME = 9


_MOBILE_DIGITS = 13
_MOBILE = 861
"""The country code of China, and the first digit of its mobile numbers."""
_POWERS = 10 ** np.arange(19, dtype=np.int64)
_LEADING = 3
_LEADING_NUMBERS = 10**_LEADING


def _classes_by_leading_digits() -> Int64s:
    """Return the class of numbers, then of codes, by their three leading digits or fewer."""
    table = np.full((2, _LEADING_NUMBERS), SenderClass.FOREIGN, np.int64)
    of_number, of_code = table
    of_code[:] = SenderClass.OTHER_CODE
    of_number[0] = SenderClass.UNKNOWN
    for two, kinds, kind in (
        (86, of_number, SenderClass.CHINESE_OTHER),
        (95, of_code, SenderClass.NATIONAL_SERVICE),
        (10, of_code, SenderClass.CARRIER),
        (11, of_code, SenderClass.PUBLIC_SERVICE),
        (12, of_code, SenderClass.PUBLIC_SERVICE),
    ):
        kinds[two] = kinds[two * 10 : two * 10 + 10] = kind
    of_code[106] = SenderClass.ACCESS_CODE
    return table.ravel()


_CLASSES = _classes_by_leading_digits()


def sender_classes(keys: Int64s) -> Int64s:
    """Return the `SenderClass` of each number key."""
    is_name = keys >= FIRST_SENDER
    size = np.abs(keys)
    digits = _POWERS.searchsorted(size, side="right")
    leading = size // _POWERS.take(np.maximum(digits - _LEADING, 0))
    found: Int64s = _CLASSES.take(leading + (keys < 0) * _LEADING_NUMBERS)
    found[(leading == _MOBILE) & (digits == _MOBILE_DIGITS) & (keys > 0)] = (
        SenderClass.CHINESE_MOBILE
    )
    found[is_name] = SenderClass.NAME
    return found
