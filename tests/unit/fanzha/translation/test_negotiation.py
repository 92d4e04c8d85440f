"""The language of an answer is what the caller prefers of those that there are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.translation.catalogue import LOCALES
from fanzha.translation.negotiation import HEADER, accepted_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN", "zh"),
        ("zh", "zh"),
        ("en-GB, zh;q=0.9", "en"),
        ("fr, zh-TW;q=0.8, en;q=0.7", "zh"),
        ("en;q=0.3,zh;q=0.4", "zh"),
        ("zh;q=0", "en"),
        ("zh;q=nan, en", "en"),
        ("zh;q=", "en"),
        ("zh;level=1", "en"),
        ("*", "en"),
        ("", "en"),
    ],
)
def test_the_preferred_language_is_found(header: str, language: str) -> None:
    assert accepted_language([("user-agent", "x"), (HEADER, header)]) == language


def test_no_header_is_english() -> None:
    assert accepted_language(None) == accepted_language([(HEADER, b"zh")]) == "en"


@given(st.text())
def test_any_header_gives_a_language(header: str) -> None:
    assert accepted_language([(HEADER, header)]) in LOCALES
