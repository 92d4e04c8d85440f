"""Items that readers yield for the lines of a file.

Every line is one of three: an entry to be, a line that carries none, or a bad line. Many lines that
are plain entries are one item. Notes are extra.
Named tuples, not dataclasses: a list may have ten million rows.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

from blocklists.entries import Direction, EntryKind, EntryMode, Source
from fanzha.decisions import Action
from fanzha.fraud import FraudType
from fanzha.translation.message import Message


class ListRow(NamedTuple):
    """One entry as in the file; absent fields are None or empty."""

    line: int
    """Line of the file, from 1."""
    pattern: str
    """As written; `blocklists.patterns` reads it."""
    kind: EntryKind | None = None
    action: Action | None = None
    direction: Direction | None = None
    fraud_type: FraudType | None = None
    source: Source | None = None
    reason: str = ""
    legal_basis: str = ""
    expires: str = ""
    """As written; `words.read_expiry` reads it, once it is known what time it is."""
    campaign: str = ""
    review: str = ""
    """As written; `words.read_review` reads it."""
    mode: EntryMode | None = None
    region: str = ""
    """Code of the region in charge, as written."""


class PlainRun(NamedTuple):
    """Consecutive lines that hold just a pattern."""

    line: int
    """Of the first, from 1."""
    rows: int
    patterns: str
    """Each followed by a line feed."""
    kind: EntryKind | None


class Ignored(NamedTuple):
    """A line without an entry, such as a comment."""

    line: int
    what: str
    """Such as "comment"; the same few words each time, to be counted."""


class BadLine(NamedTuple):
    """A line that cannot be read, or whose rule has no equal here."""

    line: int
    text: str
    reason: str


class RowNote(NamedTuple):
    """A remark on a row that is accepted nevertheless."""

    line: int
    what: str
    """The same few words each time, to be counted."""


LineItem: TypeAlias = ListRow | Ignored | BadLine | RowNote
"""Item of one line."""
Item: TypeAlias = LineItem | PlainRun
Reader: TypeAlias = Callable[[Iterable[str]], Iterator[Item]]
"""Reads lines without their ends."""

COMMENT = Message("comment")
BLANK = Message("blank")
HEADER = Message("header")
TITLE = Message("title")
