"""The language of an answer is what the caller prefers of those that there are."""

from contextvars import copy_context

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.translation.catalogue import LOCALES
from fanzha.translation.negotiation import (
    HEADER,
    accepted_language,
    serve_caller,
    word_for_caller,
)


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


@pytest.mark.parametrize(
    ("code", "context", "word"),
    [
        ("subject", "part_kind", "号码、域名等"),
        ("number_pool", "cluster_kind", "号码池"),
        ("icp_cancelled", "exit_step", "ICP 备案注销"),
        ("people_per_call", "", "每次呼叫对应的人数"),
        ("step_of_ours", "exit_step", "step_of_ours"),
        ("", "", ""),
        ("", "part_kind", ""),
    ],
)
def test_a_code_has_a_word_for_callers_in_chinese_and_is_itself_in_english(
    code: str, context: str, word: str
) -> None:
    def said(language: str) -> str:
        serve_caller(lambda: (("accept-language", language),))
        return word_for_caller(code, context)

    assert copy_context().run(said, "zh-CN") == word
    assert copy_context().run(said, "en") == code
    assert word_for_caller(code, context) == code
