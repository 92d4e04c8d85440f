"""Reads the fields of one table of a TOML file, and notes whatever is wrong with them."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from fanzha.translation.message import Message

Word = TypeVar("Word", bound=StrEnum)

_DURATION = re.compile(r"([1-9][0-9]{0,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LONGEST = 1000


class TableFields:
    """The fields of a table: each is taken once, what is left is unknown."""

    def __init__(self, fields: Mapping[str, Any], folder: Path) -> None:
        """Names of files are relative to *folder*."""
        self._left = dict(fields)
        self._folder = folder
        self.problems: list[Message] = []

    def text(self, name: str, default: str = "", *, required: bool = False) -> str:
        """Take a text of one line."""
        value = self._left.pop(name, None)
        if value is None and not required:
            return default
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            self.wrong(name, Message("a text is required"))
            return default
        if len(value) > _LONGEST:
            self.wrong(name, Message("too long"))
        return value.strip()

    def word(self, name: str, words: type[Word], default: Word | None = None) -> Word | None:
        """Take one of some words."""
        text = self.text(name, required=default is None)
        if not text:
            return default
        if text not in {one.value for one in words}:
            known = ", ".join(one.value for one in words)
            self.wrong(name, Message("one of {known}, not {text!r}", known=known, text=text[:50]))
            return default
        return words(text)

    def seconds(self, name: str, default: float) -> float:
        """Take a time such as ``15m``; days, hours, minutes or seconds."""
        text = self.text(name)
        if not text:
            return default
        match = _DURATION.fullmatch(text)
        if match is None:
            self.wrong(name, Message("a time such as 30s, 15m, 6h or 2d"))
            return default
        return float(match[1]) * _SECONDS[match[2]]

    def number(self, name: str, default: int, *, least: int = 0, most: int) -> int:
        """Take a whole number."""
        value = self._left.pop(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.wrong(name, Message("a number from {least} to {most}", least=least, most=most))
            return default
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Take true or false."""
        value = self._left.pop(name, default)
        if not isinstance(value, bool):
            self.wrong(name, Message("true or false"))
            return default
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Take a list of texts; empty without."""
        value = self._left.pop(name, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.wrong(name, Message("a list of texts is required"))
            return ()
        return tuple(value)

    def pairs(self, name: str) -> Mapping[str, str]:
        """Take a table of texts; empty without."""
        value = self._left.pop(name, {})
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            self.wrong(name, Message("a table of texts is required"))
            return {}
        return value

    def path(self, name: str) -> Path | None:
        """Take the name of a file."""
        text = self.text(name)
        return self._folder / Path(text).expanduser() if text else None

    def wrong(self, name: str, why: str) -> None:
        """Note what is wrong with a field."""
        self.problems.append(Message("{name}: {why}", name=name, why=why))

    def finish(self, known: Sequence[str] = ()) -> list[Message]:
        """Note the fields that nobody took, and return all problems; *known* are let pass."""
        for name in self._left.keys() - set(known):
            self.wrong(str(name)[:50], Message("there is no such field here"))
        return self.problems
