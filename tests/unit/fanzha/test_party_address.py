"""Numbers in URIs and SIP header values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha import party_address
from fanzha.phone import FIRST_SENDER, UNREADABLE, HomePlan, number_text, sender_hash, sender_name

CHINA = HomePlan("86")
LISTED = 8617000000911


@pytest.mark.parametrize(
    "text",
    [
        "tel:+8617000000911",
        "TEL:+86-170-0000-0911",
        "tel:+86(170)0000.0911",
        "tel:+8617000000911;ext=7;isub=1",
        "tel:17000000911;phone-context=+86",
        "tel:17000000911;PHONE-CONTEXT=+86",
        "tel:17000000911;phone-context=ims.example",
        "sip:+8617000000911@ims.example",
        "sip:+8617000000911@ims.example;user=phone",
        "sips:+8617000000911@ims.example:5061;transport=tls?Subject=x",
        "sip:+8617000000911:secret@ims.example",
        "sip:17000000911;phone-context=+86@ims.example;user=phone",
        "sip:%2B8617%3000000911@ims.example",
        "sip:+8617000000911",
        "<sip:+8617000000911@ims.example>",
        "<tel:+8617000000911>;tag=1",
        '"Bank" <tel:+8617000000911>;tag=88sja8x',
        "Bank of Example <sip:+8617000000911@ims.example>",
        r'"a \"quoted\" <tel:+8610110>, name" <tel:+8617000000911>',
        "+86110 <tel:+8617000000911>",
        '"Bank" <17000000911>',
        "+8617000000911@ims.example",
        "17000000911@ims.example;user=phone",
        "17000000911;npdi;rn=+8617",
        "sms:+8617000000911?body=hello",
        "＋８６１７００００００９１１",
        "tel：＋８６１７００００００９１１",
        "\u202a+86 170\u20110000\u20110911\u202c",
        # P-Asserted-Identity with two values, in either order; the tel URI is the number.
        '"Bank" <sip:+8617000000912@ims.example>, <tel:+8617000000911>',
        "<tel:+8617000000911>,<sip:1001@ims.example;user=phone>",
        "<sip:alice@ims.example>, <sip:+8617000000911@ims.example>",
    ],
)
def test_an_address_has_the_key_of_its_number(text: str) -> None:
    assert CHINA.number_key(text) == CHINA.sender_key(text) == LISTED


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("tel:110", -110),
        ("sip:96110@ims.example", -96110),
        ("tel:110;phone-context=+86", -110),
        ("tel:62345678;phone-context=+8610", 861062345678),
        ("tel:75522345678;phone-context=+86", 8675522345678),
        ("sip:+12025550123@ims.example", 12025550123),
    ],
)
def test_what_counts_at_home_is_read_by_the_home_plan(text: str, key: int) -> None:
    assert CHINA.number_key(text) == key


@pytest.mark.parametrize(
    "text",
    [
        "tel:",
        "tel:hello",
        "tel:*21#",
        "sip:alice@ims.example",
        '"+8617000000911" <sip:alice@ims.example>',
        "sip:ims.example",
        "sip:192.0.2.1",
        "tel:911;phone-context=+1",
        "<tel:+8617000000911",
        '"Bank <tel:+8617000000911>',
        "sip:anonymous@evil.example",
        "sip:%252B8617000000911@ims.example",
        f"sip:+8617000000911@{'a' * party_address.MAX_CHARACTERS}",
    ],
)
def test_a_uri_without_a_number_is_neither_a_number_nor_a_name(text: str) -> None:
    assert CHINA.number_key(text) == CHINA.sender_key(text) == UNREADABLE


@pytest.mark.parametrize(
    "text", ['"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1', "sip:Anonymous@invalid"]
)
def test_a_uri_that_hides_the_number_is_the_name_it_says(text: str) -> None:
    assert CHINA.sender_key(text) == sender_hash("anonymous")
    assert sender_name(text).lower() == "anonymous"
    assert CHINA.number_key(text) == UNREADABLE


@pytest.mark.parametrize("text", ["Bank", "示例银行", "Re: Bank", "12345@mail.example", "a,b"])
def test_other_names_stay_names(text: str) -> None:
    assert CHINA.sender_key(text) == sender_hash(text)


spelled = st.sampled_from(
    [
        *'"<>,;:@?=\\% \t()-.+0１＋：＜',
        *("tel:", "sip:", "110", "17000000911", "%2B", "+86", ";phone-context=", ";user=phone"),
        *("anonymous", "@ims.invalid", "\u202a", "银行"),
    ]
)
hostile = st.lists(spelled, max_size=24).map("".join)


@given(hostile)
def test_any_address_has_one_key_and_its_number_reads_the_same(text: str) -> None:
    key = CHINA.sender_key(text)

    if key >= FIRST_SENDER:
        assert sender_hash(sender_name(text)) == key
        assert CHINA.sender_key(sender_name(text)) == key
    elif key != UNREADABLE:
        assert CHINA.number_key(text) == CHINA.number_key(number_text(key)) == key


@given(st.integers(100, 10**15 - 1), hostile)
def test_a_display_name_changes_nothing(number: int, name: str) -> None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')

    assert CHINA.number_key(f'"{quoted}" <tel:+{number}>') == number
