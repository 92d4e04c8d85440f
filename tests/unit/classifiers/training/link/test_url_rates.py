"""Rates of suffixes and words, learnt from labelled links."""

import numpy as np
import pytest

from classifiers.training.link import url_rates
from classifiers.training.link.data import LabelledLinks
from classifiers.training.link.url_rates import LEAST_DOMAINS, UrlWords
from tests.support.url_column_oracle import letters

GOOD = [f"http://library{chr(97 + n)}.com/docs/" for n in range(20)]
BAD = [f"http://secure-{chr(97 + n) * 3}.top/verify/" for n in range(20)]


def labelled(good: list[str], bad: list[str], domains: list[int] | None = None) -> LabelledLinks:
    urls = [*good, *bad]
    nothing = np.full(len(urls), "")
    return LabelledLinks(
        urls=urls,
        domains=np.array(domains or range(len(urls))),
        percents=np.zeros(len(urls), np.int64),
        malicious=np.arange(len(urls)) >= len(good),
        kinds=nothing,
        sources=nothing,
        months=nothing,
        host_only=np.zeros(len(urls), np.bool_),
    )


def test_what_is_met_among_malicious_domains_has_a_rate_above_zero() -> None:
    links = labelled(GOOD, BAD)

    found = url_rates.compute(UrlWords.of(links.urls), links, np.arange(len(links)))

    assert found.suffixes["top"] > 1
    assert found.suffixes["com"] < -1
    assert found.top_levels == found.suffixes
    assert found.host_words["secure"] > 1
    assert found.path_words["verify"] > 1
    assert found.path_words["docs"] < -1
    assert {"secure", "verify", "docs"} <= found.lexicon
    assert found.name_words["secure"] > 1
    assert found.suffix_domains["top"] == pytest.approx(np.log(21), abs=1e-4)


def test_a_domain_counts_once_however_many_links_it_has() -> None:
    one_site = [f"http://shop.top/verify/{n}" for n in range(50)]
    links = labelled(GOOD, one_site, [*range(20), *([20] * 50)])

    found = url_rates.compute(UrlWords.of(links.urls), links, np.arange(len(links)))

    assert "verify" not in found.path_words
    assert "top" not in found.suffixes


def test_rows_that_are_not_given_count_for_nothing() -> None:
    links = labelled(GOOD, BAD)
    few = np.concatenate([np.arange(20), 20 + np.arange(LEAST_DOMAINS - 1)])

    found = url_rates.compute(UrlWords.of(links.urls), links, few)

    assert "top" not in found.suffixes
    assert "secure" not in found.host_words


def test_a_word_met_equally_on_both_sides_has_a_rate_near_zero() -> None:
    good = [f"http://{chr(97 + n) * 3}.com/page/" for n in range(20)]
    bad = [f"http://{chr(97 + n) * 4}.com/page/" for n in range(20)]
    links = labelled(good, bad)

    found = url_rates.compute(UrlWords.of(links.urls), links, np.arange(len(links)))

    assert found.path_words["page"] == pytest.approx(0, abs=1e-3)


def test_letters_of_labels_and_of_subdomains_are_learnt_apart() -> None:
    good = [f"http://docs.library{chr(97 + n)}.com/" for n in range(20)]
    bad = [f"http://xqz.secure-{chr(97 + n) * 3}.top/" for n in range(20)]
    links = labelled(good, bad)

    found = url_rates.compute(UrlWords.of(links.urls), links, np.arange(len(links)))

    label, below = found.label_letters, found.below_letters
    assert letters(label, "library").total < 0 < letters(label, "secure").total
    assert letters(below, "docs").total < 0 < letters(below, "xqz").total


def test_a_name_counts_once_for_each_domain() -> None:
    urls = [f"http://xqz.example/{number}" for number in range(40)]
    links = labelled([], urls, [0] * len(urls))

    found = url_rates.compute(UrlWords.of(links.urls), links, np.arange(len(links)))

    assert not found.label_letters.ratios
