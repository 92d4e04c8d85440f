"""Reads the subset of YAML that lists use: a list of flat records.

Line by line and without a YAML library, which would take minutes for what this
takes a second for, and would be a dependency for one format. Nested members (such as
the addresses of a record) and long texts are passed over; anything that is not a
record is reported.
"""

import re
from collections.abc import Iterable, Iterator

from blocklists.importers.rows import BLANK, COMMENT, HEADER, BadLine, Ignored, Item, ListRow
from blocklists.importers.tables.records import record_items
from fanzha.translation.message import Message

_INDENT = 2
_MEMBER = re.compile(r"(?P<dash>- )?(?P<indent>\s*)(?P<name>[A-Za-z_][\w-]*):(?:\s+(?P<value>.*))?")
_PLAIN = re.compile(r"- +(?P<value>\S.*)")
_LONG_TEXT = frozenset(("|", ">", "|-", ">-", "|+", ">+"))


def read(lines: Iterable[str]) -> Iterator[Item]:
    """Read records, or plain patterns, one per ``-``."""
    start, record = 0, dict[str, str]()
    for line, text in enumerate(lines, 1):
        member = _MEMBER.fullmatch(text)
        if member and member["dash"]:
            if record:
                yield from record_items(start, record)
            start, record = line, {}
        if member and (member["dash"] or (record and len(member["indent"]) == _INDENT)):
            _add(record, member)
        elif (item := _other(line, text, inside=bool(record))) is not None:
            yield item
    if record:
        yield from record_items(start, record)


def _other(line: int, text: str, *, inside: bool) -> Item | None:
    if not text.strip():
        return Ignored(line, BLANK)
    if text.lstrip().startswith("#"):
        return Ignored(line, COMMENT)
    if text in ("---", "..."):
        return Ignored(line, HEADER)
    if pattern := _PLAIN.fullmatch(text):
        return ListRow(line, _unquoted(pattern["value"]))
    return None if inside else BadLine(line, text, Message("not part of a record"))


def _add(record: dict[str, str], member: re.Match[str]) -> None:
    value = member["value"] or ""
    if value not in _LONG_TEXT:
        record[member["name"]] = _unquoted(value)


def _unquoted(value: str) -> str:
    value = value.strip()
    quote = value[:1]
    if quote in ("'", '"') and (end := value.rfind(quote)) > 0:
        return value[1:end].replace("''", "'") if quote == "'" else value[1:end]
    return value.partition(" #")[0].rstrip()
