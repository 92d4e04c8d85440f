"""Prints rows so that what a person copies stays whole: ids, patterns, numbers, hosts, times.

A pipe gets one line a row. On a terminal, columns of prose are folded between words as far as the
rest needs it; where that is not enough, each row is a record of ``name: value`` lines. What is
longer than the terminal is left to it to wrap, because what it wraps is copied in one piece.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from services.cli._common.console import out
from services.cli._common.line_breaks import UNBREAKABLE
from services.cli._common.plain_text import visible

_GAP = "  "
_NARROW = 16
"""Columns that prose takes at least before rows become records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    head: str
    prose: bool
    right: bool


class RowTable:
    """Rows under heads; columns are whole unless they are marked as prose."""

    def __init__(self, *heads: str) -> None:
        self._columns = [_Column(head=head, prose=False, right=False) for head in heads]
        self._rows: list[list[Text]] = []

    def add_column(self, head: str, *, prose: bool = False, right: bool = False) -> None:
        """Add a column; *prose* may be folded between its words, *right* ends at its right."""
        self._columns.append(_Column(head=head, prose=prose, right=right))

    def add_row(self, *cells: str | Text) -> None:
        """Add a row with a cell for each column."""
        pairs = zip(self._columns, cells, strict=True)
        self._rows.append([_cell(cell, prose=column.prose) for column, cell in pairs])

    def print(self) -> None:
        """Print the rows to standard output."""
        for line in self.lines(out.width if out.is_terminal else None):
            out.print(line, soft_wrap=True)

    def lines(self, width: int | None) -> Iterable[Text]:
        """Return the lines for a terminal of *width* columns; None: as wide as the rows."""
        widths = self._widths(width)
        if widths is None:
            return self._records(width or 0)
        heads = [Text(column.head, style="bold") for column in self._columns]
        shown = [heads, *self._rows] if any(head.plain for head in heads) else self._rows
        return [line for row in shown for line in self._row(row, widths)]

    def _widths(self, width: int | None) -> list[int] | None:
        """Return the width of each column; None where the rows cannot fit."""
        rows = [[Text(column.head) for column in self._columns], *self._rows]
        full = [max(_length(cell) for cell in column) for column in zip(*rows, strict=True)]
        gaps = len(_GAP) * (len(full) - 1)
        if width is None or sum(full) + gaps <= width:
            return full
        least = [
            min(most, max(_NARROW, *map(_longest_word, cells))) if column.prose else most
            for column, most, cells in zip(
                self._columns, full, zip(*rows, strict=True), strict=True
            )
        ]
        spare = width - gaps - sum(least)
        if spare < 0:
            return None
        # From the first on, each column of prose gets what it lacks, as far as there is some.
        for place, most in enumerate(full):
            given = min(spare, most - least[place])
            least[place] += given
            spare -= given
        return least

    def _row(self, cells: Sequence[Text], widths: Sequence[int]) -> Iterable[Text]:
        folded = [_folded(cell, width) for cell, width in zip(cells, widths, strict=True)]
        for line in range(max(map(len, folded), default=0)):
            shown = Text()
            for column, parts, width in zip(self._columns, folded, widths, strict=True):
                part = parts[line] if line < len(parts) else Text()
                space = " " * (width - cell_len(part.plain))
                shown.append_text(
                    Text.assemble(space, part) if column.right else Text.assemble(part, space)
                )
                shown.append(_GAP)
            shown.rstrip()
            yield shown

    def _records(self, width: int) -> Iterable[Text]:
        for number, row in enumerate(self._rows):
            if number:
                yield Text()
            for column, cell in zip(self._columns, row, strict=True):
                if cell.plain:
                    label = Text.assemble((f"{column.head}:", "bold")) if column.head else Text()
                    yield from _named(label, cell, width, prose=column.prose)


class FieldTable:
    """Names with a value each, one under the other; values are folded between words only."""

    def __init__(self) -> None:
        self._fields: list[tuple[str, Text]] = []

    def add_row(self, name: str, value: str | Text) -> None:
        """Add a name and its value."""
        self._fields.append((visible(name), _cell(value, prose=True)))

    def print(self) -> None:
        """Print the fields to standard output."""
        for line in self.lines(out.width if out.is_terminal else None):
            out.print(line, soft_wrap=True)

    def lines(self, width: int | None) -> Iterable[Text]:
        """Return the lines for a terminal of *width* columns; None: one line a field."""
        broad = max((cell_len(name) for name, _ in self._fields), default=0)
        for name, value in self._fields:
            label = Text(name + " " * (broad - cell_len(name) + len(_GAP) - 1))
            yield from _named(label, value, width, prose=True)


def _named(label: Text, value: Text, width: int | None, *, prose: bool) -> Iterable[Text]:
    """Yield the lines of one value, the first after its label if what stays whole fits there."""
    start = cell_len(label.plain) + 1 if label.plain else 0
    room = None if width is None else width - start
    whole = _longest_word(value) if prose else _length(value)
    if start and room is not None and whole > room:
        yield label
        start, room, label = 0, width, Text()
    for number, line in enumerate(_folded(value, room if prose else None)):
        before = label if number == 0 else Text(" " * (start - 1))
        yield Text.assemble(before, " ", line) if start else line


def _cell(cell: str | Text, *, prose: bool) -> Text:
    text, style = (cell.plain, cell.style) if isinstance(cell, Text) else (cell, "")
    plain = visible(text).replace("\t", " ")
    # A line of its own would look like another row.
    return Text(plain if prose else plain.replace("\n", "?"), style=style)


def _length(cell: Text) -> int:
    return max(map(cell_len, cell.plain.split("\n")))


def _words(text: str) -> list[str]:
    return [found[0] for found in UNBREAKABLE.finditer(text)]


def _longest_word(cell: Text) -> int:
    return max((cell_len(word.strip()) for word in _words(cell.plain)), default=0)


def _folded(cell: Text, width: int | None) -> list[Text]:
    """Return the lines of a cell, folded between words where one is longer than *width*."""
    lines: list[Text] = []
    for whole in cell.plain.split("\n"):
        line = ""
        for word in _words(whole) if width is not None and cell_len(whole) > width else [whole]:
            if line and width is not None and cell_len(line) + cell_len(word.rstrip()) > width:
                lines.append(Text(line.rstrip(), style=cell.style))
                line = ""
            line += word
        lines.append(Text(line.rstrip(), style=cell.style))
    return lines
