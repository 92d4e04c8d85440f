"""Reads Unbound configuration: ``local-zone: "x.example." always_null`` and ``local-data``."""

import re
from collections.abc import Iterable, Iterator

from blocklists.entries import EntryKind
from blocklists.importers.hosts import SINKS
from blocklists.importers.rows import BLANK, COMMENT, HEADER, BadLine, Ignored, Item, ListRow
from fanzha.decisions import Action
from fanzha.translation.message import Message

_ZONE = re.compile(
    r"local-zone:\s*\"?(?P<name>[^\s\"]+)\"?\s+\"?(?P<type>[a-z_]+)\"?", re.IGNORECASE
)
_DATA = re.compile(
    r"local-data:\s*[\"'](?P<name>\S+)\s+(?:\d+\s+)?(?:IN\s+)?(?P<type>[A-Z]+)\s+(?P<data>[^\"']+)[\"']",
    re.IGNORECASE,
)
_BLOCKING = frozenset(
    [
        "deny",
        "refuse",
        "static",
        "redirect",
        "always_null",
        "always_nxdomain",
        "always_nodata",
        "always_refuse",
        "always_deny",
        "inform_deny",
    ]
)
_PASSING = frozenset(
    ["transparent", "typetransparent", "always_transparent", "inform", "nodefault"]
)


def read(lines: Iterable[str]) -> Iterator[Item]:
    """Read zones that are refused or empty, and names with a sink's address."""
    for line, text in enumerate(lines, 1):
        statement = re.sub(r"(?:^|\s)#.*", "", text).strip()
        if not statement:
            yield Ignored(line, COMMENT if text.strip() else BLANK)
        elif statement == "server:":
            yield Ignored(line, HEADER)
        else:
            yield _statement(line, text, statement)


def _statement(line: int, text: str, statement: str) -> Item:
    if zone := _ZONE.fullmatch(statement):
        kind = zone["type"].lower()
        if kind in _BLOCKING:
            return ListRow(line, zone["name"], EntryKind.HOST)
        if kind in _PASSING:
            return ListRow(line, zone["name"], EntryKind.HOST, Action.ALLOW)
        return BadLine(line, text, Message("a zone type that neither blocks nor passes"))
    if data := _DATA.fullmatch(statement):
        if data["type"].upper() in ("A", "AAAA") and data["data"].strip() in SINKS:
            return ListRow(line, data["name"], EntryKind.HOST)
        return BadLine(line, text, Message("sends visitors elsewhere instead of blocking"))
    return BadLine(line, text, Message("neither local-zone nor local-data"))
