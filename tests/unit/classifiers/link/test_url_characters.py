"""Counts over bytes, and searches for brands, say what their plain definitions say."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.link import url_brands, url_characters
from classifiers.link.brand_names import own_domains
from classifiers.link.lookalike_domains import SHORTEST_WITHIN
from classifiers.link.url_brands import BrandEvidence, find_brands
from classifiers.link.url_parts import UrlParts
from classifiers.link.url_statistics import LONGEST_WORD, SHORTEST_WORD, NameSplitter

TEXTS = st.text("abefgxyzABFZ0189-._/?&=%", max_size=60)
LEXICON = frozenset({"bank", "login", "log", "in", "logical", "abracadabraabra", "gin"})
BRANDS = [name for name in own_domains() if len(name) >= SHORTEST_WITHIN]


def lengths(pattern: str, text: str) -> list[int]:
    return [len(run) for run in re.findall(pattern, text)]


def without_a_letter(word: str) -> set[str]:
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


@pytest.mark.parametrize(
    ("counted", "pattern", "total"),
    [
        (url_characters.digits_of, "[0-9]+", sum),
        (url_characters.longest_consonants, "[bcdfghjklmnpqrstvwxz]+", max),
    ],
)
@given(text=TEXTS)
def test_counts_and_runs_are_those_of_an_expression(
    counted: Callable[[bytes], int], pattern: str, total: Callable[[list[int]], int], text: str
) -> None:
    assert counted(text.encode()) == total([*lengths(pattern, text), *[0] * (total is max)])


@given(st.text("abcé中-.1A", max_size=30))
def test_words_are_those_of_an_expression(text: str) -> None:
    assert url_characters.words(text) == re.findall("[a-z]{2,}", text)


@given(st.lists(st.sampled_from([*sorted(LEXICON), "x", "lo", "ban"]), max_size=6))
def test_a_name_is_split_as_if_each_length_were_tried(pieces: list[str]) -> None:
    name = "".join(pieces)
    found, at = [], 0
    while at < len(name):
        ends = range(min(len(name), at + LONGEST_WORD), at + SHORTEST_WORD - 1, -1)
        end = next((end for end in ends if name[at:end] in LEXICON), 0)
        found += [name[at:end]] if end else []
        at = end or at + 1

    assert NameSplitter(LEXICON).split(name) == found


def test_a_word_is_misspelt_where_a_letter_left_out_makes_them_equal() -> None:
    near = set(BRANDS).union(*map(without_a_letter, BRANDS))
    words = {
        brand[:at] + letters + brand[at + 1 :]
        for brand in BRANDS
        for at in range(len(brand) + 1)
        for letters in ("", "x", "7", "xy")
    }

    for word in sorted(words):
        found = find_brands(UrlParts(path="", suffix="test", label=word, below=""))
        expected = not near.isdisjoint({word, *without_a_letter(word)})
        assert found.misspelt == (expected and not found.label), word


@given(st.lists(st.sampled_from([*BRANDS, "x", "-", "1", "shop"]), min_size=1, max_size=3))
def test_a_brand_within_a_label_is_found(pieces: list[str]) -> None:
    label = "".join(pieces)
    named = not set(re.split("[^a-z0-9]+", label)).isdisjoint(own_domains())
    within = any(name in label for name in BRANDS)

    found = find_brands(UrlParts(path="", suffix="test", label=label, below=""))

    assert found.label == (url_brands.NAMED if named else within)
    assert find_brands(UrlParts("", "", "", "")) == BrandEvidence(is_foreign=False)
