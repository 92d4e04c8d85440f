"""Reads tables: comma, tab, semicolon or bar between columns, with a header or without.

A header is recognised by its names, see `columns`, also below titles and over two rows.
Without one, a column of types (``url``, ``domain``, ``ip`` …) describes the column after it, as in
indicator feeds; else the first column that looks like a number, a name or a URL is taken.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from blocklists.importers import bulk_lines, vocabulary
from blocklists.importers.bulk_lines import RunLines
from blocklists.importers.rows import BLANK, COMMENT, HEADER, TITLE, BadLine, Ignored, Item
from blocklists.importers.tables import headers
from blocklists.importers.tables.columns import Choose, nothing_chosen
from blocklists.importers.tables.headers import MOST_LEADING, Header
from blocklists.importers.tables.records import PatternColumn, TableLayout
from fanzha.translation.message import Message

DELIMITERS = ",\t;|"
_LONGEST_ROW = 50
"""Lines that a row may span; more means an unclosed quote."""
_LONGEST_NAME = 5
"""Lines that a name in the header may have."""
_HASHES = frozenset(("md5", "sha1", "sha256", "hash"))
_NO_PATTERN = Message("no column holds a pattern")


def read(
    lines: Iterable[str],
    choose: Choose = nothing_chosen,
    on_header: Callable[[Header], None] = lambda _header: None,
    *,
    header: bool = True,
) -> Iterator[Item]:
    """Read rows; a line that starts with ``#`` is a comment, or the header.

    *choose* maps columns whose names are ambiguous; *on_header* is called with the header found.
    Without a *header*, the first row that has a pattern says which column holds them.
    """
    lines = iter(lines)
    titles = _Titles()
    for first, last, text in _leading(lines):
        if not text.strip():
            yield Ignored(first, BLANK)
            continue
        delimiter, cells = _divided(text)
        names = headers.joined(titles.last_cells, cells)
        layout = headers.layout_of(names, choose(names)) if header else None
        if layout is not None:
            yield from titles.as_titles()
            yield from _table(
                first, last, lines, delimiter=delimiter, names=names, layout=layout,
                choose=choose, on_header=on_header,
            )  # fmt: skip
            return
        if text.startswith("#"):
            yield Ignored(first, COMMENT)
        elif (layout := guess(cells)) is not None and not (header and titles.may_be_header):
            yield from titles.bad_lines
            yield layout.item(first, cells)
            yield from _rows(last, lines, delimiter, layout)
            return
        else:
            yield from titles.add(first, text, cells)
    yield from titles.bad_lines


class _Titles:
    """Lines without a pattern above the first row: titles if a header follows, else bad lines."""

    def __init__(self) -> None:
        self.bad_lines: list[BadLine] = []
        self.last_cells: list[str] = []
        self.may_be_header = False
        """Whether one of them looks like a header with unknown names. Columns are not guessed
        then: a column that looks like numbers may hold those to call back."""

    def add(self, line: int, text: str, cells: list[str]) -> Iterator[BadLine]:
        """Hold one more; yield the first, as a bad line, once there are too many for titles."""
        self.may_be_header = self.may_be_header or headers.looks_like_names(cells)
        self.bad_lines.append(BadLine(line, text, _NO_PATTERN))
        self.last_cells = cells
        if len(self.bad_lines) > MOST_LEADING:
            yield self.bad_lines.pop(0)

    def as_titles(self) -> Iterator[Ignored]:
        """Yield what is held, as titles of a table."""
        return (Ignored(one.line, TITLE) for one in self.bad_lines)


def delimiter_of(text: str) -> str:
    """Return the delimiter of a line: the most frequent candidate."""
    return max(DELIMITERS, key=text.count)


def _divided(text: str) -> tuple[str, list[str]]:
    delimiter = delimiter_of(text)
    return delimiter, _cells(text, delimiter)


def _leading(lines: Iterator[str]) -> Iterator[tuple[int, int, str]]:
    """Join lines while a quote is open: names in a header may have line breaks."""
    number = 0
    for line in lines:
        number += 1
        first, text = number, line
        while text.count('"') % 2 and number - first < _LONGEST_NAME:
            more = next(lines, None)
            if more is None:
                break
            number += 1
            text = f"{text}\n{more}"
        yield first, number, text


def _table(
    first: int,
    last: int,
    lines: Iterator[str],
    *,
    delimiter: str,
    names: Sequence[str],
    layout: TableLayout,
    choose: Choose,
    on_header: Callable[[Header], None],
) -> Iterator[Item]:
    """Read what begins with a header, which may have a second row."""
    second = next(lines, None)
    below = _cells(second, delimiter) if second is not None else []
    both = headers.joined(names, below)
    double = headers.goes_on(names, below, choose(names)) and TableLayout.of(both, choose(both))
    if double:
        names, layout = both, double
    on_header(Header(sheet="", line=last + bool(double), names=tuple(names), layout=layout))
    columns = ", ".join(layout.unused)
    unused = Message("; columns not used: {columns}", columns=columns) if columns else ""
    yield Ignored(first, Message("{header}{unused}", header=HEADER, unused=unused))
    if double:
        yield Ignored(last + 1, HEADER)
        last += 1
    elif second is not None:
        lines = chain([second], lines)
    yield from _rows(last, lines, delimiter, layout)


def _cells(text: str, delimiter: str) -> list[str]:
    """Divide one line; into nothing where it cannot be."""
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return []


def _rows(line: int, lines: Iterator[str], delimiter: str, layout: TableLayout) -> Iterator[Item]:
    before, item, several = 0, layout.item, bool(layout.groups)
    runs, kind = layout.alone
    source = None if runs is None else RunLines(lines, runs)
    rows = csv.reader(lines if source is None else source, delimiter=delimiter, strict=True)
    while True:
        # No row is begun here, so a run is not part of a cell in quotes.
        while source is not None and (run := source.run()):
            yield bulk_lines.to_run(line + before + 1, run, kind)
            line += len(run)
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield BadLine(
                line + before + 1, "", Message("not a row of a table: {error}", error=str(error))
            )
            cells = []
        else:
            if cells is None:
                return
            start, long = line + before + 1, rows.line_num - before > _LONGEST_ROW
            if not any(cells):
                yield Ignored(start, BLANK)
            elif long:
                yield BadLine(start, ",".join(cells)[:200], Message("a quote that is not closed"))
            elif cells[0].startswith("#"):
                yield Ignored(start, COMMENT)
            elif several:
                yield from layout.items(start, cells)
            else:
                yield item(start, cells)
        before = rows.line_num


def guess(cells: Sequence[str]) -> TableLayout | None:
    """Recognise the columns by what a row has in them; None where nothing looks like a pattern."""
    known = [cell.strip().lower() in (vocabulary.KINDS.keys() | _HASHES) for cell in cells]
    if any(known[:-1]):
        at = known.index(True)
        rest = cells[at + 2 :]
        reason = [("reason", at + 2)] if rest and not rest[0].startswith("http") else []
        return TableLayout(main=PatternColumn("pattern", at + 1), fields=(("type", at), *reason))
    for at, cell in enumerate(cells):
        if headers.looks_like_a_pattern(cell.strip()):
            return TableLayout(main=PatternColumn("pattern", at), fields=())
    return None
