"""A conflict of versions names both."""

from fanzha.errors import VersionConflict


def test_both_versions_are_named() -> None:
    error = VersionConflict.between("expected_version", "the lists are", expected=4, actual=7)

    assert str(error) == "expected_version: the lists are at 7, not 4"
    assert (error.expected, error.actual) == (4, 7)


def test_only_what_was_named_is_repeated_and_advice_comes_last() -> None:
    error = VersionConflict.between(
        "page_token", "the lists are", expected=None, actual=7, advice="start again"
    )

    assert str(error) == "page_token: the lists are at 7; start again"
    assert (error.expected, error.actual) == (None, 7)
