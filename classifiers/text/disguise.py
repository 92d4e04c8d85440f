"""Reads disguised texts as a person reads them, for the text model.

Undone are emoji and decorations between letters, words or Chinese characters, letters that are
spaced out, English words spelt with digits, marks or look-alike pairs for letters, and Chinese
written in halves of characters or by sound. A reading
is a second text to score besides the first, never instead of it: fingerprints and lists see texts
as they came, and what `fanzha.text` folds anyway is left to it.

`kernels/disguise.c` finds the places that may be disguised; only their texts are read.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from classifiers.text import disguise_hints
from classifiers.text.chinese_words import HALF_PAIR, in_characters, is_by_sound
from classifiers.text.disguise_characters import (
    DECORATION,
    ENDS,
    FLAG_LETTER,
    MARKER,
    kinds_of,
    plain,
)
from classifiers.text.disguise_hints import DisguiseHint
from classifiers.text.english_words import (
    SUBSTITUTES,
    WORDS,
    joined,
    paired,
    respelt,
    respelt_heavily,
    separated,
)

MAX_CHARACTERS = 2048
"""Characters of a text beyond this are not read; the model reads 512 of the normal form."""

_WIDE = r"[\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff]"
_LETTER = rf"[^\W\d_{_WIDE[1:]}"
"""A letter of a word that spaces separate."""
_LOOSE = "\uf8ff"
"""Stands for a decoration with spaces before or after it; `MARKER` for one without."""
_EITHER = f"[{MARKER}{_LOOSE}]"
_FLAG = re.compile(f"(?<!{FLAG_LETTER}){FLAG_LETTER}{{2}}(?!{FLAG_LETTER})")
_SPACES = np.array([0x09, 0x0A, 0x0D, 0x20, 0xA0, 0x3000], np.uint32)
_MARKERS = re.compile(rf"{MARKER}[{MARKER}\s]*+")
_SPACE_BEFORE = re.compile(rf"(?<!\s)\s++{_EITHER}")
_PIECES = re.compile(rf"(?<![^\W_])(?<!['’]){_LETTER}++(?:{_EITHER}{_LETTER}++)+(?![^\W_])")
_BESIDE_WIDE = re.compile(f"(?<={_WIDE}){_EITHER}|{_EITHER}(?={_WIDE})")
_BETWEEN_DIGITS = re.compile(rf"(?<=\d){MARKER}(?=\d)")

_SPACED_OUT = re.compile(
    rf"(?<!{_LETTER})(?<!{_LETTER}['’]){_LETTER}"
    rf"(?:[\s.\-_*·•,/|~]{{1,6}}+{_LETTER}(?!{_LETTER})){{3,}}+"
)
_SHORT_SPACED_OUT = re.compile(rf"(?<!\w){_LETTER}(?: {_LETTER}){{1,2}}(?!\w)")
_WIDE_SPACE = re.compile(" {2,}")
_LETTER_AND_GAP = re.compile(rf"({_LETTER})(\W*)")
_MASK = frozenset("xX")

_MARKS = re.escape(SUBSTITUTES)
_RESPELT = re.compile(
    rf"(?<![\w.{_MARKS}/:&=?-])[A-Za-z0-9{_MARKS}]{{2,20}}(?![\w{_MARKS}/:=?-]|\.\w)", re.ASCII
)
_RESPELT_HEAVILY = re.compile(_RESPELT.pattern.replace("{2,20}", "{1,20}"), re.ASCII)
_HEAVY = 3
"""So many words that are read as respelt make a text one in which most words may be."""
_SHORT = 2
"""Letters of a word that is read as respelt only beside longer ones: 4u and 2b are usual."""
_PAIRED = re.compile(
    r"(?<![\w.@/-])(?=[a-z]{3,20}(?![\w@/-]|\.\w))[a-z]*?(?:rn|vv|cl)[a-z]*",
    re.ASCII | re.IGNORECASE,
)
_LONGEST = 20
"""Characters of a respelt word, at most."""


class DisguisedTexts(NamedTuple):
    """The texts of a batch that can be read otherwise."""

    rows: list[int]
    readings: list[str]
    """How each of `rows` reads without its disguises; not normalised."""
    places: list[int]
    """How many disguises each of them has, at least 1."""


def disguised(texts: Sequence[str]) -> DisguisedTexts:
    """Return the disguised ones of *texts*, and how they read."""
    found = DisguisedTexts([], [], [])
    for row in _suspicious(texts):
        reading, places = undo(texts[row])
        if places:
            found.rows.append(row)
            found.readings.append(reading)
            found.places.append(places)
    return found


def undo(text: str) -> tuple[str, int]:
    """Return how *text* reads without its disguises, and how many there were.

    Without any, the text is returned as it is.
    """
    text, rest = text[:MAX_CHARACTERS], text[MAX_CHARACTERS:]
    begin, end = _without_edges(text)
    reading, places = plain(text[begin:end]), 0
    for step in (_undecorated, _closed_up, in_characters, _spelt_in_letters, _spelt_without_pairs):
        reading, count = step(reading)
        places += count
    whole = f"{text[:begin]}{reading if places else text[begin:end]}{text[end:]}{rest}"
    return whole, places


def _without_edges(text: str) -> tuple[int, int]:
    """Return where *text* begins and ends without the spaces and decorations around it."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    inner = np.flatnonzero((kinds_of(codes) != DECORATION) & ~np.isin(codes, _SPACES))
    return (int(inner[0]), int(inner[-1]) + 1) if len(inner) else (0, 0)


