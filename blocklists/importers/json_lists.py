"""Reads JSON: an object of lists named allow, deny and the like, a list of patterns, or of records.

Each element knows its line, though JSON has none. The whole text is held in memory.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from blocklists.importers.records import record_item
from blocklists.importers.rows import BadLine, Ignored, Item, Row
from fanzha.decisions import Action

_LISTS = {
    **dict.fromkeys(["deny", "block", "blacklist", "blocklist", "denylist"], Action.BLOCK),
    **dict.fromkeys(["allow", "whitelist", "allowlist"], Action.ALLOW),
}
_SPACE = " \t\r\n,"


class _Text:
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


def read(lines: Iterable[str]) -> Iterator[Item]:
    """Read patterns; a text that is not JSON is one bad line at the place where it fails."""
    text = _Text("\n".join(lines))
    try:
        if text.next_mark() == "[":
            yield from _elements(text, None)
        else:
            yield from _object(text)
        if text.next_mark():
            yield BadLine(text.line, "", "something follows after the end of the JSON text")
    except json.JSONDecodeError as error:
        yield BadLine(error.lineno, "", f"not JSON from here on: {error.msg}")
    except RecursionError:
        yield BadLine(text.line, "", "not JSON from here on: nested too deep")


def _object(text: _Text) -> Iterator[Item]:
    text.skip_mark("{")
    while text.next_mark() != "}":
        name = str(text.value())
        text.skip_mark(":")
        line = text.line
        if text.next_mark() == "[" and name.lower() in _LISTS:
            yield from _elements(text, _LISTS[name.lower()])
            continue
        text.value()
        yield Ignored(line, f"member {name[:20]!r}")
    text.skip_mark("}")


def _elements(text: _Text, action: Action | None) -> Iterator[Item]:
    text.skip_mark("[")
    while text.next_mark() != "]":
        line, value = text.line, text.value()
        if isinstance(value, str):
            yield Row(line, value.removeprefix("*."), action=action)
        elif isinstance(value, dict):
            yield record_item(line, {str(name): str(word) for name, word in value.items()}, action)
        else:
            yield BadLine(line, json.dumps(value)[:200], "neither a pattern nor a record")
    text.skip_mark("]")
