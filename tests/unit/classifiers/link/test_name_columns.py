"""Columns on how a host's names are made."""

import pytest

from classifiers.link import name_columns, url_parts
from tests.support.link_cascades import STATISTICS


def column(host: str, name: str) -> float:
    row = name_columns.of(url_parts.split_parts(host), STATISTICS)
    return float(row[name_columns.NAMES.index(name)])


@pytest.mark.parametrize(
    ("host", "name", "expected"),
    [
        ("zhongguo.example", "syllable_share", 1),
        ("zhongguo.example", "syllables", 2),
        ("xkcd.example", "syllables", 0),
        ("shop8888.example", "longest_repeat", 4),
        ("shop.example", "longest_repeat", 1),
        ("shop8888.example", "ends_with_digits", 1),
        ("8888shop.example", "ends_with_digits", 0),
        ("a1b22.shop.example", "below_digits", 3),
        ("xkcd.shop.example", "below_consonant_run", 4),
        ("aabb.shop.example", "below_distinct_share", 0.5),
        ("203.0.113.7", "syllable_share", 0),
        ("shop.example", "below_letters_total", 0),
    ],
)
def test_what_a_host_shows_is_in_its_column(host: str, name: str, expected: float) -> None:
    assert column(host, name) == expected


def test_the_letters_of_label_and_subdomains_are_judged_apart() -> None:
    parts = url_parts.split_parts("xqzk.libra.example")
    row = name_columns.of(parts, STATISTICS)

    label, below = STATISTICS.label_letters.of("libra"), STATISTICS.below_letters.of("xqzk")
    assert row[:6] == (*label, *below)
    assert label.total < 0 < below.total


def test_there_is_a_name_for_each_column() -> None:
    row = name_columns.of(url_parts.split_parts("a.example"), STATISTICS)

    assert len(row) == len(name_columns.NAMES)
