"""Understands answers in Chinese and English, by the words of a file.

Words are looked for in the normal form of texts (`fanzha.text`), so that full-width letters,
traditional characters and spaces between characters change nothing. English words match whole.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from fanzha import toml_files
from fanzha.errors import InvalidConfiguration
from services.warning.messages.folded_text import fold
from services.warning.robot.script import Meaning

_ORDER = (
    Meaning.PAID,
    Meaning.STOP,
    Meaning.OFFICER,
    Meaning.WHO,
    Meaning.NO,
    Meaning.YES,
)
_NOT_PAID = "not_paid"
_WORD = re.compile(r"[a-z]")
_BLANKS = re.compile(r"\s+")


class AnswerReader:
    """Reads answers by the words of a file."""

    def __init__(self, table: Mapping[str, Any], name: str) -> None:
        """*table* has words by meaning; `ValueError` for a wrong one."""
        words = {one.value for one in _ORDER} | {_NOT_PAID}
        if set(table) != words:
            raise InvalidConfiguration(
                "{name}: has {words}", name=name, words=", ".join(sorted(words))
            )
        self._patterns = {
            word: _pattern(toml_files.read_words(table[word], f"{name}: {word}")) for word in words
        }

    def read(self, answer: str) -> Meaning:
        """Return what an answer means."""
        text = _BLANKS.sub(" ", fold(answer).text.strip().casefold())
        if self._patterns[_NOT_PAID].search(text):
            # "I have not paid, help": who asks for somebody gets somebody.
            return Meaning.OFFICER if self._patterns[Meaning.OFFICER].search(text) else Meaning.NO
        for meaning in _ORDER:
            if self._patterns[meaning.value].search(text):
                return meaning
        return Meaning.OTHER


@cache
def shipped() -> AnswerReader:
    """Return the reader with the words that come along."""
    source = files("services.warning.robot") / "meanings.toml"
    return AnswerReader(toml_files.read_table(source), source.name)


def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    parts = [
        rf"\b{re.escape(word.casefold())}\b" if _WORD.match(word) else re.escape(word)
        for word in sorted(words, key=len, reverse=True)
    ]
    return re.compile("|".join(parts))
