"""Reads English words that were taken apart, or spelt with digits and marks for letters.

What spells no word of `english_words.txt` stays as it is, so names, abbreviations and other
languages are left alone.
"""

import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from itertools import compress, islice, product

_COMMON, _KNOWN, _UNKNOWN = 4.0, 5.5, 9.0
"""Costs of a word: of all ways to read letters as words, the cheapest is taken."""
_UNKNOWN_LETTER = 1.5
_UNKNOWN_JOINED = 6.0
"""Cost of each join inside an unknown word, where pieces look like words themselves."""
_WORD_LIKE = 3.3
"""Mean letters of a piece from which pieces look like words."""
_WIDE_GAP = 6.0
"""Cost of each join across a wider gap than there is between the others."""
_AMOUNT = re.compile(r"[$£€]?[0-9]+[kmx]?")
_NAME_LETTERS = 3
_LONG = 7
"""Letters from which chance spells no word: fewer than half of them may be left (d311v3r)."""
_BELIEVED = 0.6
"""Of the words that gaps part, so many are known where the gaps are those of the text."""
_READINGS = 32
"""Most ways to read one respelt word."""

_LETTERS_FOR = {
    "0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g",
    "@": "a", "$": "s", "!": "il", "|": "li", "+": "t", "€": "e", "£": "l",
}  # fmt: skip
SUBSTITUTES = "".join(_LETTERS_FOR)
"""Digits and marks that are written for letters."""
_LETTER_FOR_PAIR = {"rn": "m", "vv": "w", "cl": "d"}
PAIRS = tuple(_LETTER_FOR_PAIR)
"""Letters that together look like one."""


def _read_words() -> dict[str, float]:
    lines = (files(__package__) / "english_words.txt").read_text(encoding="utf-8").split("\n")
    blocks = "\n".join(line for line in lines if not line.startswith("#")).strip()
    common, known = blocks.split("\n\n")
    return {**dict.fromkeys(known.split(), _KNOWN), **dict.fromkeys(common.split(), _COMMON)}


WORDS = _read_words()
"""The cost of each word. Read when the service starts, so that no text has to wait for it."""
_BEGINNINGS = frozenset(word[:end] for word in WORDS for end in range(1, len(word) + 1))


def joined(pieces: Sequence[str], gaps: Sequence[int]) -> list[str]:
    """Return *pieces* of letters joined to the likeliest words; no word ends within a piece.

    *gaps* holds the width of the gap after each piece but the last. O(letters).
    """
    narrowest = min(gaps, default=0)
    joins = [0.0, *(_WIDE_GAP * (gap > narrowest) for gap in gaps)]
    word_like = sum(map(len, pieces)) >= _WORD_LIKE * len(pieces)
    # Best way to read the pieces before each place: its cost, and where its last word begins.
    costs, begins = [0.0] + [float("inf")] * len(pieces), [0] * (len(pieces) + 1)
    unknown, unknown_begins = float("inf"), 0
    for place, piece in enumerate(pieces):
        longer = unknown + joins[place] + _UNKNOWN_JOINED * word_like
        if costs[place] + _UNKNOWN <= longer:
            longer, unknown_begins = costs[place] + _UNKNOWN, place
        unknown = longer + _UNKNOWN_LETTER * len(piece)
        if unknown < costs[place + 1]:
            costs[place + 1], begins[place + 1] = unknown, unknown_begins
        for end, cost in _words_from(pieces, joins, place):
            if costs[place] + cost < costs[end]:
                costs[end], begins[end] = costs[place] + cost, place
    return _words_back(pieces, begins)


def separated(pieces: Sequence[str], gaps: Sequence[int]) -> list[str]:
    """Return *pieces* joined to words, as `joined` does, or as the wider *gaps* part them.

    The gaps are believed where most of the words between them are known.
    """
    narrowest = min(gaps, default=0)
    words = [pieces[0]]
    for gap, piece in zip(gaps, pieces[1:], strict=True):
        if gap > narrowest:
            words.append(piece)
        else:
            words[-1] += piece
    known = sum(word.lower() in WORDS for word in words)
    return words if known >= _BELIEVED * len(words) else joined(pieces, gaps)


def _words_from(
    pieces: Sequence[str], joins: Sequence[float], begin: int
) -> Iterator[tuple[int, float]]:
    """Yield the end and the cost of each known word that begins with a piece."""
    word, extra = "", 0.0
    for place in range(begin, len(pieces)):
        word += pieces[place].lower()
        if word not in _BEGINNINGS:
            return
        extra += joins[place] if place > begin else 0.0
        if (cost := WORDS.get(word)) is not None:
            yield place + 1, cost + extra


def _words_back(pieces: Sequence[str], begins: Sequence[int]) -> list[str]:
    words: list[str] = []
    end = len(pieces)
    while end:
        words.append("".join(pieces[begins[end] : end]))
        end = begins[end]
    return words[::-1]


def respelt(token: str) -> str | None:
    """Return the word that *token* spells with digits and marks for some of its letters.

    None where these only follow a word (``top5``), are more than the letters of a short one, or
    spell no word.
    """
    lower = token.lower()
    letters = sum(map(str.isalpha, lower))
    is_too_few = 2 * letters < len(lower) < _LONG
    if letters in {0, len(lower)} or is_too_few or lower.rstrip(SUBSTITUTES) in WORDS:
        return None
    return next((word for word in _readings(lower) if word in WORDS), None)


def respelt_heavily(token: str) -> str | None:
    """Return what *token* spells in a text that is known to be respelt, most of its letters too.

    A word whose plural is not in the list counts, and so do marks without a letter (``!7``), but no
    number. Where no word fits, at least half of the letters must be left: each mark is then read as
    the letter that it resembles most.
    """
    lower = token.lower()
    letters = sum(map(str.isalpha, lower))
    if letters == len(lower) or _AMOUNT.fullmatch(lower):
        return None
    for word in _readings(lower):
        if word in WORDS or (word.endswith("s") and word[:-1] in WORDS):
            return word
    is_name = letters >= _NAME_LETTERS and 2 * letters >= len(lower)
    return next(_readings(lower)) if is_name else None


def _readings(lower: str) -> Iterator[str]:
    choices = product(*(_LETTERS_FOR.get(character, character) for character in lower))
    return map("".join, islice(choices, _READINGS))


def paired(word: str) -> str | None:
    """Return the word that *word* spells with pairs of letters that look like one (rn for m).

    None where it is a word as it stands, or spells none.
    """
    lower = word.lower()
    if lower in WORDS:
        return None
    pairs = [pair for pair in _LETTER_FOR_PAIR if pair in lower]
    for chosen in product((True, False), repeat=len(pairs)):
        reading = lower
        for pair in compress(pairs, chosen):
            reading = reading.replace(pair, _LETTER_FOR_PAIR[pair])
        if reading in WORDS:
            return reading
    return None
