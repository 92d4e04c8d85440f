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
_POWERS = 10 ** np.arange(19, dtype=np.int64)


def sender_classes(keys: Int64s) -> Int64s:
    """Return the `SenderClass` of each number key."""
    size = np.where(keys < FIRST_SENDER, np.abs(keys), 0)
    digits = np.searchsorted(_POWERS, size, side="right")
    two, three = _leading(size, digits, 2), _leading(size, digits, 3)
    is_mobile = (digits == _MOBILE_DIGITS) & (three == 861)  # noqa: PLR2004  country code and 1
    numbers = [is_mobile, two == 86, size > 0]  # noqa: PLR2004
    codes = [three == 106, two == 95, two == 10, (two == 11) | (two == 12)]  # noqa: PLR2004
    of_number = np.select(numbers, [1, 2, 3], 0)
    of_code = np.select(codes, [4, 5, 6, 7], SenderClass.OTHER_CODE)
    found = np.where(keys < 0, of_code, of_number)
    return np.where(keys >= FIRST_SENDER, SenderClass.NAME, found).astype(np.int64)


def _leading(size: Int64s, digits: Int64s, count: int) -> Int64s:
    leading: Int64s = size // _POWERS[np.maximum(digits - count, 0)]
    return leading
