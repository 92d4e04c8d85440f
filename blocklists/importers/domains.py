"""Reads one name per line: hosts, wildcards, IP addresses, URLs and uBlacklist patterns.

``x.example``, ``*.x.example``, ``.x.example``, ``x.example.``, ``192.0.2.1:8080``,
``https://x.example/pay`` and ``*://*.x.example/*`` are all understood.
"""

import re
from collections.abc import Iterable, Iterator

from blocklists.entries import EntryKind
from blocklists.importers import bulk_lines
from blocklists.importers.rows import BLANK, COMMENT, BadLine, Ignored, Item, LineItem, ListRow
from fanzha.translation.message import Message

_PLAIN = re.compile(r"[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?")
_REMARK = re.compile(r"^\s*(?:#|;|!|//).*|\s+#.*")
_WILDCARD = re.compile(r"^(?:\*\.|\.)")
_MATCH_PATTERN = re.compile(r"(?:\*|https?)://(?:\*\.)?([^/*]+)(/.*)?")
"""As browsers' extensions write them."""


def read(lines: Iterable[str]) -> Iterator[Item]:
    """Read names; lines that start with ``#``, ``;``, ``!`` or ``//`` are comments."""
    return bulk_lines.read(lines, bulk_lines.NAMES, EntryKind.HOST, _item)


def _item(line: int, text: str) -> LineItem:
    if _PLAIN.fullmatch(text):
        return ListRow(line, text, EntryKind.HOST)
    name = _REMARK.sub("", text).strip()
    if not name:
        return Ignored(line, COMMENT if text.strip() else BLANK)
    return name_item(line, text, name)


def name_item(line: int, text: str, name: str) -> LineItem:
    """Make of a name, wildcard or URL what it is."""
    if match := _MATCH_PATTERN.fullmatch(name):
        host, path = match[1], (match[2] or "/").removesuffix("*")
    else:
        host, _, rest = _WILDCARD.sub("", name).partition("/")
        path = f"/{rest}"
    if "*" in host or (name[0] == "*" and "*" in path):
        return BadLine(line, text, Message("a wildcard inside a name or path has no equal here"))
    if any(mark.isspace() for mark in name):
        return BadLine(line, text, Message("more than one name"))
    if path == "/":
        return ListRow(line, host, EntryKind.HOST)
    return ListRow(line, host + path, EntryKind.URL_PREFIX)
