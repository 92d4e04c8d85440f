"""Reads dnsmasq configuration: ``address=/x.example/``, ``server=/x.example/``, ``local=/…/``."""

import re
from collections.abc import Iterable, Iterator

from blocklists.entries import EntryKind
from blocklists.importers.hosts import SINKS
from blocklists.importers.rows import BLANK, COMMENT, BadLine, Ignored, Item, ListRow
from fanzha.decisions import Action
from fanzha.translation.message import Message

_LINE = re.compile(r"(?P<option>address|server|local)=/(?P<names>.+)/(?P<target>[^/]*)")


def read(lines: Iterable[str]) -> Iterator[Item]:
    """Read names answered with nothing or a sinkhole; a line may have several."""
    for line, text in enumerate(lines, 1):
        rule = text.partition(" #")[0].strip()
        if not rule or rule[0] == "#":
            yield Ignored(line, COMMENT if rule or text.strip() else BLANK)
        elif match := _LINE.fullmatch(rule):
            yield from _names(line, text, match)
        else:
            yield BadLine(line, text, Message("not an address, server or local line"))


def _names(line: int, text: str, match: re.Match[str]) -> Iterator[Item]:
    option, target = match["option"], match["target"]
    action = None
    if option == "server" and target == "#":
        action = Action.ALLOW  # forwards to the usual servers: an exception from a wider rule
    elif target and not (option == "address" and (target == "#" or target in SINKS)):
        yield BadLine(
            line, text, Message("sends visitors or questions elsewhere instead of blocking")
        )
        return
    for name in match["names"].split("/"):
        yield ListRow(line, name.removeprefix("*.").removeprefix("."), EntryKind.HOST, action)
