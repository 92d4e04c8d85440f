"""A conflict of versions names both."""

from fanzha.errors import VersionConflict


def test_both_versions_are_named() -> None:
    error = VersionConflict.between("expected_version", "the lists are", expected=4, actual=7)

    assert str(error) == "expected_version: the lists are at 7, not 4"
    assert (error.expected, error.actual) == (4, 7)
