import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.errors import InvalidInput
from services.warning.channels.sms_parts import GSM7, UCS2, cut


def joined(text: str) -> bytes:
    parts = cut(text, 7)
    return b"".join(body[7:] if parts.several else body for body in parts.bodies)


@given(st.text(min_size=1, max_size=300))
def test_parts_contain_the_whole_text_and_none_is_too_long(text: str) -> None:
    parts = cut(text, 70_000)

    assert all(len(body) <= (160 if parts.data_coding == GSM7 else 140) for body in parts.bodies)
    if parts.data_coding == UCS2:
        assert joined(text).decode("utf-16-be") == text
        for body in parts.bodies:  # each part can be read alone
            body[7 if parts.several else 0 :].decode("utf-16-be")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("反" * 70, 1),
        ("反" * 71, 2),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("{" * 80, 1),
        ("{" * 81, 2),
        ("a" * 151 + "{" + "a" * 8, 2),
    ],
)
def test_parts_are_counted_as_phones_do(text: str, count: int) -> None:
    assert len(cut(text, 0).bodies) == count


def test_an_escaped_character_stays_whole() -> None:
    first, second = cut("a" * 151 + "{" + "a" * 20, 0x1234).bodies

    assert first == bytes([6, 8, 4, 0x12, 0x34, 2, 1]) + b"a" * 151
    assert second[7:9] == b"\x1b\x28"


def test_a_section_sign_is_no_grave_accent() -> None:
    assert cut("§", 0).bodies == (b"\x5f",)
    assert cut("`", 0).data_coding == UCS2


@pytest.mark.parametrize("text", ["", "反" * 661, "\ud800"])
def test_an_unsendable_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="text: "):
        cut(text, 0)
