"""Words of commands for channels and kinds of models.

Commands print call, text and link, and velocity. They read other words for these, too: sms and url
as carriers' staff say them, caller and moment as folders of bundles are called.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

import typer

from fanzha.translation.catalogue import gettext, pgettext

ALIASES = {"sms": "text", "url": "link", "caller": "call", "moment": "velocity"}
"""What each other word stands for."""
Word = TypeVar("Word", bound=StrEnum)


class ChannelWord(StrEnum):
    """A channel."""

    CALL = "call"
    TEXT = "text"
    LINK = "link"


class ModelWord(StrEnum):
    """A kind of model, in the order of the wire."""

    CALL = "call"
    TEXT = "text"
    LINK = "link"
    VELOCITY = "velocity"


def model_word(number: int) -> str:
    """Return the word of a kind of model; the number itself where only a newer server knows it."""
    words = dict(enumerate(ModelWord, 1))
    return words[number].value if number in words else str(number)


def shown_model(word: str) -> str:
    """Return the name of a kind of model, with the word for it that people type where it differs.

    Words are what `model_word` returns.
    """
    name = pgettext("model_kind", word)
    return word if name == word else gettext("{name} ({word})", name=name, word=word)


class ContentModelWord(StrEnum):
    """A kind of model that learns from what was sent."""

    ANY = "any"
    TEXT = "text"
    LINK = "link"


def canonical(word: str) -> str:
    """Return what is printed for *word*: itself, unless it is another word for something."""
    lower = word.strip().lower()
    return ALIASES.get(lower, lower)


def others(word: str) -> list[str]:
    """Return the other words for *word*."""
    return [other for other, main in ALIASES.items() if main == word]


def reader(words: type[Word]) -> Callable[[str], Word]:
    """Return a parser for arguments and options that take one of *words*."""

    def read(word: str) -> Word:
        if isinstance(word, words):
            return word  # typer parses defaults, too
        found = canonical(word)
        if found not in set(words):
            known = ", ".join(repr(str(one)) for one in words)
            raise typer.BadParameter(
                gettext("{word!r} is none of {known}", word=word[:50], known=known)
            )
        return words(found)

    return read
