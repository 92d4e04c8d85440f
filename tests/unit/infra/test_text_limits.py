"""What a limit lets through is within it, and what it refuses is named, never quoted."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.errors import InvalidInput
from infra.text_limits import CharacterSet, TextLimit, optional, required, violation

NOTE = TextLimit(max_characters=20)
NAME = TextLimit(max_characters=20, characters=CharacterSet.PRINTABLE)
LIMITS = st.builds(
    TextLimit,
    max_characters=st.integers(1, 12),
    characters=st.sampled_from(CharacterSet),
    strip=st.booleans(),
)
TEXTS = st.text(
    st.characters() | st.sampled_from(" \t\r\n\x1b\x9b\u200b\u202e\u2066\u3000\ufeffa李"),
    max_size=16,
)


@given(TEXTS, LIMITS)
def test_a_text_is_returned_within_its_limit_or_refused(text: str, limit: TextLimit) -> None:
    sent = text.strip().replace("\r\n", "\n") if limit.strip else text
    allowed = {
        CharacterSet.ANY: True,
        CharacterSet.LINES: all(one in "\n\t" or unicodedata.category(one) != "Cc" for one in sent),
        CharacterSet.PRINTABLE: sent.isprintable(),
    }[limit.characters]
    if allowed and len(sent) <= limit.max_characters:
        assert optional("note", text, limit) == sent
        assert violation(sent, limit) == ""
    else:
        with pytest.raises(InvalidInput, match=r"^note: (at most|has control)") as refused:
            optional("note", text, limit)
        # Messages appear in logs and on terminals.
        assert str(refused.value).isprintable()


@given(TEXTS, LIMITS)
def test_required_differs_from_optional_in_blank_texts_only(text: str, limit: TextLimit) -> None:
    if not text.strip():
        with pytest.raises(InvalidInput, match=r"^note: required, 1 to "):
            required("note", text, limit)
        return
    answers = []
    for check in (required, optional):
        try:
            answers.append(check("note", text, limit))
        except InvalidInput as refused:
            answers.append(f"refused: {refused}")
    assert answers[0] == answers[1]


def test_a_note_may_have_several_lines() -> None:
    assert required("text", " 儿子在身边\r\n\t三点上门 ", NOTE) == "儿子在身边\n\t三点上门"


@pytest.mark.parametrize(
    ("text", "found"),
    [("a\x1b[31mb", "U+001B"), ("a\x00b", "U+0000"), ("a\rb", "U+000D"), ("a\x9bb", "U+009B")],
)
def test_control_characters_are_refused_by_code_point(text: str, found: str) -> None:
    with pytest.raises(InvalidInput, match=f"text: has control characters: {re.escape(found)}$"):
        required("text", text, NOTE)
    with pytest.raises(InvalidInput, match=f"invisible characters: {re.escape(found)}$"):
        required("text", text, NAME)


@pytest.mark.parametrize("text", ["l\u200bi", "\u202eli", "\u2066li", "l\ufeffi", "li\u3000lei"])
def test_a_name_has_no_invisible_or_bidirectional_characters(text: str) -> None:
    assert optional("note", text, NOTE) == text
    with pytest.raises(InvalidInput, match="name: has control or invisible characters: U"):
        optional("name", text, NAME)


def test_the_limit_and_the_length_are_named() -> None:
    with pytest.raises(InvalidInput, match=r"^note: at most 20 characters, not 21$"):
        optional("note", " " + "x" * 21, NOTE)


def test_surrounding_whitespace_counts_where_a_text_is_recorded_verbatim() -> None:
    limit = TextLimit(max_characters=3, characters=CharacterSet.ANY, strip=False)
    assert optional("note", " a\n", limit) == " a\n"
    with pytest.raises(InvalidInput, match="at most 3 characters, not 4"):
        optional("note", "a   ", limit)
