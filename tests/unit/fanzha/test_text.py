"""One form for a text, however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.character_table import EXPANDS, folds
from fanzha.text import MAX_CHARACTERS, Token, normalise, normalise_all
from tests.support import text_oracle

TRICKY = (
    "xX*05 .,:/-'abzé\u200b\u0301DIGITURLNAME①⑩㎡½ＡＢ９"
    "。，【】贷款帳號❤\x1e\n\ue000\U00020000\ud800"
)
tricky_texts = st.text(st.sampled_from(TRICKY), max_size=30)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ＦＲＥＥ ｍｏｎｅｙ", "free money"),
        ("f r e e  money", "free money"),
        ("f.r.e.e", "free"),
        ("fr\u200bee\u00ad", "free"),
        ("Café cafe\u0301", "cafe cafe"),
        ("frее", "free"),  # the last two letters are Cyrillic
        ("𝓕𝓻𝓮𝓮 🅵🆁🅴🅴 Ⓕⓡⓔⓔ", "free free free"),
        ("贷.款、贷 款", "贷款贷款"),
        ("帳號 驗證碼", "账号验证码"),
        ("don't", "dont"),
        ("㎡", "m" + Token.DIGITS_2),
        ("", ""),
        ("！？…", ""),
    ],
)
def test_obfuscation_is_reversed(written: str, expected: str) -> None:
    assert normalise(written) == expected


@pytest.mark.parametrize(
    ("number", "token"),
    [
        ("7", Token.DIGITS_2),
        ("12:30", Token.DIGITS_4),
        ("480213", Token.DIGITS_6),
        ("1,200.50", Token.DIGITS_6),
        ("４８０２１３", Token.DIGITS_6),
        ("④⑧⓪②①③", Token.DIGITS_6),
        ("17000000123", Token.MOBILE),
        ("170****0123", Token.MOBILE),
        ("170-0000-0123", Token.MOBILE),
        ("1xxxxxxxxxx", Token.MOBILE),
        ("4001234567", Token.HOTLINE),
        ("95588", Token.NATIONAL_SERVICE),
        ("10086", Token.CARRIER),
        ("96110", Token.PUBLIC_SERVICE),
        ("110", Token.PUBLIC_SERVICE),
        ("1069012345", Token.ACCESS_CODE),
        ("6222000000000000", Token.DIGITS_MORE),
        ("xxxx", Token.DIGITS_4),
        ("****", Token.DIGITS_4),
    ],
)
def test_numbers_become_typed_tokens(number: str, token: str) -> None:
    assert normalise(f"号{number}。") == "号" + token


@pytest.mark.parametrize(
    "link",
    [
        "http://a.example/x?y=1",
        "HTTPS://A.example",
        "www.a.example",
        "a.example/x",
        "a-b.c.example",
        "http //a.example/x",
    ],
)
def test_links_become_one_token(link: str) -> None:
    assert normalise(f"点击{link} 查看") == f"点击{Token.LINK}查看"


def test_placeholders_of_corpora_become_tokens() -> None:
    assert normalise("积分DIGIT请登录URL") == f"积分{Token.NUMBER}请登录{Token.LINK}"


def test_words_that_look_like_masks_or_placeholders_stay() -> None:
    assert normalise("box surname vinyl curl") == "box surname vinyl curl"


@given(tricky_texts | st.text(max_size=40))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)

    assert normalise(once) == once


@given(st.lists(tricky_texts | st.text(max_size=20), max_size=6))
def test_a_batch_is_its_texts_one_by_one(texts: list[str]) -> None:
    assert normalise_all(texts) == [normalise(text) for text in texts]


def test_a_text_of_characters_that_become_many_is_read_to_its_end() -> None:
    texts = ["\ufdfa" * MAX_CHARACTERS, "⑩" * 3000, "ok"]

    assert normalise_all(texts) == [text_oracle.normalise(text) for text in texts]


def test_every_character_folds_as_the_tables_say() -> None:
    texts = [f"{chr(code)}a" for code in range(0x20100)]

    assert normalise_all(texts) == [text_oracle.normalise(text) for text in texts]


def test_no_digit_but_those_of_ascii_is_left_to_be_a_number() -> None:
    left = folds()[folds() != EXPANDS]

    assert [code for code in set(left.tolist()) if chr(code).isdecimal() and code > ord("9")] == []


def test_placeholders_of_one_text_do_not_change_another() -> None:
    assert normalise_all(["they CAME home", "NAME"])[0] == "they came home"


def test_text_beyond_the_limit_is_not_read() -> None:
    assert normalise("a" * (MAX_CHARACTERS + 9)) == "a" * MAX_CHARACTERS
