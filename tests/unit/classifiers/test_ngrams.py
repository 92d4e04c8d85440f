"""The vectorised hashing against one that a reader can follow."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifiers import ngrams

WORD = 2**32


def slow_bucket(gram: str, *, bits: int, seed: int) -> int:
    state = seed + 1
    for character in gram:
        state = state * 0x01000193 % WORD ^ ord(character)
    mixed = (state ^ state >> 15 ^ len(gram)) * 0x2C1B3C6D % WORD
    mixed ^= mixed >> 15
    return mixed * 0x01000193 % WORD >> 32 - bits


def slow_bag(text: str, first: int, last: int, *, bits: int, seed: int, longest: int) -> list[int]:
    wrapped = ngrams.START + text[:longest] + ngrams.END
    return [
        slow_bucket(wrapped[at : at + size], bits=bits, seed=seed)
        for at in range(len(wrapped))
        for size in range(first, last + 1)
        if at + size <= len(wrapped)
    ]


def bags_of(bags: ngrams.Bags) -> list[list[int]]:
    return [
        bags.ids[start:end].tolist()
        for start, end in zip(bags.offsets[:-1], bags.offsets[1:], strict=True)
    ]


any_text = st.text(st.characters(codec=None), max_size=12)  # lone surrogates too


@given(
    texts=st.lists(any_text, max_size=5),
    first=st.integers(1, 3),
    more=st.integers(0, 3),
    bits=st.integers(8, 20),
    seed=st.integers(0, 1000),
    longest=st.integers(1, 12),
)
def test_hashing_a_batch_equals_hashing_each_gram_by_hand(
    *, texts: list[str], first: int, more: int, bits: int, seed: int, longest: int
) -> None:
    last = first + more

    bags = ngrams.hashed(texts, sizes=(first, last), bits=bits, seed=seed, longest=longest)

    assert bags_of(bags) == [
        slow_bag(text, first, last, bits=bits, seed=seed, longest=longest) for text in texts
    ]


def test_the_company_of_other_texts_changes_nothing() -> None:
    alone = ngrams.hashed(["bank.example"], sizes=(1, 4), bits=17)
    in_company = ngrams.hashed(["", "bank.example", "短信"], sizes=(1, 4), bits=17)

    assert bags_of(in_company)[1] == bags_of(alone)[0]


def test_buckets_are_evenly_filled() -> None:
    texts = [f"shop-{number}.example" for number in range(2000)]

    ids = ngrams.hashed(texts, sizes=(4, 6), bits=8).ids
    grams = {
        wrapped[at : at + size]
        for wrapped in (ngrams.START + text + ngrams.END for text in texts)
        for size in (4, 5, 6)
        for at in range(len(wrapped) - size + 1)
    }
    distinct = [slow_bucket(gram, bits=8, seed=0) for gram in sorted(grams)]

    assert set(ids.tolist()) == set(range(256))
    assert np.bincount(distinct).max() < 2 * len(distinct) / 256
