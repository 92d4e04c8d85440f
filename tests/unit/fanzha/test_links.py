import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.links import find_links
from fanzha.tables import MAX_TEXT_BYTES
from fanzha.url import canonical
from tests.support.checkout import CHECKOUT

CASES = tomllib.loads((CHECKOUT / "tests/cases/links.toml").read_text(encoding="utf-8"))["case"]


@pytest.mark.parametrize("case", CASES, ids=[case["text"][:40] for case in CASES])
def test_a_text_holds_the_links_of_the_table(case: dict[str, str | list[str]]) -> None:
    assert find_links(str(case["text"])) == case["links"]


def test_a_link_behind_many_others_is_found() -> None:
    # As many as fit into what is read of a text.
    text = " ".join(f"a{number}.example" for number in range(600))

    assert len(text) <= MAX_TEXT_BYTES
    assert find_links(text) == [f"http://a{number}.example/" for number in range(600)]


def test_a_link_behind_many_that_are_none_or_the_same_is_found() -> None:
    assert find_links("http://a, " * 300 + "t.cn/a " * 300 + "evil.example") == [
        "http://t.cn/a",
        "http://evil.example/",
    ]


chinese = st.text("请点击登录网址查看领取您的积分，。！：、", max_size=12)
names = st.from_regex(r"[a-z][a-z0-9]{1,8}(-[a-z0-9]{1,4})?", fullmatch=True)
urls = st.builds(
    "{}://{}.{}/{}".format,
    st.sampled_from(["http", "https"]),
    names,
    st.sampled_from(["example", "test", "com", "com.cn", "top", "xn--fiqs8s"]),
    st.from_regex(
        r"([a-z0-9]{1,6}/){0,2}[A-Za-z0-9_-]{0,8}(\?[a-z]=[0-9a-z%]{1,3})?", fullmatch=True
    ),
).map(canonical)


@given(chinese, urls, chinese)
def test_a_link_among_chinese_text_is_found(before: str, link: str, after: str) -> None:
    assert find_links(before + link + after) == [link]


@given(chinese, urls, chinese)
def test_a_link_without_its_scheme_is_found(before: str, link: str, after: str) -> None:
    bare = link.partition("://")[2]

    assert find_links(f"{before} {bare}{after}") == [f"http://{bare}"]


pieces = st.sampled_from(
    [
        *[
            "evil",
            ".",
            "com",
            "点",
            "。",
            " ",
            "/",
            "http://",
            "www.",
            "hxxp",
            "例子",
            "中国",
            "@",
            "dot",
        ],
        *[
            "[.]",
            "（点）",
            "\u200b",
            "ｅ",
            "．",
            "𝐞",
            "ⓔ",
            "｡",
            "1",
            "3.5",
            "\ud800",
            "é",
            "%",
            "(",
            ")",
            "c o m",
        ],
    ]
)


@given(st.one_of(st.lists(pieces, max_size=20).map("".join), st.text(max_size=60)))
def test_whatever_is_found_is_canonical_and_there_once(text: str) -> None:
    found = find_links(text)

    assert found == list(dict.fromkeys(map(canonical, found)))


@pytest.mark.parametrize(
    "piece",
    [
        "a.",
        "a点",
        "a ",
        "a . ",
        ". ",
        "www.",
        "http://",
        "/",
        "(",
        "例.",
        "1.1.",
        "e v . ",
        "\u200b",
        "a@",
        ")",
    ],
)
def test_long_hostile_texts_are_read(piece: str) -> None:
    assert find_links(piece * 4000 + " http://evil.example/a")[-1] == "http://evil.example/a"
