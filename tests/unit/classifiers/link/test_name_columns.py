"""Columns on how a host's names are made."""

import pytest

from classifiers.link import url_columns
from tests.support import url_column_oracle
from tests.support.link_cascades import STATISTICS


def column(host: str, name: str) -> float:
    row = url_columns.of_urls([f"http://{host}/"], STATISTICS)[0]
    return float(row[url_columns.NAMES.index(name)])


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
    row = url_columns.of_urls(["http://xqzk.libra.example/"], STATISTICS)[0]
    first = url_columns.NAMES.index("label_letters_total")

    label = url_column_oracle.letters(STATISTICS.label_letters, "libra")
    below = url_column_oracle.letters(STATISTICS.below_letters, "xqzk")
    assert row[first : first + 6].tolist() == pytest.approx([*label, *below])
    assert label.total < 0 < below.total
