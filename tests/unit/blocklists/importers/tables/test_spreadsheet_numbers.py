"""What spreadsheets do to numbers is noticed, and undone only where nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.importers.tables import spreadsheet_numbers
from fanzha.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+8617000000001", "+8617000000001"),
        ("17000000001", "17000000001"),
        ("17000000001.0", "17000000001"),
        ("1.7000000001E+10", "17000000001"),
        ("1.7000000001e10", "17000000001"),
        ("+86170*", "+86170*"),
        ("bank.example", "bank.example"),
        ("192.0.2.0", "192.0.2.0"),
    ],
)
def test_a_number_is_made_whole(text: str, expected: str) -> None:
    assert spreadsheet_numbers.restore(text) == expected


@pytest.mark.parametrize("text", ["1.7E+10", "1.70E+10", "8.61700000000E+12", "1E+15", "1.7e99"])
def test_a_number_that_lost_digits_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="digits are lost"):
        spreadsheet_numbers.restore(text)


@given(st.integers(10**5, 10**14 - 1))
def test_a_number_in_full_scientific_form_comes_back(number: int) -> None:
    digits = str(number)

    assert spreadsheet_numbers.restore(f"{digits[0]}.{digits[1:]}E+{len(digits) - 1}") == digits


@given(st.integers(10**5, 10**14 - 1), st.integers(0, 4))
def test_a_shortened_number_is_never_another_number(number: int, kept: int) -> None:
    digits = str(number)
    shown = f"{digits[0]}.{digits[1 : 1 + kept]}E+{len(digits) - 1}"

    with pytest.raises(InvalidInput):
        spreadsheet_numbers.restore(shown)


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("1055550199", True),  # 010-55550199
        ("2155550199", True),
        ("57155550199", True),
        ("01055550199", False),
        ("17000000001", False),
        ("4005550199", False),
        ("95588", False),
        ("10690000061", False),
    ],
)
def test_a_landline_that_lost_its_zero_is_detected(text: str, lacks: bool) -> None:
    assert spreadsheet_numbers.may_lack_zero(text) == lacks


@given(st.text(max_size=30))
def test_any_cell_is_read_or_refused(text: str) -> None:
    spreadsheet_numbers.may_lack_zero(text)
    try:
        assert spreadsheet_numbers.restore(text)[:1] == text[:1]
    except InvalidInput:
        assert "e" in text.lower()
