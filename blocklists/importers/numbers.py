"""Reads one number, service code or range per line: ``+8617012345678``, ``95588``, ``+86170*``.

Numbers may be tel or SIP URIs, and their digits full-width.
"""

import re
from collections.abc import Iterable, Iterator

from blocklists.entries import EntryKind
from blocklists.importers import bulk_lines
from blocklists.importers.rows import BLANK, COMMENT, BadLine, Ignored, Item, LineItem, ListRow
from fanzha import party_address
from fanzha.translation.message import Message

_PLAIN = re.compile(r"\+?[0-9]{3,20}")
_NUMBER = re.compile(r"[+(]?[0-9][0-9 ().-]{1,24}\*?")
_REMARK = re.compile(r"\s*(?:#|;|//).*")
_REMARK_AFTER_URI = re.compile(r"\s+(?:#|;|//).*")
"""In a URI these signs have a meaning of their own."""


def read(lines: Iterable[str]) -> Iterator[Item]:
    """Read numbers; what follows ``#``, ``;`` or ``//`` is a comment."""
    return bulk_lines.read(lines, bulk_lines.NUMBERS, EntryKind.NUMBER, _item)


def _item(line: int, text: str) -> LineItem:
    if _PLAIN.fullmatch(text):
        return ListRow(line, text, EntryKind.NUMBER)
    if party_address.is_uri(text):
        return ListRow(line, _REMARK_AFTER_URI.sub("", text).strip(), EntryKind.NUMBER)
    pattern = party_address.narrow(_REMARK.sub("", text)).strip()
    if not pattern:
        return Ignored(line, COMMENT if text.strip() else BLANK)
    if _NUMBER.fullmatch(pattern):
        return ListRow(
            line, pattern, EntryKind.RANGE if pattern.endswith("*") else EntryKind.NUMBER
        )
    return BadLine(line, text, Message("not a number"))
