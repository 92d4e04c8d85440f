"""What rows of a labelled file are told apart by."""

import pytest

from services.cli.eval import groups


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("2026-01-05", "2026-01"),
        ("2026-01-05T10:00:00Z", "2026-01"),
        ("20260105", "2026-01"),
        ("2026/12/31", "2026-12"),
        ("2026年03月", "2026-03"),
        ("2019", "2019"),
        ("1767603600", "2026-01"),
        ("1767603600000", "2026-01"),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_dates_are_read_in_the_forms_that_sets_have(text: str, month: str) -> None:
    assert groups.month(text) == month


@pytest.mark.parametrize(
    ("url", "suffix", "top_level"),
    [
        ("http://shop.example.co.uk/a", "co.uk", "uk"),
        ("mine.github.io", "github.io", "io"),
        ("http://192.0.2.7/a", "", ""),
        ("http://", "", ""),
    ],
)
def test_links_have_a_suffix_and_a_top_level(url: str, suffix: str, top_level: str) -> None:
    assert (groups.suffix(url), groups.top_level(url)) == (suffix, top_level)
