"""Whole columns of numbers give the keys that single numbers give."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha import party_columns
from fanzha.phone import UNREADABLE, HomePlan

spellings = st.one_of(
    st.from_regex(r"\+[0-9]{0,18}", fullmatch=True),
    st.from_regex(r"[0-9]{0,21}", fullmatch=True),
    st.from_regex(r"(10|95|86|13|19|12|17951)[0-9]{0,18}", fullmatch=True),
    st.from_regex(
        r"(179(09|11|51)|12593)?(\+|00)?(86)?0?(10|571)?(110|96110|12345)", fullmatch=True
    ),
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.from_regex(r"\+[0-9 /:;,~-]{3,15}", fullmatch=True),
)


def read(texts: list[str], country: str) -> tuple[list[int], list[bool]]:
    parts = [text.encode() for text in texts]
    lengths = np.array([len(part) for part in parts], np.int64)
    keys, unread = party_columns.keys(
        b"".join(parts), np.cumsum(lengths) - lengths, lengths, country
    )
    assert unread == np.count_nonzero(keys == UNREADABLE)
    return keys.tolist(), (keys != UNREADABLE).tolist()


@given(st.lists(spellings, min_size=1, max_size=12), st.sampled_from(["86", "1", "852"]))
def test_a_column_gives_the_keys_of_its_single_numbers(texts: list[str], country: str) -> None:
    home = HomePlan(country)

    keys, were_read = read(texts, country)

    for text, key, was_read in zip(texts, keys, were_read, strict=True):
        if was_read:
            assert key == home.number_key(text), text


@pytest.mark.parametrize(
    "text",
    [
        *("+8617000000001", "+15550100", "+123", "+999999999999999"),
        *("110", "95588", "100001", "1069012345", "106901234567890"),
    ],
)
def test_common_spellings_are_read_in_every_country(text: str) -> None:
    for country in ("86", "1"):
        assert read([text], country) == ([HomePlan(country).number_key(text)], [True])


def test_mobile_numbers_are_read_as_dialled_at_home() -> None:
    assert read(["17000000001", "+8617000000001"], "86") == ([8617000000001] * 2, [True] * 2)
    assert read(["17000000001"], "1")[1] == [False]


@pytest.mark.parametrize("text", ["17951095588", "17951010110", "86110", "571110", "1096110"])
def test_an_ambiguous_number_has_one_reading(text: str) -> None:
    [key], [was_read] = read([text], "86")

    assert not was_read or key == HomePlan("86").number_key(text)


def test_neighbouring_rows_do_not_change_a_number() -> None:
    assert read(["99999999", "+8617000000001", "x", "110", "9"], "86")[0][1:4:2] == [
        8617000000001,
        -110,
    ]
