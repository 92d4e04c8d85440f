"""Disguises that keep what a text says to its reader, to measure what they cost.

Links and numbers stay as they are, as a fraud needs them. Written apart from what undoes them
(`classifiers.text.disguise`), and more mixed than it expects.
"""

import re
from collections.abc import Callable
from random import Random

from classifiers.training.text import evasions

Disguise = Callable[[str, Random], str]

EMOJI = ("😀", "🎁", "🔥", "💰", "✅", "⭐", "🎉", "👉", "💳", "🏦", "📱", "❤️", "🚀", "☎️", "⚠️",
         "👇🏽", "🇨🇳")  # fmt: skip
_KEPT = re.compile(r"(?:https?://|www\.)\S+|\S+\.[a-z]{2,}\S*|\d\S*", re.IGNORECASE)
_BETWEEN_LETTERS = re.compile(r"(?<=[^\W\d_])(?=[^\W\d_])")
_WORD = re.compile("[A-Za-z]+")
_MARKS = {"a": "4@", "b": "8", "e": "3", "i": "1!", "l": "1", "o": "0", "s": "5$", "t": "7"}
_LOOK_ALIKES = {"m": "rn", "w": "vv", "d": "cl"}
_SOME = 0.3
_MANY = 0.5
_SHORTEST = 4


def between_words(text: str, chance: Random) -> str:
    """Put an emoji in the place of each space."""
    return _around_links(text, lambda part: re.sub(" ", lambda _: chance.choice(EMOJI), part))


def between_some_letters(text: str, chance: Random) -> str:
    """Put an emoji between three in ten pairs of letters."""
    return _between_letters(text, lambda: chance.choice(EMOJI) if chance.random() < _SOME else "")


def between_all_letters(text: str, chance: Random) -> str:
    """Put an emoji between all letters of words."""
    return _between_letters(text, lambda: chance.choice(EMOJI))


def spaced_out(text: str, _chance: Random) -> str:
    """Put a space between letters, and three between words."""
    return _between_letters(text, lambda: " ", space="   ")


def spaced_out_without_words(text: str, _chance: Random) -> str:
    """Put a space between letters, and no more between words."""
    return _between_letters(text, lambda: " ")


def some_words_dotted(text: str, chance: Random) -> str:
    """Put a mark between the letters of some words."""

    def word(match: re.Match[str]) -> str:
        chosen = len(match[0]) >= _SHORTEST and chance.random() < _SOME
        return chance.choice(".-_*").join(match[0]) if chosen else match[0]

    return _around_links(text, lambda part: _WORD.sub(word, part))


def one_digit_a_word(text: str, chance: Random) -> str:
    """Write one letter of each word as a digit or mark."""

    def word(match: re.Match[str]) -> str:
        letters = match[0]
        places = [place for place, letter in enumerate(letters) if letter.lower() in _MARKS]
        if len(letters) < _SHORTEST or not places:
            return letters
        place = chance.choice(places)
        return letters[:place] + _mark(letters[place], chance) + letters[place + 1 :]

    return _around_links(text, lambda part: _WORD.sub(word, part))


def many_digits(text: str, chance: Random) -> str:
    """Write half of the letters that have one as a digit or mark."""
    return _around_links(
        text,
        lambda part: "".join(
            _mark(letter, chance)
            if letter.lower() in _MARKS and chance.random() < _MANY
            else letter
            for letter in part
        ),
    )


def look_alike_pairs(text: str, chance: Random) -> str:
    """Write half of the letters m, w and d as two others."""
    return _around_links(
        text,
        lambda part: "".join(
            _LOOK_ALIKES[letter] if letter in _LOOK_ALIKES and chance.random() < _MANY else letter
            for letter in part
        ),
    )


CHINESE: dict[str, Disguise] = {
    "emoji between some letters": between_some_letters,
    "between all": between_all_letters,
    "marks between some": evasions.separated,
    "halves of characters": evasions.taken_apart,
    "words by sound": evasions.spelt,
}
ENGLISH: dict[str, Disguise] = {
    "emoji between words": between_words,
    "some letters": between_some_letters,
    "all": between_all_letters,
    "spaced out": spaced_out,
    "without words": spaced_out_without_words,
    "some words dotted": some_words_dotted,
    "a digit a word": one_digit_a_word,
    "many digits": many_digits,
    "rn for m": look_alike_pairs,
}


def _between_letters(text: str, mark: Callable[[], str], space: str = " ") -> str:
    return _around_links(
        text,
        lambda part: _BETWEEN_LETTERS.sub(lambda _: mark(), part.replace(" ", space)),
    )


def _mark(letter: str, chance: Random) -> str:
    return chance.choice(_MARKS[letter.lower()])


def _around_links(text: str, rewritten: Callable[[str], str]) -> str:
    pieces: list[str] = []
    done = 0
    for match in _KEPT.finditer(text):
        pieces += rewritten(text[done : match.start()]), match[0]
        done = match.end()
    return "".join([*pieces, rewritten(text[done:])])
