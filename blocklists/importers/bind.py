"""Reads BIND configuration: ``zone "x.example" { … };`` blocks a name by overriding it."""

import re
from collections.abc import Iterable, Iterator

from blocklists.entries import EntryKind
from blocklists.importers.rows import BLANK, COMMENT, BadLine, Ignored, Item, ListRow
from fanzha.translation.message import Message

_ZONE = re.compile(r"zone\s+\"?(?P<name>[^\s\"{]+)\"?(?:\s+in)?\s*(?P<body>\{.*)?", re.IGNORECASE)
_TAKEN_OVER = re.compile(r"\btype\s+(?:master|primary)\b", re.IGNORECASE)
_REMARK = re.compile(r"(?:#|//).*|/\*.*?\*/")


def read(lines: Iterable[str]) -> Iterator[Item]:
    """Read zones of which this server would be the master, on one line or several."""
    start, statement = 0, ""
    for line, text in enumerate(lines, 1):
        part = _REMARK.sub("", text).strip()
        if not part:
            yield Ignored(line, COMMENT if text.strip() else BLANK)
            continue
        if statement:
            yield Ignored(line, Message("continuation"))
        start, statement = (start, f"{statement} {part}") if statement else (line, part)
        if statement.count("{") <= statement.count("}") and statement.endswith((";", "}")):
            yield _zone(start, statement)
            statement = ""
    if statement:
        yield BadLine(start, statement, Message("a statement without an end"))


def _zone(line: int, statement: str) -> Item:
    match = _ZONE.fullmatch(statement)
    if match is None or match["body"] is None:
        return BadLine(line, statement, Message("not a zone statement"))
    if not _TAKEN_OVER.search(match["body"]):
        return BadLine(line, statement, Message("a zone that other servers answer for"))
    return ListRow(line, match["name"], EntryKind.HOST)
