from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.errors import InvalidConfiguration
from services.decision_log.warehouse.keyed_hash import HashKey, hashed

OF_THE_PAPER = HashKey(0x0706050403020100, 0x0F0E0D0C0B0A0908)
WORD = 2**64 - 1
words = st.integers(0, WORD)


def sip_hash(key: HashKey, number: int) -> int:
    """Hash one number as the paper writes it, step by step."""
    v = [
        key.first ^ 0x736F6D6570736575,
        key.second ^ 0x646F72616E646F6D,
        key.first ^ 0x6C7967656E657261,
        key.second ^ 0x7465646279746573,
    ]

    def turned(word: int, bits: int) -> int:
        return (word << bits | word >> (64 - bits)) & WORD

    def sip_round() -> None:
        v[0] = v[0] + v[1] & WORD
        v[2] = v[2] + v[3] & WORD
        v[1], v[3] = turned(v[1], 13) ^ v[0], turned(v[3], 16) ^ v[2]
        v[0] = turned(v[0], 32)
        v[2] = v[2] + v[1] & WORD
        v[0] = v[0] + v[3] & WORD
        v[1], v[3] = turned(v[1], 17) ^ v[2], turned(v[3], 21) ^ v[0]
        v[2] = turned(v[2], 32)

    for block in (number & WORD, 8 << 56):
        v[3] ^= block
        sip_round()
        sip_round()
        v[0] ^= block
    v[2] ^= 0xFF
    for _ in range(4):
        sip_round()
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def test_the_vector_of_the_paper_for_eight_bytes_is_met() -> None:
    message = np.array([0x0706050403020100], np.int64)

    assert hashed(OF_THE_PAPER, message).tolist() == [0x93F5F5799A932462]


@given(words, words, st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20))
def test_a_column_is_hashed_as_its_numbers_are(first: int, second: int, numbers: list[int]) -> None:
    key = HashKey(first, second)

    found = hashed(key, np.array(numbers, np.int64)).tolist()

    assert found == [sip_hash(key, number) if number else 0 for number in numbers]


def test_a_long_column_has_the_same_hashes_as_its_parts() -> None:
    numbers = np.arange(1, 20_001, dtype=np.int64)

    found = hashed(OF_THE_PAPER, numbers)

    assert len(np.unique(found)) == 20_000
    assert found[-3:].tolist() == hashed(OF_THE_PAPER, numbers[-3:]).tolist()


def test_a_key_is_read_from_32_digits(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("000102030405060708090a0b0c0d0e0f\n")

    assert HashKey.read(file) == OF_THE_PAPER


@pytest.mark.parametrize("text", ["", "0" * 31, "0" * 33, "g" * 32, "é" * 32])
def test_what_is_no_key_is_refused_without_saying_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "key"
    file.write_text(text)

    with pytest.raises(InvalidConfiguration, match="32 hexadecimal digits") as raised:
        HashKey.read(file)

    assert not text or text not in str(raised.value)
