"""A conflict of versions names both."""

from fanzha.errors import VersionConflict


def test_both_versions_are_named() -> None:
    error = VersionConflict.between("expected_version", "the lists are", expected=4, actual=7)

    assert str(error) == "expected_version: the lists are at 7, not 4"
    assert (error.expected, error.actual) == (4, 7)


def test_the_message_names_only_the_given_versions_and_ends_with_advice() -> None:
    error = VersionConflict.between(
        "page_token", "the lists are", expected=None, actual=7, advice="start again"
    )

    assert str(error) == "page_token: the lists are at 7; start again"
    assert (error.expected, error.actual) == (None, 7)
