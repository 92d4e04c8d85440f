"""Numbers of forms are read whatever was typed, and never beyond what a field holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.v1 import incident_pb2
from services.console.web.form_numbers import MOST_INT32, MOST_INT64, enum_choice, whole_number

texts = st.text(max_size=30) | st.from_regex(r"[0-9]{1,25}", fullmatch=True)


@given(texts)
def test_a_number_is_read_or_none(text: str) -> None:
    found = whole_number(text)

    assert found is None or (found == int(text) and 0 <= found <= MOST_INT32)


@pytest.mark.parametrize("text", ["", "-1", "+1", " 1", "１", "²", "1.0", "1e3", "9" * 5000, "x"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert whole_number(text) is None
    assert enum_choice(text, {1, 2}) == 0


def test_a_number_above_the_most_is_none() -> None:
    assert whole_number(str(MOST_INT32)) == MOST_INT32
    assert whole_number(str(MOST_INT32 + 1)) is None
    assert whole_number(str(MOST_INT64), most=MOST_INT64) == MOST_INT64
    assert whole_number(str(MOST_INT64 + 1), most=MOST_INT64) is None


def test_a_choice_is_one_of_those_known() -> None:
    assert enum_choice("2", incident_pb2.IncidentStage.values()) == 2
    assert enum_choice("99", incident_pb2.IncidentStage.values()) == 0
