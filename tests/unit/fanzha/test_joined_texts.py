"""One search through many texts leaves out none in which anything would be found."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.callback_numbers import callback_keys, rows_with_numbers
from fanzha.joined_texts import JoinedTexts
from fanzha.link_deobfuscation import may_contain_link, rows_with_hints
from fanzha.links import MIN_JOINED, find_links, rows_with_links
from fanzha.phone import HomePlan

PLAN = HomePlan()
PIECES = [
    *(
        "好",
        "a",
        "x",
        " ",
        "\n",
        ".",
        "。",
        "点",
        "dot",
        " dot ",
        "DOT",
        "/",
        "//",
        "http://",
        "://",
    ),
    *("evil", "com", "example", "cn", "．", "[.]", "ｃｏｍ", "\u200b", "\\", "hxxp", "www."),
    *("\\", "／", "﹒", "｡", "ſ", "K", "ｏ", "】", ">", "\u3000", "𝐜", "_", "Dot]", "(dot"),
    *("1", "７", "170", "0000", "001", "+86", "(", ")", "-", "17000000001", "12345", "67"),
]
texts = st.lists(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), max_size=6)


@pytest.mark.parametrize(
    ("given_texts", "rows"),
    [
        ([], []),
        ([""], []),
        (["ab"], [0]),
        (["", "xab ab", "b", "", "ab"], [1, 4]),
        (["a", "b", "a"], []),
        (["x", "ab", "ab", "a"], [1, 2]),
    ],
)
def test_rows_are_found_once_each(given_texts: list[str], rows: list[int]) -> None:
    joined = JoinedTexts(given_texts)
    places = (joined.points == ord("a")).nonzero()[0]

    assert joined.rows_with(places, re.compile("ab").match) == rows


@given(texts)
def test_no_text_with_a_link_is_left_out(bodies: list[str]) -> None:
    with_links = [row for row, body in enumerate(bodies) if find_links(body)]
    with_hints = [row for row, body in enumerate(bodies) if may_contain_link(body)]

    assert set(with_links) | set(with_hints) <= set(rows_with_hints(JoinedTexts(bodies)))


@given(texts)
def test_links_are_found_alike_in_few_texts_and_in_many(bodies: list[str]) -> None:
    found = [row for row, body in enumerate(bodies) if find_links(body)]
    many = bodies + ["您好"] * MIN_JOINED

    assert set(found) <= set(rows_with_links(JoinedTexts(bodies)))
    assert set(found) <= set(rows_with_links(JoinedTexts(many))) <= set(range(len(bodies)))


@given(texts)
def test_no_text_with_a_number_is_left_out(bodies: list[str]) -> None:
    found = [row for row, body in enumerate(bodies) if callback_keys(body, PLAN)]

    many = bodies + ["您好"] * MIN_JOINED

    assert set(found) <= set(rows_with_numbers(JoinedTexts(bodies)))
    assert set(found) <= set(rows_with_numbers(JoinedTexts(many))) <= set(range(len(bodies)))


def test_texts_without_a_hint_are_not_searched_each() -> None:
    bodies = [
        "明天上午的会改到九点半",
        "http://a.example/x",
        "17000000001",
        "验证码 123456",
        "see you",
    ]

    assert rows_with_links(JoinedTexts(bodies * MIN_JOINED))[:2] == [1, 6]
    assert rows_with_numbers(JoinedTexts(bodies)) == [2]
    assert rows_with_numbers(JoinedTexts(bodies * MIN_JOINED))[:2] == [2, 7]
