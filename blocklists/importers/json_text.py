"""Walks through a JSON text element by element, and knows the line of each."""

import json
from typing import Any

_SPACE = " \t\r\n,"


class JsonText:
    """A place in a text, and its line."""

    def __init__(self, text: str) -> None:
        self._text, self._decoder = text, json.JSONDecoder()
        self._at, self.line = 0, 1

    def next_mark(self) -> str:
        """Skip white space and commas, and return the next character; empty at the end."""
        end = self._at
        while end < len(self._text) and self._text[end] in _SPACE:
            end += 1
        self._move(end)
        return self._text[end : end + 1]

    def skip_mark(self, mark: str) -> None:
        """Step over *mark*."""
        if self.next_mark() != mark:
            raise json.JSONDecodeError(f"{mark} expected", self._text, self._at)
        self._at += 1

    def value(self) -> Any:
        """Read the value that starts here."""
        self.next_mark()
        value, end = self._decoder.raw_decode(self._text, self._at)
        self._move(end)
        return value

    def _move(self, end: int) -> None:
        self.line += self._text.count("\n", self._at, end)
        self._at = end
