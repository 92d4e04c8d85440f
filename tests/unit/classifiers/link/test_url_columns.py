"""Columns that describe a URL to the trees of the second stage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.link import url_columns, url_parts
from classifiers.link.url_statistics import NameSplitter, UrlStatistics
from classifiers.link.url_tables import UrlTables
from fanzha.url import canonicals

STATISTICS = UrlStatistics(
    suffixes={"example": -0.5, "top": 2.5},
    suffix_domains={"example": 9.0, "top": 5.0},
    top_levels={"com": -0.5, "top": 2.5},
    host_words={"secure": 1.5, "museum": -2.0},
    name_words={"bank": 0.5, "login": 2.0},
    path_words={"verify": 1.25, "docs": -1.0},
    lexicon=frozenset({"bank", "login", "log"}),
)


def column(url: str, name: str) -> float:
    row = url_columns.of_urls([url], STATISTICS)[0]
    return float(row[url_columns.NAMES.index(name)])


def test_each_column_has_a_name_of_its_own() -> None:
    rows = url_columns.of_urls(["http://a.example/", "http://203.0.113.7/x"], STATISTICS)

    assert rows.shape == (2, len(url_columns.NAMES))
    assert rows.dtype == np.float32
    assert len(set(url_columns.NAMES)) == len(url_columns.NAMES)


def test_no_urls_give_no_rows() -> None:
    assert url_columns.of_urls([], STATISTICS).shape == (0, len(url_columns.NAMES))


@pytest.mark.parametrize(
    ("url", "name", "expected"),
    [
        ("http://a.b.shop.example/", "labels", 3),
        ("http://a.b.shop.example/", "below_labels", 2),
        ("http://shop.example/", "suffix_rate", -0.5),
        ("http://shop.top/", "top_level_rate", 2.5),
        ("http://shop.test/", "suffix_rate", 0),
        ("http://203.0.113.7/x", "is_address", 1),
        ("http://203.0.113.7/x", "labels", 0),
        ("http://xn--bnk-6la.example/", "is_punycode", 1),
        ("http://xn--80ak6aa92e.example/", "mixes_scripts", 0),
        ("http://ab12cd.example/", "label_digits", 2),
        ("http://ab12cd.example/", "letter_digit_turns", 2),
        ("http://someone.github.io/", "is_hosting", 1),
        ("http://bit.ly/abc", "is_short_link", 1),
        ("http://shop.example/", "is_root", 1),
        ("http://shop.example/a/b.php?x=1&y=2", "depth", 2),
        ("http://shop.example/a/b.php?x=1&y=2", "parameters", 2),
        ("http://shop.example/a/b.php?x=1&y=2", "file_kind", 2),
        ("http://shop.example/index.php", "is_index_page", 1),
        ("http://shop.example/plugins/Form.JS?ver=4.1", "is_page_part", 1),
        ("http://shop.example/plugins/form.js?ver=4.1", "tells_version", 1),
        ("http://shop.example/a.php?over=1", "tells_version", 0),
        ("http://shop.example/a.php?x=a.js", "is_page_part", 0),
        ("http://js/", "is_page_part", 0),
        ("http://shop.example/es/", "is_index_page", 1),
        ("http://shop.example/es/login", "is_index_page", 0),
        ("http://shop.example/?u=http://other.test", "holds_url", 1),
        ("http://secure-shop.example/", "host_words_sum", 1.5),
        ("http://secure.museum.example/", "host_words_highest", 1.5),
        ("http://secure.museum.example/", "host_words_lowest", -2.0),
        ("http://shop.example/docs/verify", "path_words_sum", 0.25),
        ("http://shop.example/docs/verify", "path_words_known", 2),
        ("http://banklogin.example/", "name_words", 2),
        ("http://banklogin.example/", "name_words_sum", 2.5),
        ("http://banklogin.example/", "uncovered_share", 0),
        ("http://xxbankxx.example/", "uncovered_share", 0.5),
        ("http://xxbankxx.example/", "longest_name_word", 4),
    ],
)
def test_what_a_url_shows_is_in_its_column(url: str, name: str, expected: float) -> None:
    assert column(url, name) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("url", "name", "expected"),
    [
        ("http://paypal-secure.test/", "brand_in_label", 2),
        ("http://mypaypalhelp.test/", "brand_in_label", 1),
        ("http://paypal.shop.test/", "brand_below", 2),
        ("http://shop.test/paypal/", "brand_in_path", 2),
        ("http://paypol.test/", "brand_misspelt", 1),
        ("http://payypal.test/", "brand_misspelt", 1),
        ("http://paypa1.test/", "brand_disguised", 1),
        ("http://paypal.com/paypal/", "brand_in_label", 0),
        ("http://paypal.com/paypal/", "brand_in_path", 0),
        ("http://www.shop.test/", "brand_in_label", 0),
    ],
)
def test_a_brand_counts_on_hosts_that_are_not_its_own(url: str, name: str, expected: float) -> None:
    assert column(url, name) == expected


@given(st.lists(st.text(max_size=60), max_size=5))
def test_whatever_is_canonical_has_finite_columns(texts: list[str]) -> None:
    urls = [url for url in canonicals(texts) if url]

    assert np.isfinite(url_columns.of_urls(urls, STATISTICS)).all()


@given(st.sampled_from(["shop.example/a?b=c", "a.b.top/", "203.0.113.7/bin"]))
def test_scheme_and_www_change_no_column(rest: str) -> None:
    plain, secure = url_columns.of_urls([f"http://{rest}", f"https://{rest}"], STATISTICS)
    named = url_columns.of_urls([f"http://www.{rest}"], STATISTICS)[0]

    assert np.array_equal(plain, secure)
    if not rest[0].isdigit():
        assert np.array_equal(plain, named)


def test_older_trees_get_the_first_columns_after_one_of_their_own() -> None:
    urls = [
        "http://secure-bank.top/a/b.php?x=1",
        "http://xn--80ak6aa92e.example/",
        "http://a.test/",
    ]
    tables, width = UrlTables(STATISTICS), url_columns.WIDTHS[url_columns.FIRST_REVISION]
    before = np.array([0.5, -1.5, 2.5], np.float32)

    rows = url_columns.rows(urls, tables, width, before)

    assert rows[:, 0].tolist() == before.tolist()
    assert np.array_equal(rows[:, 1:], url_columns.rows(urls, tables)[:, :width])


def test_a_url_has_the_same_columns_beside_any_others() -> None:
    paths = ["", "paypal", "a/b.php?x=1", "verify"]
    hosts = ["secure-bank.top", "paypal.com", "203.0.113.7", "xn--80ak6aa92e.example"]
    urls = [f"http://{host}/{path}" for path in paths for host in hosts]

    rows = url_columns.of_urls(urls, STATISTICS)

    alone = [url_columns.of_urls([url], STATISTICS)[0] for url in urls]
    assert np.array_equal(rows, alone)


def test_a_character_that_is_not_ascii_is_read_as_one_question_mark() -> None:
    written = ["http://xn--\u00e9.test/\u212a\ud800", "http://b\u00e4nk.test/a\u4e2db"]
    marked = ["http://xn--?.test/??", "http://b?nk.test/a?b"]

    rows = url_columns.of_urls(written, STATISTICS)

    assert np.array_equal(rows, url_columns.of_urls(marked, STATISTICS))


def test_characters_beyond_the_limit_change_nothing() -> None:
    stem = "http://shop.test/" + "a" * url_parts.PATH_CHARACTERS

    first, second = url_columns.of_urls([stem, stem + "/login" * 1000], STATISTICS)

    assert np.array_equal(first, second)


@given(st.text("abglnokixlog", max_size=30))
def test_words_of_a_name_come_from_the_lexicon_in_order(word: str) -> None:
    found = NameSplitter(STATISTICS.lexicon).split(word)

    assert set(found) <= STATISTICS.lexicon
    at = 0
    for one in found:
        at = word.index(one, at) + len(one)
