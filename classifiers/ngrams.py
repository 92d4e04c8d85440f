"""Hashed character n-grams of a whole batch of texts at once.

All texts are laid end to end in one array of code points, so the work is a few numpy
passes over the batch, whatever its number of rows: about 20 ns a character for four sizes.
Collisions are part of the deal; the models are trained with them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fanzha.tables import Bools, Int64s, Uint32s

START = "\x02"
END = "\x03"
"""Wrapped around each text, so that a model can tell a beginning from a middle."""

_MULTIPLIER = np.uint32(0x0100_0193)
_FOLD = np.uint32(0x2C1B_3C6D)
_FOLD_SHIFT = np.uint32(15)


class Layout(NamedTuple):
    """Texts laid end to end."""

    points: Uint32s
    """Code points of all texts, each wrapped in `START` and `END`."""
    lengths: Int64s
    """Points of each text, the wrapping included."""


class Bags(NamedTuple):
    """One bag of bucket ids per text."""

    ids: Uint32s
    """All ids, text after text; within a text by position, then by size."""
    offsets: Int64s
    """Text i has ``ids[offsets[i]:offsets[i + 1]]``."""


def hashed(
    texts: Sequence[str], *, sizes: tuple[int, int], bits: int, seed: int = 0, longest: int = 512
) -> Bags:
    """Hash the n-grams of *sizes* (first and last) into 2**bits buckets.

    Only the first *longest* characters of a text count, so work is bounded. Texts hashed
    with different seeds share buckets, but not hashes.
    """
    return hashed_layout(lay_out(texts, longest), sizes=sizes, bits=bits, seed=seed)


def lay_out(texts: Sequence[str], longest: int) -> Layout:
    """Lay the first *longest* characters of each text end to end."""
    texts = [text[:longest] for text in texts]
    joined = START + (END + START).join(texts) + END if texts else ""
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    return Layout(points, np.fromiter(map(len, texts), np.int64, len(texts)) + 2)


def hashed_layout(layout: Layout, *, sizes: tuple[int, int], bits: int, seed: int = 0) -> Bags:
    """Hash texts that are laid out already; see `hashed`."""
    first, last = sizes
    points = np.concatenate([layout.points, np.zeros(last, np.uint32)])
    hashes = np.empty((len(layout.points), last - first + 1), np.uint32)
    state = np.full(len(hashes), seed + 1, np.uint32)
    for size in range(1, last + 1):
        state *= _MULTIPLIER
        state ^= points[size - 1 : size - 1 + len(hashes)]
        if size >= first:
            hashes[:, size - first] = _bucket(state, size, bits)
    return Bags(hashes[_within(layout.lengths, first, last)], _offsets(layout.lengths, first, last))


def _bucket(state: Uint32s, size: int, bits: int) -> Uint32s:
    # Fold high bits down before multiplying; the best bits of a product are its top ones.
    mixed = (state ^ (state >> _FOLD_SHIFT) ^ np.uint32(size)) * _FOLD
    mixed ^= mixed >> _FOLD_SHIFT
    return (mixed * _MULTIPLIER) >> np.uint32(32 - bits)


def _within(lengths: Int64s, first: int, last: int) -> Bools:
    # An n-gram counts where it ends before its text does.
    left = np.repeat(np.cumsum(lengths), lengths) - np.arange(lengths.sum())
    return left[:, np.newaxis] >= np.arange(first, last + 1)


def _offsets(lengths: Int64s, first: int, last: int) -> Int64s:
    counts = np.maximum(lengths[:, np.newaxis] - np.arange(first - 1, last), 0).sum(axis=1)
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
