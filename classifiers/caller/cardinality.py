"""Cardinality estimation: with how many distinct numbers a caller had calls or texts.

Linear counting (Whang et al., 1990): the hash of the other number sets one bit, in one of four
words for calls and in one word for texts; unset bits estimate the number of distinct ones.
Calls: exact to a few per cent for up to 100 numbers, off by some 15 per cent at 500, full
at about 1,200. Texts: off by some 10 per cent at 60 numbers, full at about 300. The four
words, and the quarters of the one, are cleared in turns, see `classifiers.caller.rolling_window`.
"""

import numpy as np

from classifiers.caller import rolling_window
from fanzha.tables import Bools, Float32s, Int64s, Uint64s

WORDS = rolling_window.GROUPS
_BITS = 64
_QUARTER = _BITS // rolling_window.GROUPS


def bit_positions(hashes: Uint64s) -> tuple[Int64s, Uint64s]:
    """Return the word and the bit of each hashed number that a caller talks to."""
    # Of the good upper half those bits that do not choose slots, see `classifiers.caller.activity`.
    words = (hashes >> np.uint64(38)) & np.uint64(WORDS - 1)
    return words.view(np.int64), text_bits(hashes)


def text_bits(hashes: Uint64s) -> Uint64s:
    """Return the bit of each hashed number that a caller exchanges texts with."""
    return np.uint64(1) << ((hashes >> np.uint64(32)) & np.uint64(_BITS - 1))


def expire(words: Uint64s, over: Bools) -> Uint64s:
    """Return *words* of calls, one row for each number, without the groups *over*."""
    return np.where(over, np.uint64(0), words)


def expire_texts(words: Uint64s, over: Bools) -> Uint64s:
    """Return *words* of texts, one for each number, without the groups *over*."""
    return words & rolling_window.retained_bits(over, _KEPT_QUARTERS)


def estimate(words: Uint64s) -> tuple[Float32s, Float32s]:
    """Return the estimated distinct numbers per column of *words*, in calls and in texts.

    A column has the words of calls and, last, that of texts.
    """
    found = _ESTIMATES.take(np.bitwise_count(words))
    return np.add.reduce(found[:WORDS], axis=0), found[WORDS]


# By the number of set bits; a full word counts as half a bit unset.
_UNSET = np.maximum(_BITS - np.arange(_BITS + 1), 0.5)
_ESTIMATES = (_BITS * np.log(_BITS / _UNSET)).astype(np.float32)
_KEPT_QUARTERS = rolling_window.retention_masks(
    tuple((2**_QUARTER - 1) << (_QUARTER * group) for group in range(rolling_window.GROUPS))
)