def _undecorated(text: str) -> tuple[str, int]:
    """Replace markers of decorations by what separates words, if they do."""
    text = _FLAG.sub(MARKER, text)
    text, count = _MARKERS.subn(
        lambda run: _LOOSE if any(map(str.isspace, run[0])) else MARKER, text
    )
    if not count:
        return text, 0
    text = _SPACE_BEFORE.sub(_LOOSE, text)
    text = _PIECES.sub(_words, text)
    text = _BETWEEN_DIGITS.sub("", _BESIDE_WIDE.sub("", text))
    return text.replace(MARKER, " ").replace(_LOOSE, " "), count


def _words(match: re.Match[str]) -> str:
    pieces = re.split(_EITHER, match[0])
    gaps = [character == _LOOSE for character in match[0] if character in {MARKER, _LOOSE}]
    return " ".join(joined(pieces, gaps))


def _closed_up(text: str) -> tuple[str, int]:
    """Join letters that are spaced out, whatever stands between them, to words."""
    places = 0

    def words(match: re.Match[str]) -> str:
        nonlocal places
        found = _LETTER_AND_GAP.findall(match[0])
        letters = [letter for letter, _ in found]
        if _MASK.issuperset(letters):  # digits that a publisher masked
            return match[0]
        places += 1
        return " ".join(separated(letters, [len(gap) for _, gap in found[:-1]]))

    text = _SPACED_OUT.sub(words, text)
    if places:
        # Between numbers, words are too short to be found alone; numbers are spaced, too.
        text = _WIDE_SPACE.sub(" ", _SHORT_SPACED_OUT.sub(_short_word, text))
    return text, places


def _short_word(match: re.Match[str]) -> str:
    word = re.sub(r"\W", "", match[0])
    return word if word.lower() in WORDS else match[0]


def _spelt_in_letters(text: str) -> tuple[str, int]:
    """Replace digits and marks that are written for letters."""
    places = 0

    def word(match: re.Match[str], shortest: int) -> str:
        nonlocal places
        token = match[0].rstrip(ENDS)
        found = respelt(token)
        if found is None or len(token) < shortest:
            return match[0]
        places += 1
        return found + match[0][len(token) :]

    text = _RESPELT.sub(lambda match: word(match, _SHORT + 1), text)
    if places:
        text = _RESPELT.sub(lambda match: word(match, _SHORT), text)
    if places >= _HEAVY:
        text = _RESPELT_HEAVILY.sub(_heavily, text)
    return text, places


def _heavily(match: re.Match[str]) -> str:
    token = match[0].rstrip(ENDS) or match[0]
    return (respelt_heavily(token) or token) + match[0][len(token) :]


def _spelt_without_pairs(text: str) -> tuple[str, int]:
    """Replace pairs of letters that look like one, where only then there is a word."""
    places = 0

    def word(match: re.Match[str]) -> str:
        nonlocal places
        found = paired(match[0])
        places += found is not None
        return found or match[0]

    return _PAIRED.sub(word, text), places


def _suspicious(texts: Sequence[str]) -> list[int]:
    """Return the rows that may be disguised."""
    rows, last = list[int](), -1
    for row, place, bit in disguise_hints.of_texts(texts, MAX_CHARACTERS):
        if row != last and _MATCHES[bit](texts[row], place):
            rows.append(row)
            last = row
    return rows


def _always(_text: str, _place: int) -> bool:
    return True


def _is_respelt(text: str, begin: int) -> bool:
    match = _RESPELT.match(text, begin)
    return match is not None and _spelt_in_letters(match[0])[1] > 0


def _is_paired(text: str, begin: int) -> bool:
    match = _PAIRED.match(text, begin)
    return match is not None and paired(match[0]) is not None


def _is_fancy(text: str, place: int) -> bool:
    """Tell whether a letter that folds to ASCII is part of a word that may be respelt."""
    around = plain(text[max(place - _LONGEST, 0) : place + _LONGEST])
    return _spelt_in_letters(around)[1] + _spelt_without_pairs(around)[1] > 0


_MATCHES: Mapping[int, Callable[[str, int], object]] = {
    DisguiseHint.DECORATED: _always,
    DisguiseHint.RESPELT: _is_respelt,
    DisguiseHint.PAIRED: _is_paired,
    DisguiseHint.HALVES: HALF_PAIR.match,
    DisguiseHint.FANCY: _is_fancy,
    DisguiseHint.SPACED_OUT: _SPACED_OUT.match,
    DisguiseHint.BY_SOUND: is_by_sound,
}
"""What tells whether a place is disguised."""
