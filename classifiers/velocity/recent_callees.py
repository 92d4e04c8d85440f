"""The last callees of each caller: the low 16 bits of `HISTORY` numbers in two words.

The latest callee is in the lowest bits; 0 is empty. That recognises a repeated number (with a
false match in 8,000) and a neighbour of one. Tables of
callees have a row for each place in the history, for rows as short as eight are slow.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from fanzha.tables import Bools, Int64s

HISTORY = 8
"""Callees that are remembered."""
NEAR = 9
"""Numbers so far apart, and no further, are neighbours."""

Uint16s: TypeAlias = npt.NDArray[np.uint16]

_BACK = np.arange(1, HISTORY + 1)[:, None]
_FAR = np.uint16(2**15)
_CALLEE_BITS, _OLDEST_OF_WORD = np.uint64(16), np.uint64(48)


def truncate(callees: Int64s) -> Uint16s:
    """Return the 16 bits that are stored of each callee."""
    return np.maximum(callees.astype(np.uint16), np.uint16(1))


def push(words: Int64s, callees: Uint16s) -> Uint16s:
    """Push one callee into each history in *words*; return the histories before."""
    bits = words.view(np.uint64)
    before = _read(words)
    recent, earlier = bits[:, 0], bits[:, 1]
    earlier <<= _CALLEE_BITS
    earlier |= recent >> _OLDEST_OF_WORD
    recent <<= _CALLEE_BITS
    recent |= callees
    return before


def push_several(words: Int64s, callees: Uint16s, first: Int64s, groups: Int64s) -> Uint16s:
    """Push callees into the histories in *words*; return the history before each of them.

    Callees stand history by history: the nth is for that of ``groups[n]``, and those of a history
    begin at *first*.
    """
    # One array: the history of a caller, then its callees of this batch.
    tape = np.empty(len(callees) + HISTORY * len(first), np.uint16)
    places = np.arange(len(callees)) + (groups + 1) * HISTORY
    tape[places] = callees
    tape[places[first] - _BACK] = _read(words)
    last = np.append(first[1:], len(callees)) - 1
    latest = tape.take(places[last] + 1 - _BACK)
    words[:] = np.ascontiguousarray(latest.T).view(np.int64)
    return tape.take(places - _BACK)


def match(before: Uint16s, callees: Uint16s) -> tuple[Bools, Bools]:
    """Return masks of *callees*: those in the history *before*, and neighbours of one in it."""
    # Unsigned: 2**15 apart, the difference has no absolute value as a signed number.
    apart = np.abs((before - callees).view(np.int16)).view(np.uint16)
    np.putmask(apart, before == 0, _FAR)
    nearest = np.minimum.reduce(apart, axis=0)
    known: Bools = nearest == 0
    near: Bools = nearest <= NEAR
    near ^= known
    return known, near


def _read(words: Int64s) -> Uint16s:
    # Copied: a table of one row would else change with the words.
    return words.view(np.uint16).T.copy()
