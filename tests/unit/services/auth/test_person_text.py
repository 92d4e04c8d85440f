"""What people write is taken as it is, but for what would act on a terminal."""

import pytest

from fanzha.errors import InvalidInput
from services.auth import person_text


def test_a_note_may_have_several_lines() -> None:
    assert person_text.required("text", " 儿子在身边\r\n\t三点上门 ") == "儿子在身边\n\t三点上门"


@pytest.mark.parametrize("text", ["a\x1b[31mb", "a\x00b", "a\rb", "a\x9bb"])
def test_control_characters_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="text: has control characters"):
        person_text.required("text", text)
