"""No text with a link or number is left out, and plain links are told apart."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.callback_numbers import callback_keys
from fanzha.link_deobfuscation import may_contain_link
from fanzha.links import find_links, find_obfuscated_links, links_of
from fanzha.phone import HomePlan
from fanzha.text_hints import of_texts
from tests.support import hint_oracle
from tests.support.checkout import CHECKOUT

PLAN = HomePlan()
CASES = tomllib.loads((CHECKOUT / "tests/cases/links.toml").read_text(encoding="utf-8"))["case"]
SENTENCES = ("明天上午的会改到九点半", "验证码 123456", "see you", "")
texts = st.lists(st.lists(st.sampled_from(hint_oracle.PIECES), max_size=9).map("".join), max_size=5)


@given(texts)
def test_no_text_with_a_link_or_number_is_left_out(bodies: list[str]) -> None:
    hints = of_texts(bodies)

    with_links = {row for row, body in enumerate(bodies) if find_obfuscated_links(body)}
    with_hints = {row for row, body in enumerate(bodies) if may_contain_link(body)}
    assert with_links & with_hints <= {row for row, _ in hints.links}
    assert {row for row, body in enumerate(bodies) if callback_keys(body, PLAN)} <= set(
        hints.numbers
    )


@given(texts)
def test_a_plain_link_is_what_the_full_search_finds(bodies: list[str]) -> None:
    hints = of_texts(bodies)

    for row, link in hints.links:
        if link is not None:
            assert find_links(bodies[row]) == find_obfuscated_links(bodies[row])


@given(texts)
def test_texts_of_a_batch_are_read_as_each_alone(bodies: list[str]) -> None:
    found = links_of(bodies, of_texts(bodies))

    assert [found.get(row, []) for row in range(len(bodies))] == [*map(find_links, bodies)]


@pytest.mark.parametrize("case", CASES, ids=[case["text"][:40] for case in CASES])
def test_links_of_the_table_of_cases_are_found(case: dict[str, str | list[str]]) -> None:
    assert find_links(str(case["text"])) == case["links"]


@pytest.mark.parametrize(
    "text",
    [
        "您的积分可换现金500元，请登录 http://a.example/b 领取",
        "恭喜！收益3.5%，详情点击http://a.example/b【示例】",
        "Your parcel is held. Pay 2.50 at http://a.example/b",
    ],
)
def test_a_link_among_words_is_plain(text: str) -> None:
    ((_, link),) = of_texts([text]).links

    assert link is not None
    assert text[link.start : link.end] == "http://a.example/b"
    assert text[link.start : link.host_end] == "http://a.example"


@pytest.mark.parametrize(
    "text",
    [
        "http://a.example/b http://c.example/",
        "http://a.example/b 或 evil点com",
        "see evil.com or http://a.example/b",
        "ｈttp://a.example/b http://a.example/b",
        "http://a.example/b.",
        "http://user@a.example/b",
    ],
)
def test_a_link_beside_what_may_be_another_is_not_plain(text: str) -> None:
    assert of_texts([text]).links == [(0, None)]


def test_texts_without_hints_are_not_searched() -> None:
    hints = of_texts([*SENTENCES, "http://a.example/x", "17000000001"])

    assert [row for row, _ in hints.links] == [len(SENTENCES)]
    assert hints.numbers == [len(SENTENCES) + 1]


def test_no_texts_have_no_hints() -> None:
    assert of_texts([]) == ([], [])
