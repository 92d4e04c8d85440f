import gzip
import io
import tracemalloc
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.importers.decompression import Limits
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
def test_the_usual_encodings_are_detected_and_reported(data: bytes, encoding: str) -> None:
    found = opened(data)

    assert list(found) == ["号码", "abc"]
    assert found.encoding == encoding
    assert not found.undecoded


TRADITIONAL = "號碼,原因\n+8617000000123,假冒銀行客服的詐騙電話\n"
SIMPLIFIED = "号码,原因\n+8617000000123,冒充银行客服的诈骗电话\n"


@pytest.mark.parametrize(
    ("text", "written", "encoding"),
    [
        (TRADITIONAL, "big5", "big5"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (TRADITIONAL, "gb18030", "gb18030"),
        (TRADITIONAL, "utf-8", "utf-8"),
    ],
)
def test_big5_is_told_from_gb18030(text: str, written: str, encoding: str) -> None:
    found = opened(text.encode(written))

    assert list(found) == text.splitlines()
    assert found.encoding == encoding


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


def test_a_requested_encoding_is_used_without_detection() -> None:
    assert list(opened("号码".encode("utf-16-le"), "utf-16-le")) == ["号码"]
    assert list(opened("號碼".encode("big5"), "big5")) == ["號碼"]
    assert opened("号".encode(), "gb18030").encoding == "gb18030"


def test_an_unknown_encoding_is_an_error() -> None:
    with pytest.raises(InvalidInput, match="encoding"):
        opened(b"", "latin-1")


def test_a_truncated_gzip_file_is_an_error() -> None:
    whole = gzip.compress(bytes(range(256)) * 1000)

    with pytest.raises(EOFError):
        read(whole[: len(whole) // 2])


plain_lines = st.lists(
    st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=20)
)


@given(plain_lines)
def test_lines_round_trip(text: list[str]) -> None:
    data = b"".join(f"{line}\n".encode() for line in text)
    start_is_a_mark = data.startswith((b"\xef\xbb\xbf", b"\x1f\x8b"))

    if not start_is_a_mark:
        assert read(data) == text


@given(plain_lines, st.sampled_from(ENCODINGS))
def test_lines_round_trip_in_any_requested_encoding(text: list[str], encoding: str) -> None:
    whole = "".join(f"{line}\n" for line in text).lstrip("\ufeff")
    data = whole.encode(encoding, "ignore")
    expected = data.decode(encoding).split("\n")[:-1]

    if not data.startswith((b"\x1f\x8b", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        assert list(opened(data, encoding)) == expected


@given(st.binary(max_size=200), st.sampled_from(["", *ENCODINGS]))
def test_any_bytes_are_read(data: bytes, encoding: str) -> None:
    if not data.startswith(b"\x1f\x8b"):
        found = opened(data, encoding)
        text = list(found)

        assert all(1 <= number <= len(text) for number in found.undecoded)


def test_lines_longer_than_a_block_are_whole() -> None:
    long = "x" * 3_000_000

    assert read(f"{long}\nend".encode()) == [long, "end"]


SMALL = Limits(
    unpacked_bytes=8 << 20,
    ratio=50,
    ratio_from_bytes=1 << 20,
    line_bytes=1 << 21,
    json_line_bytes=3 << 20,
)


def packed(piece: bytes, times: int) -> io.BytesIO:
    file = io.BytesIO()
    with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as writer:
        for _ in range(times):
            writer.write(piece)
    file.seek(0)
    return file


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (io.BytesIO(b"a\n" + b"x" * (3 << 20)), "line 2: longer than 2 MiB"),
        (io.BytesIO(b"x" * (3 << 20) + b"\na"), "line 1: longer than 2 MiB"),
        (io.BytesIO(("x" * (3 << 20)).encode("utf-16")), "line 1: longer than 2 MiB"),
        (io.BytesIO(b'{"a": "' + b"x" * (4 << 20)), "line 1: longer than 3 MiB"),
        (packed(b"x" * 999, 2000), "unpacks to more than 50 times its size"),
        (packed(b"\n" * 999, 2000), "unpacks to more than 50 times its size"),
        (packed(Random(1).randbytes(999) + b"\n", 9000), "more than 8 MiB unpacked"),
    ],
)
def test_a_file_beyond_a_bound_is_refused_with_the_bound(raw: io.BytesIO, told: str) -> None:
    limits = replace(SMALL, ratio=10_000) if "8 MiB" in told else SMALL

    with pytest.raises(InvalidInput, match=told):
        list(lines(raw, limits=limits))


def test_one_line_of_json_may_be_longer() -> None:
    text = "[" + "1," * (1 << 20) + "1]"

    assert list(lines(io.BytesIO(text.encode()), limits=SMALL)) == [text]


def test_an_endless_line_takes_no_more_memory_than_its_bound() -> None:
    raw = packed(Random(2).randbytes(1 << 16).replace(b"\n", b" "), 400)  # 25 MiB unpacked
    tracemalloc.start()
    try:
        with pytest.raises(InvalidInput, match="longer than 2 MiB"):
            list(lines(raw, limits=replace(SMALL, unpacked_bytes=1 << 30)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 16 << 20


def test_nested_compression_is_refused() -> None:
    data = b"a"
    for _ in range(5):
        data = gzip.compress(data, mtime=0)

    with pytest.raises(InvalidInput, match="packed more than 3 times"):
        read(data)
