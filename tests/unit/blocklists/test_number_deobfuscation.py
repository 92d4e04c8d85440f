"""Which texts show a number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.number_deobfuscation import deobfuscate


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("110", "110"),
        ("tel:110", "110"),
        ("TEL:+86-571-96110", "+8657196110"),
        ("sip:110@ims.example;user=phone", "110"),
        ("sips:%31%31%30@a.test", "110"),
        ("①①⓪", "110"),
        ("➀➀⓪", "110"),
        ("⑫345", "12345"),
        ("⒈⒈🄀", "110"),
        ("⑴⑴0", "110"),
        ("１１０", "110"),
        ("𝟏𝟏𝟎", "110"),
        ("1\ufe0f\u20e31\ufe0f\u20e30\ufe0f\u20e3", "110"),
        ("1\u200b1\u200b0", "110"),
        ("١١٠", "110"),
        ("一一〇", "110"),
        ("【110】", "110"),
        ("11O", ""),
        ("一百一十", ""),
        ("Bank110", ""),
        ("Bank", ""),
        ("", ""),
        ("1" * 65, ""),
    ],
)
def test_obfuscated_numbers_are_read(text: str, number: str) -> None:
    assert deobfuscate(text) == number


@given(st.text(max_size=40))
def test_plain_texts_stay_unchanged(text: str) -> None:
    assert deobfuscate(deobfuscate(text)) == deobfuscate(text)
