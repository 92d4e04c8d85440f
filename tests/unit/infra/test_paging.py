"""Page tokens: what is sealed opens for its query under its key, and for nothing else."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fanzha.errors import InvalidInput
from infra import paging
from infra.paging import PageTokens

KEYS = st.binary(min_size=16, max_size=40)
POSITIONS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100)
QUERIES = st.binary(max_size=60)


@given(KEYS, POSITIONS, QUERIES)
def test_a_token_opens_for_its_query(key: bytes, position: str, query: bytes) -> None:
    token = PageTokens(key).seal(position, query)

    assert PageTokens(key).open(token, query) == position


@given(KEYS, POSITIONS, QUERIES, QUERIES)
def test_a_token_of_another_query_is_refused(
    key: bytes, position: str, query: bytes, other: bytes
) -> None:
    assume(query != other)
    token = PageTokens(key).seal(position, query)

    with pytest.raises(InvalidInput, match="page_token"):
        PageTokens(key).open(token, other)


@given(KEYS, KEYS, POSITIONS, QUERIES)
def test_a_token_of_another_key_is_refused(
    key: bytes, other: bytes, position: str, query: bytes
) -> None:
    # HMAC pads keys with zeros.
    assume(key.rstrip(b"\0") != other.rstrip(b"\0"))

    with pytest.raises(InvalidInput, match="page_token"):
        PageTokens(other).open(PageTokens(key).seal(position, query), query)


@given(KEYS, POSITIONS, QUERIES, st.data())
def test_query_and_position_cannot_be_shifted_into_each_other(
    key: bytes, position: str, query: bytes, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(position)))
    token = PageTokens(key).seal(position, query)
    signature = token.split(".")[1]
    rest = PageTokens(key).seal(position[cut:] or "x", b"").split(".")[0]

    with pytest.raises(InvalidInput, match="page_token"):
        PageTokens(key).open(f"{rest}.{signature}", query + position[:cut].encode())


@given(KEYS, POSITIONS, QUERIES, st.data())
def test_a_token_with_any_bit_flipped_is_refused(
    key: bytes, position: str, query: bytes, data: st.DataObject
) -> None:
    token = bytearray(PageTokens(key).seal(position, query).encode())
    # A token is ASCII: seven bits of each character.
    bit = data.draw(st.integers(0, 7 * len(token) - 1))
    token[bit // 7] ^= 1 << bit % 7

    with pytest.raises(InvalidInput, match="page_token"):
        PageTokens(key).open(token.decode(), query)


def test_the_unused_bits_of_the_last_character_are_part_of_the_token() -> None:
    tokens = PageTokens(b"k" * 16)
    token = tokens.seal("5", b"query")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = [token[:-1] + one for one in alphabet if one != token[-1]]

    for other in others:
        with pytest.raises(InvalidInput, match="page_token"):
            tokens.open(other, b"query")


@given(st.text(max_size=3000).filter(bool))
def test_any_other_text_is_refused(token: str) -> None:
    with pytest.raises(InvalidInput, match="page_token"):
        PageTokens(b"k" * 16).open(token, b"")


def test_an_empty_token_is_the_first_page_and_marks_the_last() -> None:
    tokens = PageTokens(b"k" * 16)

    assert tokens.seal("", b"query") == tokens.open("", b"query") == ""


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer than 16"):
        PageTokens(b"short")


@given(st.integers(1, 10**18 - 1))
def test_a_position_that_is_a_number_is_read_as_written(number: int) -> None:
    assert paging.number_of(paging.position_at(number)) == number


def test_the_end_and_the_beginning_of_a_list_are_empty() -> None:
    assert (paging.position_at(0), paging.number_of("")) == ("", 0)


@pytest.mark.parametrize("position", ["-1", "1-2", "x", " 1", "1" * 19])
def test_a_position_that_is_no_number_is_refused(position: str) -> None:
    with pytest.raises(InvalidInput, match="page_token"):
        paging.number_of(position)
