import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fanzha.link_fast_path import plain_link
from fanzha.links import find_obfuscated_links
from tests.support.checkout import CHECKOUT

CASES = tomllib.loads((CHECKOUT / "tests/cases/links.toml").read_text(encoding="utf-8"))["case"]
LINKS = (
    "http://a.example/b",
    "https://evil.com",
    "http://x.evil.com/a/b.php?x=1&y=%20",
    "http://s.gov.cn/a",
    "http://com/x",
    "http://bad.c",
)
words = st.sampled_from(
    [
        *["请点击", "登录", "点", "。", "｡", ".", ". ", "，", "：", "！", "（", "）", "】", "…"],
        *[" ", "  ", "\n", "\u3000", "/", "//", "?", "=", "%", "&", "-", "_", "@", ",", "*", "\\"],
        *["com", "Com", "cn", "to", "top", "See", "come", "dot", " dot ", "dOt", "c o m", "v i p"],
        *["3.5", "1.2.3.4", ":80", "50元", "www.", "x.example", "http", "hxxp://", "http://", "d"],
        *["é", "ſ", "K", "中国", "例子.中国", "\u200b", "😀", "\x1e"],
    ]
)


@settings(deadline=None)
@given(st.lists(words, max_size=5), st.sampled_from(LINKS), st.lists(words, max_size=5))
def test_the_fast_path_finds_what_the_full_search_finds(
    before: list[str], link: str, after: list[str]
) -> None:
    text = "".join([*before, link, *after])

    found = plain_link(text)

    assert found is None or find_obfuscated_links(text) == ([found] if found else [])


@pytest.mark.parametrize("case", CASES, ids=[case["text"][:40] for case in CASES])
def test_the_fast_path_agrees_on_the_table_of_cases(case: dict[str, str | list[str]]) -> None:
    found = plain_link(str(case["text"]))

    assert found is None or [found] == case["links"]


@pytest.mark.parametrize(
    "text",
    [
        "您的积分可换现金500元，请登录 http://a.example/b 领取",
        "恭喜！收益3.5%，详情点击http://a.example/b【示例】",
        "Your parcel is held. Pay 2.50 at http://a.example/b",
    ],
)
def test_an_ordinary_text_takes_the_fast_path(text: str) -> None:
    assert plain_link(text) == "http://a.example/b"


@pytest.mark.parametrize(
    "text",
    [
        "no link",
        "http://a.example/b http://c.example/",
        "http://a.example/b 或 evil点com",
        "see evil.com or http://a.example/b",
        "ｈttp://a.example/b http://a.example/b",
        "http://a.example/b.",
        "http://user@a.example/b",
    ],
)
def test_an_obfuscated_text_takes_the_full_search(text: str) -> None:
    assert plain_link(text) is None
