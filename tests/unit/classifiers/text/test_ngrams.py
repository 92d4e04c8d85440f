"""The vectorised hashing against one that a reader can follow."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifiers.text import ngrams

WORD = 2**32


def slow_bucket(gram: str, *, bits: int, seed: int) -> int:
    state = seed + 1
    for character in gram:
        state = state * 0x01000193 % WORD ^ ord(character)
    mixed = (state ^ state >> 15 ^ len(gram)) * 0x2C1B3C6D % WORD
    mixed ^= mixed >> 15
    return max(mixed * 0x01000193 % WORD >> 32 - bits, 1)


def slow_bag(text: str, sizes: list[int], *, bits: int, seed: int) -> list[int]:
    wrapped = ngrams.START + text + ngrams.END if text else ""
    return [
        slow_bucket(wrapped[at : at + size], bits=bits, seed=seed)
        for at in range(len(wrapped))
        for size in sizes
        if at + size <= len(wrapped)
    ]


def bags(texts: list[str], seeds: list[int], sizes: list[int], bits: int) -> list[list[int]]:
    layout = ngrams.lay_out(texts)
    ids = ngrams.hashed(layout, np.array(seeds, np.int64), sizes=sizes, bits=bits)
    ends = np.cumsum(layout.chunks).tolist()
    found = [ids[end - own : end] for own, end in zip(layout.chunks, ends, strict=True)]
    return [bag[bag != ngrams.PADDING].tolist() for bag in found]


# Lone surrogates too; without the blank, which ends what is read of a text.
any_text = st.text(st.characters(codec=None, exclude_characters="\0"), max_size=20)


@given(
    pairs=st.lists(st.tuples(any_text, st.integers(0, 1000)), max_size=5),
    sizes=st.sets(st.integers(1, 6), min_size=1, max_size=3).map(sorted),
    bits=st.integers(8, 21),
)
def test_hashing_a_batch_equals_hashing_each_gram_by_hand(
    pairs: list[tuple[str, int]], sizes: list[int], bits: int
) -> None:
    texts, seeds = [text for text, _ in pairs], [seed for _, seed in pairs]

    found = bags(texts, seeds, sizes, bits)

    assert found == [slow_bag(text, sizes, bits=bits, seed=seed) for text, seed in pairs]


@given(texts=st.lists(any_text, max_size=5), sizes=st.just([3, 5]))
def test_ngrams_are_counted_without_hashing(texts: list[str], sizes: list[int]) -> None:
    counts = ngrams.counts(ngrams.lay_out(texts), sizes)

    assert counts.tolist() == [len(slow_bag(text, sizes, bits=8, seed=0)) for text in texts]


def test_a_blank_within_a_text_hides_only_the_ngrams_across_it() -> None:
    (bag,) = bags(["ab\0cd"], [0], [2], 20)

    whole = [slow_bucket(gram, bits=20, seed=0) for gram in ("\x02a", "ab", "cd", "d\x03")]
    assert bag == whole


def test_texts_with_different_seeds_share_no_hashes() -> None:
    one, other = bags(["bank", "bank"], [0, 7], [3], 21)

    assert not set(one) & set(other)


def test_buckets_are_evenly_filled() -> None:
    texts = [f"shop-{number}.example" for number in range(2000)]

    (ids,) = bags(["".join(texts)], [0], [4, 5, 6], 8)
    grams = {
        wrapped[at : at + size]
        for wrapped in (ngrams.START + text + ngrams.END for text in texts)
        for size in (4, 5, 6)
        for at in range(len(wrapped) - size + 1)
    }
    distinct = [slow_bucket(gram, bits=8, seed=0) for gram in sorted(grams)]

    assert set(ids) == set(range(1, 256))
    # Bucket 1 has those of bucket 0 as well.
    assert np.bincount(distinct)[2:].max() < 2 * len(distinct) / 256
