"""The statistics of suffixes and words, as they lie in a bundle."""

import json
from dataclasses import replace

import pytest

from classifiers.link import url_statistics
from classifiers.link.url_statistics import UrlStatistics

ONE = UrlStatistics(
    suffixes={"com": -0.5},
    suffix_domains={"com": 9.0},
    top_levels={"com": -0.5},
    host_words={"secure": 1.5},
    name_words={"bank": 0.5},
    path_words={"verify": 1.25},
    lexicon=frozenset({"bank", "login"}),
)


def test_what_is_written_is_read_again() -> None:
    assert url_statistics.parse(url_statistics.dump(ONE)) == ONE


def test_equal_statistics_are_written_equally() -> None:
    other = replace(ONE, lexicon=frozenset({"login", "bank"}), suffixes={"com": -0.5})

    assert url_statistics.dump(other) == url_statistics.dump(ONE)


@pytest.mark.parametrize("name", ["suffixes", "path_words", "lexicon"])
def test_a_missing_table_is_refused(name: str) -> None:
    table = json.loads(url_statistics.dump(ONE))
    del table[name]

    with pytest.raises(ValueError, match=name):
        url_statistics.parse(json.dumps(table))


def test_a_rate_that_is_no_number_is_refused() -> None:
    table = json.loads(url_statistics.dump(ONE))
    table["suffixes"]["com"] = "much"

    with pytest.raises(ValueError, match="com is 'much'"):
        url_statistics.parse(json.dumps(table))


def test_letters_with_a_rate_on_one_side_only_are_refused() -> None:
    table = json.loads(url_statistics.dump(ONE))
    table["label_letters"] = {"ratios": {"abc": 0.5}, "legitimate": {"abd": -1.5}}

    with pytest.raises(ValueError, match="different letters"):
        url_statistics.parse(json.dumps(table))
