"""Reads words that name one of several, such as a state; a wrong one is answered with all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, TypeVar

import typer

from fanzha.translation.catalogue import gettext
from services.cli._common.enum_words import words_of

Value = TypeVar("Value")


def enum_number(text: str, enum: Any, option: str) -> Any:
    """Return the value of a wire *enum* that *text* names; 0 for an empty text."""
    return one_of(text, words_of(enum), option) if text else 0


def one_of(text: str, known: Mapping[str, Value], option: str) -> Value:
    """Return what *text* names; raises `typer.BadParameter`. Translations are not proposed."""
    found = known.get(text.strip().lower().replace("-", "_"))
    if found is None:
        refuse(text, (name for name in known if name.isascii()), option)
    return found


def checked_word(word: str, known: Iterable[str], option: str) -> str:
    """Return *word*, which is one of *known* to the letter; raises `typer.BadParameter`."""
    if word not in known:
        refuse(word, known, option)
    return word


def refuse(text: str, known: Iterable[str], option: str) -> NoReturn:
    """Raise `typer.BadParameter`, which lists the words that are known."""
    raise typer.BadParameter(
        gettext("{word!r} is none of {known}", word=text, known=", ".join(known)),
        param_hint=option,
    )
