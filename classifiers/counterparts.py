"""Estimates with how many different numbers someone has talked, from 256 bits each.

The other number's hash picks one bit of one of four words, and each word is counted by
how many of its bits are still unset (linear counting): exact to a few per cent for up
to 100 numbers, off by some 15 per cent at 500, full at about 1,200. Every five days
the next word starts over, so that the four together look back 7 to 13 days.
"""

import numpy as np

from fanzha.tables import Float32s, Int64s, Uint64s

WORDS = 4
PERIOD_DAYS = 5
_BITS = 64
_UNSET = np.maximum(_BITS - np.arange(_BITS + 1), 0.5)
_ESTIMATES = (_BITS * np.log(_BITS / _UNSET)).astype(np.float32)
"""By how many bits of a word are set; half a bit is left unset in a full one."""


def places(hashes: Uint64s) -> tuple[Int64s, Uint64s]:
    """Return for each number, given its hash, its word and its bit in there."""
    # Of the good upper half those bits that do not choose slots, see `classifiers.activity`.
    words = (hashes >> np.uint64(38)) & np.uint64(WORDS - 1)
    return words.view(np.int64), np.uint64(1) << ((hashes >> np.uint64(32)) & np.uint64(_BITS - 1))


def forget(words: Uint64s, days_before: Int64s, days_now: Int64s) -> Uint64s:
    """Return *words*, one row for each number, without those whose time came in between."""
    periods = days_before // PERIOD_DAYS
    passed = days_now // PERIOD_DAYS - periods
    if not passed.any():
        return words
    nth = (np.arange(WORDS) - periods[:, None] - 1) % WORDS
    return np.where(nth < passed[:, None], np.uint64(0), words)


def estimate(words: Uint64s) -> Float32s:
    """Return how many different numbers each row of *words* has seen."""
    return _ESTIMATES.take(np.bitwise_count(words)) @ np.ones(WORDS, np.float32)
