"""How parties become keys, and keys texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.phone import (
    FIRST_SENDER,
    UNREADABLE,
    HomePlan,
    masked,
    number_text,
    range_text,
)

china = HomePlan("86")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("+8617000000001", 8617000000001),
        ("008617000000001", 8617000000001),
        ("8617000000001", 8617000000001),
        ("17000000001", 8617000000001),
        ("017000000001", 8617000000001),
        ("1795117000000001", 8617000000001),
        ("+86 170-0000-0001", 8617000000001),
        ("01062345678", 861062345678),
        ("075522345678", 8675522345678),
        ("8675522345678", 8675522345678),
        ("86075522345678", 8675522345678),
        ("4001234567", 864001234567),
        ("1440123456789", 861440123456789),
        ("0012025550123", 12025550123),
        ("110", -110),
        ("95588", -95588),
        ("1069012345", -1069012345),
        ("1064712345678", -1064712345678),
        ("10690123456789012345", -1069012345678901234),
        ("+86110", 86110),
        ("0086110", 86110),
        ("86110", 86110),
        ("8695588", 8695588),
        ("057196110", 8657196110),
        ("0571 96110", 8657196110),
        ("01095588", 861095588),
        ("0110", 86110),
        ("860571110", 86571110),
        ("17951 0571 96110", 8657196110),
        ("17951095588", 8617951095588),  # eleven digits are a mobile number
        ("+86 (0)571 96110", 86057196110),
        ("+110", 110),
        ("00110", 110),
        ("0571114", UNREADABLE),
        ("0400110", UNREADABLE),
        ("57196110", UNREADABLE),
        ("447700900123", UNREADABLE),
        ("62345678", UNREADABLE),
        ("+0123456", UNREADABLE),
        ("+86170\uff10\uff10000001", 8617000000001),
        ("tel:+86-170-0000-0001", 8617000000001),
        ("①①⓪", UNREADABLE),
        ("", UNREADABLE),
        ("anonymous", UNREADABLE),
    ],
)
def test_a_number_is_read_by_the_home_plan(text: str, key: int) -> None:
    assert china.number_keys([text]).tolist() == [key]


def test_another_country_has_another_plan() -> None:
    britain = HomePlan("44")

    assert britain.number_key("07700900123") == 447700900123
    assert britain.number_key("008617000000001") == 8617000000001


def test_senders_have_names_whatever_their_case() -> None:
    keys = china.sender_keys(["Bank", "BANK", "示例银行", "17000000001", "\x01bank"]).tolist()

    assert keys[0] == keys[1] >= FIRST_SENDER
    assert keys[2] >= FIRST_SENDER
    assert keys[3:] == [8617000000001, UNREADABLE]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+86170*", (86170, 5)),
        ("0086170*", (86170, 5)),
        ("86170*", (86170, 5)),
        ("170*", (86170, 5)),
        ("0755*", (86755, 5)),
        ("010 5968*", (86105968, 8)),
        ("86110*", (86110, 5)),
        ("861012*", (861012, 6)),
        ("860571961*", (86571961, 8)),
        ("1069*", (-1069, 4)),
        ("95*", (-95, 2)),
        ("86170", None),
        ("*", None),
        ("+86170**", None),
    ],
)
def test_a_range_is_read_by_the_home_plan(text: str, expected: tuple[int, int] | None) -> None:
    assert china.range_key(text) == expected


@given(st.integers(10**3, 10**15 - 1))
def test_an_international_number_is_written_as_it_is_read(key: int) -> None:
    assert china.number_key(number_text(key)) == key


@given(st.integers(10, 10**14 - 1))
def test_a_range_is_written_as_it_is_read(key: int) -> None:
    digits = len(str(key))

    assert china.range_key(range_text(key, digits)) == (key, digits)


@given(st.text(max_size=40))
def test_no_text_breaks_a_plan(text: str) -> None:
    for plan in (china, HomePlan("1")):
        assert plan.sender_key(text) == plan.sender_keys([text]).tolist()[0]
        plan.range_key(text)


def test_a_mask_leaves_service_codes_and_four_characters() -> None:
    assert masked("95588") == "95588"
    assert masked("+8617000000001") == "**********0001"
