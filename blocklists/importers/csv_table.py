"""Reads tables: comma, tab, semicolon or bar between columns, with a header or without.

A header is recognised by its names, see `records`. Without one, a column of types
(``url``, ``domain``, ``ip`` …) tells the column after it, as feeds of indicators have
it; else the first column that looks like a number, a name or a URL is taken.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

from blocklists.importers import words
from blocklists.importers.records import Layout
from blocklists.importers.rows import BLANK, COMMENT, BadLine, Ignored, Item

DELIMITERS = ",\t;|"
_LONGEST_ROW = 50
"""Lines a row may go on for; more is a quote that was never closed."""
_HASHES = frozenset(("md5", "sha1", "sha256", "hash"))
_LOOKS_LIKE_A_PATTERN = re.compile(
    r"\+?[0-9][0-9 ()-]{2,24}\*?|(?:https?://)?(?:[\w-]+\.)+\w{2,}(?:[:/].*)?|https?://.+"
)
_DATE = re.compile(r"\d{4}[-/.]?\d{1,2}[-/.]?\d{1,2}(?:[T ].*)?")


def read(lines: Iterable[str]) -> Iterator[Item]:
    """Read rows; a line that starts with ``#`` is a comment, or the header."""
    lines = iter(lines)
    layout: Layout | None = None
    delimiter, line, header_was_guessed = ",", 0, False
    for line, text in enumerate(lines, 1):
        if not text.strip():
            yield Ignored(line, BLANK)
            continue
        delimiter = delimiter_of(text)
        cells = _cells(text, delimiter)
        layout = header_layout(cells)
        if layout is None and text.startswith("#"):
            yield Ignored(line, COMMENT)
            continue
        header_was_guessed = layout is None
        layout = layout or _guess(cells)
        if layout is None:
            yield BadLine(line, text, "no column holds a pattern")
            continue
        yield layout.item(line, cells) if header_was_guessed else _header(line, layout)
        break
    if layout is not None:
        yield from _rows(line, csv.reader(lines, delimiter=delimiter, strict=True), layout)


def delimiter_of(text: str) -> str:
    """Return what stands between the columns of a line."""
    return max(DELIMITERS, key=text.count)


def _cells(text: str, delimiter: str) -> list[str]:
    """Divide one line; into nothing where it cannot be."""
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return []


def header_layout(cells: Sequence[str]) -> Layout | None:
    """Read a row as a header; None when it is none, or names no column with patterns."""
    contents = any(_holds_contents(cell.strip()) for cell in cells)
    return None if contents else Layout.of(cells)


def _holds_contents(cell: str) -> bool:
    return bool(_LOOKS_LIKE_A_PATTERN.fullmatch(cell) or _DATE.fullmatch(cell))


def _header(line: int, layout: Layout) -> Ignored:
    unused = f"; columns not used: {', '.join(layout.unused)}" if layout.unused else ""
    return Ignored(line, f"header{unused}")


def _rows(line: int, rows: Iterator[list[str]], layout: Layout) -> Iterator[Item]:
    before, item = 0, layout.item
    while True:
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield BadLine(line + before + 1, "", f"not a row of a table: {error}")
            cells = []
        else:
            if cells is None:
                return
            start, long = line + before + 1, rows.line_num - before > _LONGEST_ROW  # type: ignore[attr-defined]
            if not any(cells):
                yield Ignored(start, BLANK)
            elif long:
                yield BadLine(start, ",".join(cells)[:200], "a quote that is not closed")
            elif cells[0].startswith("#"):
                yield Ignored(start, COMMENT)
            else:
                yield item(start, cells)
        before = rows.line_num  # type: ignore[attr-defined]


def _guess(cells: Sequence[str]) -> Layout | None:
    """Recognise the columns by what the first row has in them."""
    known = [cell.strip().lower() in (words.KINDS.keys() | _HASHES) for cell in cells]
    if any(known[:-1]):
        at = known.index(True)
        rest = cells[at + 2 :]
        reason = [("reason", at + 2)] if rest and not rest[0].startswith("http") else []
        return Layout(pattern=at + 1, pattern_column="pattern", fields=(("type", at), *reason))
    for at, cell in enumerate(cells):
        if _LOOKS_LIKE_A_PATTERN.fullmatch(cell.strip()) and not _DATE.fullmatch(cell.strip()):
            return Layout(pattern=at, pattern_column="pattern", fields=())
    return None
