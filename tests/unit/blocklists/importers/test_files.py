import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.importers.files import ENCODINGS, Lines, lines
from fanzha.errors import InvalidInput


def opened(data: bytes, encoding: str = "") -> Lines:
    return lines(io.BytesIO(data), encoding)


def read(data: bytes) -> list[str]:
    return list(opened(data))


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("号码\nabc".encode(), "utf-8"),
        ("号码\r\nabc".encode(), "utf-8"),
        (b"\xef\xbb\xbf" + "号码\nabc".encode(), "utf-8"),
        ("号码\nabc".encode("gb18030"), "gb18030"),
        ("号码\r\nabc".encode("utf-16"), "utf-16"),
        (gzip.compress("号码\nabc".encode("gb18030"), mtime=0), "gb18030"),
        (gzip.compress(gzip.compress("号码\nabc".encode(), mtime=0), mtime=0), "utf-8"),
    ],
)
def test_the_usual_encodings_are_read_and_told(data: bytes, encoding: str) -> None:
    found = opened(data)

    assert list(found) == ["号码", "abc"]
    assert found.encoding == encoding
    assert not found.undecoded


def test_a_line_that_is_neither_encoding_does_not_change_the_others() -> None:
    found = opened("一\n".encode() + b"\x81\xff\n" + "二".encode())

    assert list(found) == ["一", "\ufffd\ufffd", "二"]
    assert found.undecoded == {2}


def test_the_encoding_that_fits_more_lines_is_taken() -> None:
    rows = ["号码,原因", *[f"1700000000{n},冒充客服，已立案" for n in range(9)]]
    data = b"\n".join([row.encode("gb18030") for row in rows] + [b"17000000009,\xff\xff"])

    found = opened(data)

    assert list(found)[:10] == rows
    assert (found.encoding, found.undecoded) == ("gb18030", {11})


def test_a_line_that_is_good_utf8_by_chance_is_read_as_the_rest_of_the_file() -> None:
    chance = "一陇"  # their bytes in GB 18030 are letters in UTF-8, too
    rows = ["号码,原因", f"17000000001,{chance}"]

    assert read("\n".join(rows).encode("gb18030")) == rows


def test_an_encoding_that_is_asked_for_is_not_guessed_at() -> None:
    assert list(opened("号码".encode("utf-16-le"), "utf-16-le")) == ["号码"]
    assert list(opened("號碼".encode("big5"), "big5")) == ["號碼"]
    assert opened("号".encode(), "gb18030").encoding == "gb18030"


def test_an_unknown_encoding_is_an_error() -> None:
    with pytest.raises(InvalidInput, match="encoding"):
        opened(b"", "latin-1")


def test_a_gzip_that_breaks_off_is_an_error() -> None:
    whole = gzip.compress(bytes(range(256)) * 1000)

    with pytest.raises(EOFError):
        read(whole[: len(whole) // 2])


plain_lines = st.lists(
    st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=20)
)


@given(plain_lines)
def test_lines_come_back(text: list[str]) -> None:
    data = b"".join(f"{line}\n".encode() for line in text)
    start_is_a_mark = data.startswith((b"\xef\xbb\xbf", b"\x1f\x8b"))

    if not start_is_a_mark:
        assert read(data) == text


@given(plain_lines, st.sampled_from(ENCODINGS))
def test_lines_come_back_in_any_encoding_that_is_asked_for(text: list[str], encoding: str) -> None:
    whole = "".join(f"{line}\n" for line in text).lstrip("\ufeff")
    data = whole.encode(encoding, "ignore")
    expected = data.decode(encoding).split("\n")[:-1]

    if not data.startswith((b"\x1f\x8b", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        assert list(opened(data, encoding)) == expected


@given(st.binary(max_size=200), st.sampled_from(["", *ENCODINGS]))
def test_no_bytes_make_the_reading_fail(data: bytes, encoding: str) -> None:
    if not data.startswith(b"\x1f\x8b"):
        found = opened(data, encoding)
        text = list(found)

        assert all(1 <= number <= len(text) for number in found.undecoded)


def test_lines_longer_than_a_block_are_whole() -> None:
    long = "x" * 3_000_000

    assert read(f"{long}\nend".encode()) == [long, "end"]
