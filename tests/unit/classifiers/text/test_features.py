"""Hashed n-grams of a batch."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifiers.text.features import (
    BUCKET_BITS,
    CAUTION,
    CHUNK,
    IDS_PER_CHARACTER,
    MAX_CHARACTERS,
    NARROW_SIZES,
    WIDE_SIZES,
    ngrams,
)
from fanzha.character_table import SIZE, WIDE, classes

MASK = 0xFFFF_FFFF
texts = st.lists(st.text("ab 贷款\U00020000\ue000", max_size=70), min_size=1, max_size=5)


def bucket(gram: str) -> int:
    state = 0
    for character in gram:
        state = (state ^ ord(character)) * 0x9E37_79B1 & MASK
        state ^= state >> 15
    return max((state * 0x85EB_CA6B & MASK) >> (32 - BUCKET_BITS), 1)


def slow_ids(text: str) -> list[int]:
    return [id_ for at in range(len(text)) for id_ in ids_at(text, at)]


def ids_at(text: str, at: int) -> list[int]:
    return [
        id_ if at == 0 or gram != before else 0
        for (id_, gram), (_, before) in zip(
            grams_at(text, at), grams_at(text, max(at - 1, 0)), strict=True
        )
    ]


def grams_at(text: str, at: int) -> list[tuple[int, str]]:
    code = ord(text[at])
    is_wide = code >= SIZE or classes()[code] == WIDE
    sizes = WIDE_SIZES if is_wide else NARROW_SIZES
    grams = [text[at : at + size] if at + size <= len(text) else "" for size in sizes]
    return [(bucket(gram) if gram else 0, gram) for gram in grams]


@given(texts)
def test_ids_agree_with_a_slow_reference(batch: list[str]) -> None:
    grams = ngrams(batch)

    for row, text in enumerate(batch):
        chunks = grams.ids[grams.rows == row].reshape(-1, IDS_PER_CHARACTER, CHUNK)
        ids = chunks.transpose(0, 2, 1).ravel().tolist()
        expected = slow_ids(text)
        assert ids == expected + [0] * (len(ids) - len(expected))


@given(texts)
def test_weights_count_the_ngrams(batch: list[str]) -> None:
    grams = ngrams(batch)

    counts = [sum(map(bool, slow_ids(text))) for text in batch]
    assert np.allclose(1 / grams.weights - CAUTION, counts, atol=0.01)


def test_every_text_has_a_chunk_even_an_empty_one() -> None:
    assert ngrams(["", "ab", ""]).rows.tolist() == [0, 1, 2]


def test_no_texts_have_no_ngrams() -> None:
    grams = ngrams([])

    assert grams.ids.shape == (0, CHUNK * IDS_PER_CHARACTER)
    assert len(grams.weights) == 0


def test_work_is_bounded_for_long_texts() -> None:
    long, at_the_limit = ngrams(["a" * 8192]), ngrams(["a" * MAX_CHARACTERS])

    assert np.array_equal(long.ids, at_the_limit.ids)


def test_a_run_of_one_character_is_one_ngram_of_each_size() -> None:
    grams = ngrams(["字" * 500])

    assert (grams.ids > 0).sum() == IDS_PER_CHARACTER
    assert (ngrams(["字" * 500], drops_runs=False).ids > 0).sum() > 1000
