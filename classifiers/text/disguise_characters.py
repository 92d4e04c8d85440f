"""What characters are to disguises: letters of words, decorations, marks written for letters."""

import unicodedata
from functools import cache

import numpy as np

from classifiers.text.chinese_words import HALVES
from classifiers.text.english_words import PAIRS, SUBSTITUTES
from fanzha.character_table import DELETED, NARROW, SIZE, classes, folds
from fanzha.tables import Bools, Uint8s, Uint32s

OTHER, LETTER, FIRST, SECOND, FIRST_OR_SECOND, FANCY = range(6)
"""Kinds of characters: what is no letter of words, then letters. `FIRST` and `SECOND` are letters
of pairs that look like one; those that only fold to ASCII are `FANCY`."""
SUBSTITUTE, ENDING, DECORATION, LEFT, RIGHT, LEFT_OR_RIGHT, CHINESE = range(6, 13)
"""A `SUBSTITUTE` is written for a letter, as is an `ENDING`, which also ends words. Decorations
include invisible characters; from `LEFT` on are halves of Chinese characters and all others."""
BESIDE, PAIR, HALVES_OF_ONE, BEGIN, END, DECORATED, IS_FANCY, IS_CHINESE = (
    np.uint8(1 << bit) for bit in range(8)
)
"""Bits of two neighbours: a substitute beside a letter, a look-alike pair, two halves; where a
word begins or ends between them; what the first of them is."""
ENDS = "!+|"
"""Substitutes that also end words."""
MARKER = "\uf8fe"
"""Stands for a decoration; a private character, which texts lose."""
FLAG_LETTER = "[\U0001f1e6-\U0001f1ff]"
"""Two of these are a flag; more of them are read as letters, as the normaliser does."""

_ASCII = 0x80
_WORDS_END = 0x0590
"""Up to here, and in `_FANCY`, are letters of words whose characters are disguised one by one."""
_FANCY = (0x1E00, 0x2000), (0x1D400, 0x1D800), (0xFF21, 0xFF5B)
"""Accented, mathematical and full-width letters."""
_EARNEST = frozenset("°©®¦№℃℉")
"""Signs that are no decoration."""
_JOINERS = "\u200d\u20e3\ufe0e\ufe0f"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)


@cache
def kinds() -> Uint8s:
    """Return the kind of each code point below `SIZE`, uint8."""
    table = np.full(SIZE, OTHER, np.uint8)
    is_letter = _letters()
    table[is_letter] = FANCY
    table[:_ASCII][is_letter[:_ASCII]] = LETTER
    table[0x4E00:0xA000] = CHINESE
    for characters, kind, others in (
        ([pair[0] for pair in PAIRS], FIRST, (SECOND, FIRST_OR_SECOND)),
        ([pair[1] for pair in PAIRS], SECOND, (FIRST, FIRST_OR_SECOND)),
        ([pair[0].upper() for pair in PAIRS], FIRST, (SECOND, FIRST_OR_SECOND)),
        ([pair[1].upper() for pair in PAIRS], SECOND, (FIRST, FIRST_OR_SECOND)),
        ([pair[0] for pair in HALVES], LEFT, (RIGHT, LEFT_OR_RIGHT)),
        ([pair[1] for pair in HALVES], RIGHT, (LEFT, LEFT_OR_RIGHT)),
    ):
        for character in characters:
            code = ord(character)
            table[code] = others[1] if table[code] in others else kind
    table[[ord(character) for character in SUBSTITUTES]] = SUBSTITUTE
    table[[ord(character) for character in ENDS]] = ENDING
    table[_invisible() | _decorations()] = DECORATION
    table[list(_FLAG_LETTERS)] = DECORATION
    table.setflags(write=False)
    return table


@cache
def pair_bits() -> Uint8s:
    """Return the bits of each two kinds, the first times 16."""
    first, second = np.divmod(np.arange(256), 16)
    letters, substitutes = range(LETTER, FANCY + 1), (SUBSTITUTE, ENDING)
    is_letter, follows = np.isin(first, letters), np.isin(second, letters)
    beside = np.isin(first, substitutes) & follows | is_letter & (second == SUBSTITUTE)
    # "unt|1": an ending that another substitute follows ends no word.
    beside |= (first == ENDING) & np.isin(second, substitutes)
    is_of_bit = {
        BESIDE: beside,
        PAIR: np.isin(first, (FIRST, FIRST_OR_SECOND)) & np.isin(second, (SECOND, FIRST_OR_SECOND)),
        HALVES_OF_ONE: np.isin(first, (LEFT, LEFT_OR_RIGHT))
        & np.isin(second, (RIGHT, LEFT_OR_RIGHT)),
        BEGIN: ~is_letter & follows,
        END: is_letter & ~follows,
        DECORATED: first == DECORATION,
        IS_FANCY: first == FANCY,
        IS_CHINESE: first >= LEFT,
    }
    table = np.zeros(256, np.uint8)
    for bit, chosen in is_of_bit.items():
        table[chosen] |= bit
    return table


def plain(text: str) -> str:
    """Return *text* with `MARKER` for each decoration, and without invisible characters.

    Look-alike letters and digits are ASCII in it; all else stays, flag letters too.
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    found = np.where(codes < SIZE, _plain_codes().take(codes, mode="clip"), codes)
    kept: Uint32s = found[found != DELETED]
    return kept.tobytes().decode("utf-32-le", "replace")


def kinds_of(codes: Uint32s) -> Uint8s:
    """Return the kind of each of *codes*."""
    found: Uint8s = kinds().take(codes, mode="clip")
    return found


def _letters() -> Bools:
    is_letter = np.zeros(SIZE, np.bool_)
    for code in np.flatnonzero(classes()[:_WORDS_END] == NARROW).tolist():
        is_letter[code] = chr(code).isalpha()
    for first, end in _FANCY:
        is_letter[first:end] = [chr(code).isalpha() for code in range(first, end)]
    return is_letter


@cache
def _decorations() -> Bools:
    """Return which code points are emoji, pictographs, ornaments or what joins them."""
    is_decoration = np.zeros(SIZE, np.bool_)
    itself = np.flatnonzero(folds() == np.arange(SIZE))
    for code in itself[itself >= _ASCII].tolist():
        character = chr(code)
        is_decoration[code] = unicodedata.category(character) == "So" and character not in _EARNEST
    is_decoration[[*map(ord, _JOINERS), *_SKIN_TONES]] = True
    return is_decoration


def _invisible() -> Bools:
    is_invisible: Bools = folds() == DELETED
    is_invisible[:_ASCII] = False
    return is_invisible


@cache
def _plain_codes() -> Uint32s:
    codes = np.arange(SIZE, dtype=np.uint32)
    folded = folds()
    is_alphanumeric = np.zeros(SIZE, np.bool_)
    is_alphanumeric[:_ASCII] = [chr(code).isalnum() for code in range(_ASCII)]
    # A fold beyond the table is clipped to its last character, which is none of these.
    changes = is_alphanumeric.take(folded, mode="clip") | _invisible()
    changes[:_ASCII] = False
    changes[list(_FLAG_LETTERS)] = False
    table = np.where(changes, folded, codes)
    table[_decorations()] = ord(MARKER)
    return table
