"""Guesses the kind of a fraud from words, for texts that the model already takes for fraud.

A small lexicon, `fraud_type_words.toml`, that anyone can read and correct; it never decides whether
something is fraud. The kind with the most different words in the text wins, the earlier one of
equals; no word, no kind.
"""

import re
from importlib.resources import files
from importlib.resources.abc import Traversable

from fanzha.fraud import FraudType
from fanzha.toml_files import read_table, read_words


def read(file: Traversable) -> dict[FraudType, tuple[str, ...]]:
    """Read a lexicon; `ValueError` for a kind that is missing or unknown, or has no words."""
    table = read_table(file)
    kinds = {kind.name for kind in FraudType if kind}
    if wrong := kinds ^ set(table):
        raise ValueError(f"{file.name}: missing or no kind of fraud: {', '.join(sorted(wrong))}")
    return {
        FraudType[kind]: read_words(words, f"{file.name}: {kind}") for kind, words in table.items()
    }


WORDS = read(files(__package__) / "fraud_type_words.toml")
"""Read when the service starts, so that no text has to wait for it."""


def likely_type(normal: str) -> FraudType:
    """Return the kind of fraud whose words a normalised text has most of."""
    found = counts(normal)
    # Of equals the first in `WORDS`.
    kind = max(WORDS, key=lambda kind: found[kind])
    return kind if found[kind] else FraudType.UNSPECIFIED


def counts(normal: str) -> list[int]:
    """Return how many words of each kind a normalised text has, by the number of the kind."""
    found = [0] * len(FraudType)
    # Most words begin with a character that the text does not have: these cost nothing.
    for first in _BY_FIRST.keys() & set(normal):
        for kind, word, alone in _BY_FIRST[first]:
            # Substring search first: it is fast, and most words are absent.
            if word in normal and (alone is None or alone.search(normal)):
                found[kind] += 1
    return found


def _by_first_character() -> dict[str, list[tuple[FraudType, str, re.Pattern[str] | None]]]:
    words: dict[str, list[tuple[FraudType, str, re.Pattern[str] | None]]] = {}
    for kind, listed in WORDS.items():
        for word in listed:
            alone = re.compile(rf"(?<![a-z]){word}(?![a-z])") if word.isascii() else None
            words.setdefault(word[0], []).append((kind, word, alone))
    return words


_BY_FIRST = _by_first_character()
