"""GSM 7-bit: default alphabet, extension table, national tables, packed septets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.messages import gsm_alphabet, national_alphabets

ALPHABET = [c for c in gsm_alphabet.BASIC if c != "\x1b"] + list(gsm_alphabet.EXTENSION.values())


@given(st.text(st.sampled_from(ALPHABET)))
def test_what_is_encoded_is_decoded(text: str) -> None:
    assert gsm_alphabet.decode(gsm_alphabet.encode(text)) == text


def test_the_default_tables_are_those_of_another_implementation() -> None:
    basic = gsm_alphabet.BASIC.replace("\x1b", "\ufffd")
    found = national_alphabets.single_shift(0).items()
    extension = {septet: character for septet, character in found if septet != gsm_alphabet.ESCAPE}

    assert national_alphabets.locking_shift(0) == basic
    assert extension == gsm_alphabet.EXTENSION


@pytest.mark.parametrize(
    ("septets", "single", "locking", "text"),
    [
        (b"\x1bS\x1bs\x1bG\x1bg\x1bI\x1bi", 1, 0, "ŞşĞğİı"),
        (b"\x1bA\x1bI\x1bO\x1bU\x1ba\x1bi\x1bo\x1bu\x1b\x09", 2, 0, "ÁÍÓÚáíóúç"),
        (b"\x1b\x05\x1b\x1f\x1bA\x1b\x0b\x1b[", 3, 0, "êÊÀÔÃ"),
        (b"\x1b\x1c\x1b\x1d\x1b\x1e\x1b\x1f", 4, 0, "২৩৪৫"),
        (b"\x1b\x1c\x1b\x1d\x1b\x1e", 6, 0, "०१२"),
        (b"\x1b\x1c\x1b\x1d", 5, 0, "૦૧"),
        (b"\x08\x0b\x0c", 0, 6, "ऊऌऍ"),
        (b"\x04\x07\x0b\x1c\x1d", 0, 1, "€ıĞŞş"),
        (b"\x1bx", 1, 0, "x"),
    ],
)
def test_national_tables_are_those_of_the_standard(
    septets: bytes, single: int, locking: int, text: str
) -> None:
    decoded = gsm_alphabet.decode(septets, single_shift=single, locking_shift=locking)

    assert decoded == text


def test_what_no_table_has_shows_what_a_phone_shows() -> None:
    assert gsm_alphabet.decode(b"a\x1bz\x1b\x1bc\x1b") == "az c "
    assert gsm_alphabet.decode(b"\x80\x1b\x41", single_shift=99) == "\ufffdA"


@given(st.binary(max_size=80).map(lambda b: bytes(o & 0x7F for o in b)), st.integers(0, 6))
def test_packed_septets_are_unpacked(septets: bytes, fill_bits: int) -> None:
    value = sum(septet << (7 * at + fill_bits) for at, septet in enumerate(septets))
    packed = value.to_bytes((len(septets) * 7 + fill_bits + 7) // 8, "little")

    unpacked = gsm_alphabet.unpack(packed, fill_bits=fill_bits)

    whole = bool(septets) and (len(packed) * 8 - fill_bits) % 7 == 0
    trailing = septets[-1:] if whole and septets[-1] in {0, 13} else b""
    assert (unpacked + trailing)[: len(septets)] == septets


def test_the_example_of_the_standard_is_unpacked() -> None:
    assert gsm_alphabet.unpack(bytes.fromhex("e8329bfd4697d9ec37")) == b"hellohello"
    assert gsm_alphabet.unpack(bytes.fromhex("31d98c56b3dd1a")) == b"1234567"
