"""Cells of CSV: no formula, and read back as they were written."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.csv_cells import SafeWriter, escaped, unescaped

SIGNS = "=+-@\t\r\n＝＋－＠"
_texts = st.text(st.sampled_from([*SIGNS, *"'\" ,;|1a号"]), max_size=8) | st.text(max_size=20)


@pytest.mark.parametrize("sign", [*SIGNS])
def test_formulas_are_prefixed_with_an_apostrophe(sign: str) -> None:
    assert escaped(f"{sign}cmd|' /C calc'!A0") == f"'{sign}cmd|' /C calc'!A0"


@pytest.mark.parametrize("text", ["", "x=1", "冒充客服", "'quoted'", "170", "a-b", " =1", "1-2"])
def test_other_texts_stay(text: str) -> None:
    assert escaped(text) == text


@pytest.mark.parametrize("number", ["+8617000000123", "+86170*", "-3.5", "+1", "-0"])
def test_signed_numbers_stay_since_they_are_harmless(number: str) -> None:
    assert escaped(number) == number


@pytest.mark.parametrize("text", ["+86170+cmd", "+1(2)", "-1-1", "+8617*x", "+1\n", "+１"])
def test_a_signed_number_followed_by_other_text_is_escaped(text: str) -> None:
    assert escaped(text) == f"'{text}"


@given(_texts)
def test_an_escaped_cell_round_trips(text: str) -> None:
    assert unescaped(escaped(text)) == text


@given(st.lists(_texts, min_size=1, max_size=4))
def test_no_cell_of_a_written_file_starts_a_formula(cells: list[str]) -> None:
    lines = StringIO(newline="")
    SafeWriter(lines).writerow([*cells, 7, None])

    (row,) = csv.reader(StringIO(lines.getvalue(), newline=""))

    assert [unescaped(cell) for cell in row] == [*cells, "7", ""]
    for cell in row:
        assert not cell.startswith(tuple(SIGNS)) or not cell.strip("+-0123456789.*")
