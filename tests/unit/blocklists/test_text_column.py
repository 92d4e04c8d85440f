import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blocklists.text_column import TextColumn

texts = st.lists(st.text(max_size=8), max_size=12)


def unpacked(column: TextColumn) -> list[str]:
    return [column.get(row) for row in range(len(column))]


@given(texts)
def test_texts_round_trip(rows: list[str]) -> None:
    column = TextColumn.of(rows)

    assert unpacked(column) == rows
    assert [raw.decode() for raw in column.all_raw()] == rows


@given(texts, st.lists(st.integers(0, 15), max_size=20))
def test_rows_are_taken_in_the_requested_order(rows: list[str], wanted: list[int]) -> None:
    taken = TextColumn.of(rows).take(np.array(wanted, np.int64))

    assert unpacked(taken) == [rows[row] if row < len(rows) else "" for row in wanted]


@given(st.lists(texts, max_size=4))
def test_columns_are_concatenated(columns: list[list[str]]) -> None:
    joined = TextColumn.concatenate([TextColumn.of(rows) for rows in columns])

    assert unpacked(joined) == [row for rows in columns for row in rows]


def test_empty_texts_need_no_bytes() -> None:
    column = TextColumn.empty(3)

    assert unpacked(column) == ["", "", ""]
    assert len(column.blob) == 0
