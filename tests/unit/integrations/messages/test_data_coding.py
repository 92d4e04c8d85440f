"""Octets and data coding values to text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.messages import data_coding
from integrations.messages.carried_message import Coding, TextPart


def part(octets: bytes, coding: Coding, **others: int) -> TextPart:
    return TextPart(octets=octets, coding=coding, **others)


@pytest.mark.parametrize(
    ("coding", "text", "octets"),
    [
        (Coding.UTF16, "反诈😀", "反诈😀".encode("utf-16-be")),
        (Coding.GB18030, "验证码", "验证码".encode("gbk")),
        (Coding.GB18030, "㐀", "㐀".encode("gb18030")),
        (Coding.LATIN1, "é£", b"\xe9\xa3"),
        (Coding.CYRILLIC, "Привет", "Привет".encode("iso8859_5")),
        (Coding.SHIFT_JIS, "銀行", "銀行".encode("shift_jis")),
        (Coding.EUC_KR, "은행", "은행".encode("euc_kr")),
        (Coding.GSM7, "@£€", b"\x00\x01\x1be"),
        (Coding.ASCII, "user@bank.example", b"user@bank.example"),
        (Coding.BINARY, "", b"\x01\x02"),
    ],
)
def test_each_coding_is_read(coding: Coding, text: str, octets: bytes) -> None:
    assert data_coding.text_of([part(octets, coding)]) == text


def test_what_a_library_calls_ascii_may_be_gsm() -> None:
    assert data_coding.text_of([part(b"\x00\x1be", Coding.ASCII)]) == "@€"
    assert data_coding.text_of([part(b"\x1bs", Coding.ASCII, single_shift=1)]) == "ş"


@pytest.mark.parametrize("octets", ["验证码".encode(), "验证码".encode("gb18030")])
def test_octets_that_the_alphabet_lacks_are_guessed(octets: bytes) -> None:
    assert data_coding.text_of([part(octets, Coding.ASCII)]) == "验证码"


def test_in_the_default_alphabet_octets_above_127_are_utf_8_or_latin_1() -> None:
    assert data_coding.text_of([part("né".encode(), Coding.GSM7)]) == "né"
    assert data_coding.text_of([part(b"n\xe9", Coding.GSM7)]) == "né"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), st.integers(0, 300))
def test_characters_split_between_parts_are_read(text: str, at: int) -> None:
    for coding, name in ((Coding.UTF16, "utf-16-be"), (Coding.GB18030, "gb18030")):
        octets = text.encode(name)

        parts = [part(octets[:at], coding), part(octets[at:], coding)]

        assert data_coding.text_of(parts) == text


def test_each_packed_part_begins_anew() -> None:
    hello = bytes.fromhex("e8329bfd06")

    parts = [part(hello, Coding.GSM7_PACKED)] * 2

    assert data_coding.text_of(parts) == "hellohello"


@given(st.binary(max_size=200), st.sampled_from(Coding), st.integers(0, 255), st.integers(0, 6))
def test_no_octets_are_too_strange(octets: bytes, coding: Coding, shift: int, fill: int) -> None:
    odd = part(octets, coding, single_shift=shift, locking_shift=shift, fill_bits=fill)

    data_coding.text_of([odd]).encode()


@pytest.mark.parametrize(
    ("scheme", "coding", "flash"),
    [
        (0x10, Coding.GSM7, True), (0x18, Coding.UTF16, True), (0x11, Coding.GSM7, False),
        (0x14, Coding.BINARY, True), (0x20, Coding.BINARY, False), (0x08, Coding.UTF16, False),
        (0xF0, Coding.GSM7, True), (0xF4, Coding.BINARY, True), (0xF1, Coding.GSM7, False),
        (0xC8, Coding.GSM7, False), (0xD8, Coding.GSM7, False), (0xE0, Coding.UTF16, False),
        (0x90, Coding.GSM7, False), (0x48, Coding.UTF16, False),
    ],
)  # fmt: skip
def test_the_gsm_data_coding_scheme_is_read(scheme: int, coding: Coding, *, flash: bool) -> None:
    assert (data_coding.gsm_coding(scheme), data_coding.is_flash(scheme)) == (coding, flash)
