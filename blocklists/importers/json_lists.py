"""Reads JSON: an object of lists named allow, deny and the like, a list of patterns, or of records.

Each element knows its line, though JSON has none. The whole text is held in memory.
"""

import json
from collections.abc import Iterable, Iterator

from blocklists.importers.json_text import JsonText
from blocklists.importers.rows import BadLine, Ignored, Item, ListRow
from blocklists.importers.tables.records import record_items
from fanzha.decisions import Action
from fanzha.translation.message import Message

_LISTS = {
    **dict.fromkeys(["deny", "block", "blacklist", "blocklist", "denylist"], Action.BLOCK),
    **dict.fromkeys(["allow", "whitelist", "allowlist"], Action.ALLOW),
}


def read(lines: Iterable[str]) -> Iterator[Item]:
    """Read patterns; a text that is not JSON is one bad line at the place where it fails."""
    text = JsonText("\n".join(lines))
    try:
        if text.next_mark() == "[":
            yield from _elements(text, None)
        else:
            yield from _object(text)
        if text.next_mark():
            yield BadLine(
                text.line, "", Message("something follows after the end of the JSON text")
            )
    except json.JSONDecodeError as error:
        yield BadLine(error.lineno, "", Message("not JSON from here on: {error}", error=error.msg))
    except RecursionError:
        yield BadLine(text.line, "", Message("not JSON from here on: nested too deep"))


def _object(text: JsonText) -> Iterator[Item]:
    text.skip_mark("{")
    while text.next_mark() != "}":
        name = str(text.value())
        text.skip_mark(":")
        line = text.line
        if text.next_mark() == "[" and name.lower() in _LISTS:
            yield from _elements(text, _LISTS[name.lower()])
            continue
        text.value()
        yield Ignored(line, Message("member {name!r}", name=name[:20]))
    text.skip_mark("}")


def _elements(text: JsonText, action: Action | None) -> Iterator[Item]:
    text.skip_mark("[")
    while text.next_mark() != "]":
        line, value = text.line, text.value()
        if isinstance(value, str):
            yield ListRow(line, value.removeprefix("*."), action=action)
        elif isinstance(value, dict):
            yield from record_items(
                line, {str(name): str(word) for name, word in value.items()}, action
            )
        else:
            yield BadLine(line, json.dumps(value)[:200], Message("neither a pattern nor a record"))
    text.skip_mark("]")
