"""Kinds of senders by their number keys."""

import numpy as np
import pytest

from classifiers.text.sender_classes import SenderClass, sender_classes
from fanzha.phone import HomePlan


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("", SenderClass.UNKNOWN),
        ("+8617000000123", SenderClass.CHINESE_MOBILE),
        ("+8673188000000", SenderClass.CHINESE_OTHER),
        ("+12025550123", SenderClass.FOREIGN),
        ("106900001234", SenderClass.ACCESS_CODE),
        ("95588", SenderClass.NATIONAL_SERVICE),
        ("10086", SenderClass.CARRIER),
        ("12381", SenderClass.PUBLIC_SERVICE),
        ("110", SenderClass.PUBLIC_SERVICE),
        ("777", SenderClass.OTHER_CODE),
        ("Bank", SenderClass.NAME),
    ],
)
def test_a_sender_has_the_class_of_its_number(sender: str, expected: SenderClass) -> None:
    keys = HomePlan().sender_keys([sender])

    assert sender_classes(keys).tolist() == [expected]


def test_keys_of_any_size_have_the_class_of_their_leading_digits() -> None:
    keys = [sign * int(f"{lead}{tail}") for sign in (1, -1) for lead in LEADING for tail in TAILS]

    found = sender_classes(np.array(keys, np.int64)).tolist()

    assert found == [slow_class(key) for key in keys]


LEADING = (1, 8, 9, 10, 11, 12, 13, 85, 86, 87, 95, 96, 106, 107, 119, 125, 860, 861, 869, 950, 959)
TAILS = ("", "0", "5", "07", "0000000000", "1700000000", "000000000000000")


def slow_class(key: int) -> SenderClass:
    digits = str(abs(key))
    if key > 0:
        if digits.startswith("861") and len(digits) == 13:
            return SenderClass.CHINESE_MOBILE
        home = digits.startswith("86")
        return SenderClass.CHINESE_OTHER if home else SenderClass.FOREIGN
    kinds = {"106": SenderClass.ACCESS_CODE, "95": SenderClass.NATIONAL_SERVICE}
    kinds |= {"10": SenderClass.CARRIER, "11": SenderClass.PUBLIC_SERVICE}
    kinds |= {"12": SenderClass.PUBLIC_SERVICE}
    return next(
        (kind for start, kind in kinds.items() if digits.startswith(start)), SenderClass.OTHER_CODE
    )
