"""The statistics of suffixes and words, as they lie in a bundle."""

import json
from dataclasses import replace

import pytest

from classifiers import bundles, card
from classifiers.link import url_statistics, url_trees
from classifiers.link.url_statistics import UrlStatistics
from classifiers.link.url_trees import UrlTrees

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


def test_equal_texts_are_read_once_and_few_are_kept() -> None:
    texts = [
        url_statistics.dump(replace(ONE, suffixes={"com": float(number)})) for number in range(5)
    ]

    first, again = url_statistics.shared(texts[0]), url_statistics.shared(str(texts[0]))
    for text in texts:
        assert url_statistics.shared(text) == url_statistics.parse(text)

    assert first is again
    assert len(url_statistics._known) <= 2  # noqa: SLF001


def test_what_was_read_before_a_fork_is_what_the_model_reads() -> None:
    bundle = bundles.newest(bundles.SHIPPED, "url")
    about = card.read(bundle)
    url_trees.read_statistics(bundle)
    known = list(url_statistics._known.values())  # noqa: SLF001

    trees = UrlTrees(card.read_cascade_head(bundle, about))

    assert any(trees.statistics is one for one in known)
