"""Removes spaces that separate no words from folded texts, a batch at a time.

Only words of narrow characters need spaces. Cost is per run of spaces, of which there are few.
"""

import numpy as np

from fanzha.character_table import BREAK, NARROW, SIZE, SPACE, WIDE, classes
from fanzha.tables import Int64s, Uint8s, Uint32s

_MARGIN = 2
"""Characters inspected on either side of a space."""
_BEFORE_ALL = -2
"""Not next to any place."""


def collapse(codes: Uint32s) -> Uint32s:
    """Collapse runs of spaces between narrow characters to one; remove all others."""
    kinds = _kinds(codes)
    is_kept = kinds[_MARGIN:-_MARGIN] != SPACE
    spaces = np.flatnonzero(~is_kept)
    if not len(spaces):
        return codes
    is_first = np.diff(spaces, prepend=_BEFORE_ALL) != 1
    firsts, lasts = spaces[is_first], spaces[np.append(is_first[1:], True)]
    is_between = (_kind(kinds, firsts, -1) == NARROW) & (_kind(kinds, lasts, 1) == NARROW)
    firsts, lasts = firsts[is_between], lasts[is_between]
    spelled = (_kind(kinds, firsts, -2) != NARROW) & (_kind(kinds, lasts, 2) != NARROW)
    if np.count_nonzero(spelled):
        # "f r e e": words of one letter each belong together. Runs of x are masked digits.
        spelled &= (codes[firsts - 1] != ord("x")) & (codes[lasts + 1] != ord("x"))
        firsts = firsts[~spelled]
    codes = codes.copy()
    codes[firsts] = ord(" ")
    is_kept[firsts] = True
    squeezed: Uint32s = codes[is_kept]
    return squeezed


def _kinds(codes: Uint32s) -> Uint8s:
    """Return the kind of each character, with `_MARGIN` breaks on either side."""
    kinds = np.full(len(codes) + 2 * _MARGIN, BREAK, np.uint8)
    of_codes = kinds[_MARGIN:-_MARGIN]
    classes().take(codes, mode="clip", out=of_codes)
    if codes.max(initial=0) >= SIZE:
        of_codes[codes >= SIZE] = WIDE
    return kinds


def _kind(kinds: Uint8s, places: Int64s, distance: int) -> Uint8s:
    return kinds.take(places + (_MARGIN + distance))
