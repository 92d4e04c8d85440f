from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import Direction, Entry, EntryKind
from blocklists.entry_table import (
    EntryTable,
    concatenate,
    pattern_key,
    seconds,
    text_key,
    text_keys,
)
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from tests.support.builders import an_entry
from tests.support.list_strategies import entries

A_FEW = [
    an_entry("+8617000000001", direction=Direction.FROM),
    an_entry("+86170*", Action.ALLOW),
    an_entry("95588", reason="asked for by the bank"),
    an_entry("Prize-Office"),
    an_entry("prize.example"),
    an_entry("shop.example/pay/?a=1", expires_at=datetime(2027, 3, 1, tzinfo=UTC)),
]


def test_entries_round_trip() -> None:
    table = EntryTable.from_entries(A_FEW)

    assert [table.entry(row) for row in range(len(table))] == A_FEW


def test_provenance_is_stored_once() -> None:
    table = EntryTable.from_entries(A_FEW)

    assert len(table.provenance) == 2


def test_only_numbers_and_ranges_have_a_direction() -> None:
    table = EntryTable.from_entries([an_entry("prize.example", direction=Direction.TO)])

    assert table.entry(0).direction == Direction.BOTH


@given(st.lists(entries, max_size=8), st.data())
def test_rows_are_taken_in_the_requested_order(listed: list[Entry], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(listed) - 1)) if listed else st.just([]))
    table = EntryTable.from_entries(listed)

    taken = table.take(np.array(rows, np.int64))

    assert [taken.entry(row) for row in range(len(taken))] == [table.entry(row) for row in rows]


@given(st.lists(st.lists(entries, max_size=4), max_size=4))
def test_tables_are_concatenated(parts: list[list[Entry]]) -> None:
    tables = [EntryTable.from_entries(part) for part in parts]

    joined = concatenate(tables)

    expected = [table.entry(row) for table in tables for row in range(len(table))]
    assert [joined.entry(row) for row in range(len(joined))] == expected
    assert len(joined.provenance) == len(set(joined.provenance))


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        (EntryKind.NUMBER, ""),
        (EntryKind.NUMBER, "+"),
        (EntryKind.NUMBER, "+0170"),
        (EntryKind.NUMBER, "+86 170"),
        (EntryKind.NUMBER, "+86170*"),
        (EntryKind.NUMBER, "prize.example"),
        (EntryKind.NUMBER, "١٢٣"),
        (EntryKind.RANGE, "*"),
        (EntryKind.RANGE, "+86170"),
        (EntryKind.RANGE, "+86170**"),
        (EntryKind.RANGE, "+861700000000012345*"),
        (EntryKind.SENDER, ""),
        (EntryKind.HOST, ""),
        (EntryKind.URL_PREFIX, ""),
    ],
)
def test_a_non_canonical_pattern_is_refused(kind: EntryKind, pattern: str) -> None:
    with pytest.raises(InvalidInput, match="pattern"):
        pattern_key(kind, pattern)


@given(st.from_regex(r"\+[1-9][0-9]{2,13}|[1-9][0-9]{2,5}", fullmatch=True))
def test_numbers_have_the_keys_of_traffic(number: str) -> None:
    key, _ = pattern_key(EntryKind.NUMBER, number)

    assert key == (int(number) if number.startswith("+") else -int(number))


@given(st.text(min_size=1))
def test_one_text_and_many_have_the_same_keys(text: str) -> None:
    assert text_keys([text, "other"]).tolist() == [text_key(text), text_key("other")]


def test_times_beyond_the_column_move_to_its_ends() -> None:
    assert seconds([-5, 7, 2**40]).tolist() == [0, 7, 2**32 - 1]


def test_an_entry_may_expire_when_it_was_made_for() -> None:
    entry = replace(A_FEW[0], expires_at=datetime(2100, 1, 1, tzinfo=UTC))

    assert EntryTable.from_entries([entry]).entry(0) == entry
