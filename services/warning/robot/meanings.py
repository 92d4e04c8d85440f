"""Understands answers in Chinese and English, by the words of a file.

Words are looked for in the normal form of texts, clause by clause, so that full-width letters,
traditional characters and spaces between characters change nothing, and "I did not pay at first,
then I sent 2000" is read as paid. How often that is right, `measurement` says.

==========  ====================================================================================
in a word   stands for
==========  ====================================================================================
``…``       up to six characters of Chinese, or up to three words of English
``#``       an amount of money, or a number
``=`` first the word is the whole answer
==========  ====================================================================================

An answer of one word that says yes or no is neither with a question mark: "嗯？" asks.
English words match whole. Of the meanings in one clause the first of `_IN_A_CLAUSE` counts, of all
clauses the first of `_ORDER`.
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
    Meaning.YES,
    Meaning.WHO,
    Meaning.NO,
)
_ASSENTS = frozenset({Meaning.YES, Meaning.NO})
_NOT_PAID, _PERHAPS_PAID, _ABOUT_TO_PAY = "not_paid", "perhaps_paid", "about_to_pay"
_IN_A_CLAUSE = (
    ("paid", Meaning.PAID),
    ("stop", Meaning.STOP),
    (_ABOUT_TO_PAY, Meaning.YES),
    ("who", Meaning.WHO),
    ("officer", Meaning.OFFICER),
    ("no", Meaning.NO),
)
_WORDS = {word for word, _ in _IN_A_CLAUSE} | {_NOT_PAID, _PERHAPS_PAID, "yes"}
_LATIN = re.compile(r"[a-z=]*[a-z']")
_BLANKS = re.compile(r"\s+")
_CLAUSES = re.compile(r"[,.](?!\d)|[,.](?<!\d.)|[,。;!?、:\n~…]+")
_AMOUNT = r"[0-9零一两几十百千万]{1,9}"
_ANSWER = re.compile(r"[\w#]+(?:[ '][\w#]+)*")


class AnswerReader:
    """Reads answers by the words of a file."""

    def __init__(self, table: Mapping[str, Any], name: str) -> None:
        """*table* has words by meaning; `ValueError` for a wrong one."""
        if set(table) != _WORDS:
            raise InvalidConfiguration(
                "{name}: has {words}", name=name, words=", ".join(sorted(_WORDS))
            )
        self._patterns: dict[str, re.Pattern[str]] = {}
        self._whole: dict[str, Meaning] = {}
        meanings = dict(_IN_A_CLAUSE) | {"yes": Meaning.YES}
        for word in sorted(_WORDS):
            listed = toml_files.read_words(table[word], f"{name}: {word}")
            self._patterns[word] = _pattern([one for one in listed if not one.startswith("=")])
            whole = [one.removeprefix("=") for one in listed if one.startswith("=")]
            self._whole |= dict.fromkeys(whole, meanings.get(word, Meaning.NO))

    def read(self, answer: str) -> Meaning:
        """Return what an answer means."""
        text = _BLANKS.sub(" ", fold(answer).text.casefold().replace("’", "'")).strip()
        whole = self._whole.get(" ".join(_ANSWER.findall(text)))
        if whole and not (whole in _ASSENTS and text.endswith("?")):
            return whole
        found = {self._clause(clause) for clause in _CLAUSES.split(text)}
        for meaning in _ORDER:
            if meaning in found:
                return meaning
        # Words that say yes are short, and are parts of many others.
        return Meaning.YES if self._patterns["yes"].search(text) else Meaning.OTHER

    def _clause(self, clause: str) -> Meaning:
        not_paid = self._patterns[_NOT_PAID].search(clause)
        never = not_paid or self._patterns[_PERHAPS_PAID].search(clause)
        for word, meaning in _IN_A_CLAUSE:
            if meaning is Meaning.PAID and never:
                continue
            if meaning is Meaning.YES and not_paid:
                continue
            if meaning is Meaning.NO and not_paid:
                return Meaning.NO
            if self._patterns[word].search(clause):
                return meaning
        return Meaning.OTHER


@cache
def shipped() -> AnswerReader:
    """Return the reader with the words that come along."""
    source = files("services.warning.robot") / "meanings.toml"
    return AnswerReader(toml_files.read_table(source), source.name)


def _pattern(words: list[str]) -> re.Pattern[str]:
    parts = [_of_word(word.casefold()) for word in sorted(words, key=len, reverse=True)]
    return re.compile("|".join(parts) or "(?!)")


def _of_word(word: str) -> str:
    latin = bool(_LATIN.match(word))
    gap = r"\W+(?:[\w']+\W+){0,3}" if latin else r".{0,6}?"
    parts = (re.escape(part.strip()).replace(r"\#", _AMOUNT) for part in word.split("…"))
    pattern = gap.join(parts)
    return rf"(?<![\w']){pattern}(?![\w'])" if latin else pattern
