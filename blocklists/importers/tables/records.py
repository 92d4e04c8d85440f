"""Finds out which column of a table holds what, once, and reads every row by position."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Self

from blocklists.entries import Direction, EntryKind
from blocklists.importers import bulk_lines, vocabulary
from blocklists.importers.rows import BadLine, Item, ListRow
from blocklists.importers.tables import columns, spreadsheet_numbers
from blocklists.importers.tables.columns import AMBIGUOUS, COLUMNS, IGNORED, PATTERN_COLUMNS, Chosen
from fanzha import party_address
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from fanzha.translation.message import Message
from infra import csv_cells

_ALONE = {
    "pattern": (bulk_lines.NAMES_AND_NUMBERS, None),
    "number": (bulk_lines.COMPLETE_NUMBERS, EntryKind.NUMBER),
    "host": (bulk_lines.NAMES, EntryKind.HOST),
}
_KINDS = {"sender": EntryKind.SENDER, "url": EntryKind.URL_PREFIX, "host": EntryKind.HOST}
_GROUPS = (("pattern",), ("number", "callee", "sender"), ("url", "host"))
"""A row gives one entry for each group that it has something of."""
_SITES = frozenset(("url", "host"))
_NUMBERS = frozenset(("number", "callee"))
_MAYBE_NUMBERS = frozenset(("pattern", "sender"))
_NUMBER_STARTS = frozenset("+0123456789")
_DIGITS = re.compile(r"\+?[0-9][0-9 ().-]*")
_NUMBER_TRIMMINGS = " \t'\"=\u3000\xa0\ufeff\u200b"
"""What spreadsheets leave around numbers to keep them from being calculated with."""


class PatternColumn(NamedTuple):
    """A column that holds patterns."""

    column: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLayout:
    """Which column of a table is what."""

    main: PatternColumn
    """The first column that holds patterns."""
    fields: tuple[tuple[str, int], ...]
    """Optional fields there are, with their columns; "type" is first."""
    groups: tuple[tuple[PatternColumn, ...], ...] = ()
    """All columns with patterns, where there are several."""
    used: tuple[tuple[str, str], ...] = ()
    """Names of columns, and what they hold."""
    unused: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    """Columns that the mapping ignores."""

    @property
    def places(self) -> tuple[PatternColumn, ...]:
        """All columns with patterns."""
        return tuple(place for group in self.groups for place in group) or (self.main,)

    @property
    def width(self) -> int:
        """How many columns a row needs."""
        return 1 + max(at for _, at in (*self.places, *self.fields))

    @property
    def alone(self) -> tuple[re.Pattern[str] | None, EntryKind | None]:
        """Return what finds runs of plain rows, and their kind; None for a table with more."""
        if self.groups or self.fields or self.main.at:
            return None, None
        return _ALONE.get(self.main.column, (None, None))

    @classmethod
    def of(cls, names: Sequence[str], chosen: Chosen | None = None) -> Self | None:
        """Recognise the columns by their *names*; None when none holds patterns."""
        targets = _targets(names, chosen or {})
        held = {target: at for at, target in reversed([*enumerate(targets)]) if target}
        groups = _groups(held)
        if not groups:
            return None
        fields = {field: held[field] for field in COLUMNS if field in held}
        taken = {place.at for group in groups for place in group} | set(fields.values())
        several = len(groups) > 1 or len(groups[0]) > 1
        return cls(
            main=groups[0][0],
            fields=tuple(fields.items()),
            groups=groups if several else (),
            used=tuple((names[at], targets[at]) for at in sorted(taken)),
            unused=tuple(
                name
                for at, name in enumerate(names)
                if at not in taken and name.strip() and targets[at] != IGNORED
            ),
            ignored=tuple(
                name for name, target in zip(names, targets, strict=True) if target == IGNORED
            ),
        )

    def items(
        self, line: int, cells: Sequence[str], action: Action | None = None
    ) -> Iterator[Item]:
        """Read one row of a table with several columns of patterns."""
        found = [place for group in self.groups if (place := _first(group, cells))]
        if not found:
            yield self.item(line, cells, action)  # which complains
        for place in found:
            yield self.item(line, cells, action, place)

    def item(
        self,
        line: int,
        cells: Sequence[str],
        action: Action | None = None,
        place: PatternColumn | None = None,
    ) -> Item:
        """Read one row, with the pattern at *place* or in the first column that holds any."""
        try:
            return self._row(line, cells, action, place or self.main)
        except InvalidInput as error:
            return BadLine(line, ",".join(cells), error.as_message())
        except IndexError:
            return BadLine(line, ",".join(cells), Message("fewer columns than the header names"))

    def _row(
        self, line: int, cells: Sequence[str], action: Action | None, place: PatternColumn
    ) -> ListRow:
        column, at = place
        kind, direction = _KINDS.get(column), None
        pattern = cells[at].strip(_NUMBER_TRIMMINGS)
        if ":" in pattern and party_address.is_uri(pattern):
            pattern = cells[at].strip()  # the quotes are those of a display name
        elif kind is EntryKind.SENDER or self._is_name(cells):
            pattern = _sender(cells[at], pattern)
        elif csv_cells.is_escaped(cells[at]) and pattern[:1] not in _NUMBER_STARTS:
            pattern = csv_cells.unescaped(cells[at]).strip()
        if not pattern:
            raise InvalidInput("{column}: empty", column=column)
        if column in _NUMBERS:
            pattern = spreadsheet_numbers.restore(pattern)
            kind = _number_kind(pattern)
            direction = Direction.TO if column == "callee" else None
        elif column in _MAYBE_NUMBERS and pattern[0] in _NUMBER_STARTS:
            pattern = spreadsheet_numbers.restore(pattern)
        values = [line, pattern, kind, action, direction, None, None, "", "", "", "", "", None, ""]
        for field, at in self.fields:
            if word := csv_cells.unescaped(cells[at].strip()):
                if (text := _TEXTS.get(field)) is not None:
                    values[text] = word
                else:
                    _READ_WORD[field](values, word)
        return ListRow._make(values)

    def _is_name(self, cells: Sequence[str]) -> bool:
        """Return whether the row marks its pattern as a sender."""
        if not self.fields or self.fields[0][0] != "type":
            return False
        word = cells[self.fields[0][1]].strip().lower()
        return vocabulary.KINDS.get(word, EntryKind.NUMBER) is EntryKind.SENDER


def record_items(
    line: int, record: Mapping[str, str], action: Action | None = None
) -> Iterator[Item]:
    """Read one record, a mapping of column names to words."""
    layout = _recognised(tuple(record))
    if layout is None:
        yield BadLine(line, str(dict(record))[:200], Message("no member holds a pattern"))
    elif layout.groups:
        yield from layout.items(line, list(record.values()), action)
    else:
        yield layout.item(line, list(record.values()), action)


@lru_cache(maxsize=256)
def _recognised(names: tuple[str, ...]) -> TableLayout | None:
    """Recognise the members of a record: most records of a list have the same."""
    return TableLayout.of(names)


def _targets(names: Sequence[str], chosen: Chosen) -> list[str]:
    """Return what each column holds; of several that hold the same only one, by its name."""
    plain = [columns.plain(name) for name in names]
    targets = [chosen.get(name, "") for name in plain]
    taken = set(targets)
    sites = any(columns.target_of(name) in _SITES for name in plain)
    for column, aliases in (PATTERN_COLUMNS | COLUMNS).items():
        known = [alias for alias in aliases if alias in plain]
        places = [plain.index(alias) for alias in known if not (sites and alias in AMBIGUOUS)]
        free = next((at for at in places if not targets[at]), None)
        if column not in taken and free is not None:
            targets[free] = column
    return targets


def _groups(held: Mapping[str, int]) -> tuple[tuple[PatternColumn, ...], ...]:
    groups = [
        tuple(PatternColumn(column, held[column]) for column in group if column in held)
        for group in _GROUPS
    ]
    found = [group for group in groups if group]
    if found and found[0][0].column == "pattern":
        return (found[0],)
    return tuple(_without_victims(group) for group in found)


def _without_victims(group: tuple[PatternColumn, ...]) -> tuple[PatternColumn, ...]:
    # Beside the caller, the called party is a victim: it must not be listed.
    if group[0].column == "number":
        return tuple(place for place in group if place.column != "callee")
    return group


def _first(group: Sequence[PatternColumn], cells: Sequence[str]) -> PatternColumn | None:
    for place in group:
        if place.at < len(cells) and cells[place.at].strip(_NUMBER_TRIMMINGS):
            return place
    return None


def _read_type(values: list[Any], word: str) -> None:
    """Read what a pattern is; sheets also call the type of fraud so."""
    try:
        kind = vocabulary.read_kind(word)
    except InvalidInput:
        if word.strip().lower() not in vocabulary.FRAUD_TYPES or word.isdecimal():
            raise
        values[_FRAUD_TYPE] = vocabulary.read_fraud_type(word)
        return
    values[_KIND] = _number_kind(values[_PATTERN]) if kind is None else kind


def _into(field: str, read: Callable[[str], Any]) -> Callable[[list[Any], str], None]:
    place = ListRow._fields.index(field)

    def put(values: list[Any], word: str) -> None:
        values[place] = read(word)

    return put


_PATTERN, _KIND, _FRAUD_TYPE = map(ListRow._fields.index, ("pattern", "kind", "fraud_type"))
_TEXTS = {
    name: ListRow._fields.index(name)
    for name in ("reason", "legal_basis", "expires", "campaign", "review", "region")
}
"""Fields that hold what the cell holds; values are put in place before the row is made, for
each change to a named tuple makes another."""
_READ_WORD: dict[str, Callable[[list[Any], str], None]] = {
    "type": _read_type,
    "action": _into("action", vocabulary.read_action),
    "direction": _into("direction", vocabulary.read_direction),
    "fraud_type": _into("fraud_type", vocabulary.read_fraud_type),
    "source": _into("source", vocabulary.read_source),
    "mode": _into("mode", vocabulary.read_mode),
}


def _sender(cell: str, trimmed: str) -> str:
    """Return a sender as it is written, for its signs are part of the name; trimmed if a number."""
    if _DIGITS.fullmatch(trimmed):
        return trimmed
    return csv_cells.unescaped(cell.strip())


def _number_kind(pattern: str) -> EntryKind:
    return EntryKind.RANGE if pattern.endswith("*") else EntryKind.NUMBER
