import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.importers.files import lines


def read(data: bytes) -> list[str]:
    return list(lines(io.BytesIO(data)))


@pytest.mark.parametrize(
    "data",
    [
        "号码\nabc".encode(),
        "号码\r\nabc".encode(),
        b"\xef\xbb\xbf" + "号码\nabc".encode(),
        "号码\nabc".encode("gb18030"),
        "号码\r\nabc".encode("utf-16"),
        gzip.compress("号码\nabc".encode("gb18030")),
        gzip.compress(gzip.compress("号码\nabc".encode())),
    ],
)
def test_the_usual_encodings_are_read(data: bytes) -> None:
    assert read(data) == ["号码", "abc"]


def test_a_line_that_is_neither_encoding_does_not_change_the_others() -> None:
    assert read("一\n".encode() + b"\x81\xff\n" + "二".encode()) == ["一", "\ufffd\ufffd", "二"]


def test_a_gzip_that_breaks_off_is_an_error() -> None:
    whole = gzip.compress(bytes(range(256)) * 1000)

    with pytest.raises(EOFError):
        read(whole[: len(whole) // 2])


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=20)))
def test_lines_come_back(text: list[str]) -> None:
    data = b"".join(f"{line}\n".encode() for line in text)
    start_is_a_mark = data.startswith((b"\xef\xbb\xbf", b"\x1f\x8b"))

    if not start_is_a_mark:
        assert read(data) == text


def test_lines_longer_than_a_block_are_whole() -> None:
    long = "x" * 3_000_000

    assert read(f"{long}\nend".encode()) == [long, "end"]
