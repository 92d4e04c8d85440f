"""Kinds of senders by their number keys."""

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
