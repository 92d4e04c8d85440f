"""Decodes the rows of batch requests column by column, straight from their bytes.

A request is a sequence of field 1, each a row. `kernels/wire.c` reads what protobuf libraries
usually write; bytes in any other form raise `Unusual`: protobuf decodes them, and says what is
wrong if anything is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Self

import numpy as np

from fanzha import kernels
from fanzha.tables import MAX_ROWS, UNKNOWN_FACT, Int64s, LazyStrings, Uint8s

_VARINT, _BYTES = 0, 2
_FIXED = {1: 8, 5: 4}
"""Bytes of the fields that have no length, by their wire type."""
_LOW = 0x7F
_LONGEST_SHIFT = 63
_FIELDS = 16
"""Fields that a row may have, from 0 on."""

_count_rows = kernels.declare(
    "count_rows",
    *(kernels.TEXT, kernels.INTEGER, kernels.INTEGER),
    returns=kernels.INTEGER,
)
_decode_rows = kernels.declare(
    "decode_rows",
    *(kernels.TEXT, kernels.INTEGER, kernels.TEXT, kernels.TEXT, kernels.INTEGER),
    *(kernels.INTEGER, kernels.POINTER),
    returns=kernels.INTEGER,
)


_row_ends = kernels.declare(
    "row_ends", kernels.TEXT, kernels.INTEGER, kernels.INTEGER, kernels.POINTER
)


class Unusual(Exception):
    """These bytes are left to protobuf."""


class FieldKind(IntEnum):
    """How the kernel reads a field; numbered as there."""

    TEXT = 1
    SMALL = 2
    """A number below 128."""
    NUMBER = 3
    ASCII = 4
    """A text of which is asked whether it is ASCII."""
    OPTIONAL = 5
    """A number below 2**32, of which 0 is not the same as none."""


_TEXTS = {FieldKind.TEXT, FieldKind.ASCII}


@dataclass(frozen=True, slots=True)
class RowLayout:
    """Which fields the rows of a channel have, and in which columns they are decoded."""

    kinds: bytes
    """By field, a `FieldKind` or 0."""
    places: bytes
    """By field, its column: of texts where they begin; how long they are is *texts* further on."""
    texts: int
    columns: int

    @classmethod
    def of(cls, fields: dict[int, FieldKind]) -> Self:
        """Lay out *fields*: rows, where texts begin and how long they are, numbers."""
        texts = [field for field, kind in fields.items() if kind in _TEXTS]
        numbers = [field for field in fields if field not in texts]
        kinds, places = bytearray(_FIELDS), bytearray(_FIELDS)
        for field, kind in fields.items():
            kinds[field] = kind
        for place, field in enumerate(texts, 2):
            places[field] = place
        for place, field in enumerate(numbers, 2 + 2 * len(texts)):
            places[field] = place
        columns = 2 + 2 * len(texts) + len(numbers)
        return cls(bytes(kinds), bytes(places), len(texts), columns)


def count_rows(request: bytes) -> int:
    """Return how many rows a request has; raises `Unusual` where they are not all that it has."""
    rows: int = _count_rows(request, len(request), MAX_ROWS)
    if rows < 0:
        raise Unusual
    return rows


def split_rows(request: bytes, rows: int) -> list[bytes]:
    """Return the bytes of each of the rows that `count_rows` counted, tags included."""
    ends = np.empty(rows, np.int64)
    _row_ends(request, len(request), rows, kernels.address(ends))
    return [request[start:end] for start, end in pairwise((0, *ends.tolist()))]


def has_more_fields(request: bytes, most: int) -> bool:
    """Tell whether a request has more than *most* fields of its own, without making any of them.

    Protobuf makes an object of 70 bytes of a row of two. What is no message has fields up to there.
    """
    at, size, found = 0, len(request), 0
    try:
        while at < size:
            found += 1
            if found > most:
                return True
            tag, at = _number(request, at)
            kind = tag & 7
            if kind == _VARINT:
                _, at = _number(request, at)
            elif kind == _BYTES:
                length, at = _number(request, at)
                at += length
            elif kind in _FIXED:
                at += _FIXED[kind]
            # A group's beginning and end count as fields, and so does all between.
    except IndexError:
        pass
    return False


def _number(request: bytes, at: int) -> tuple[int, int]:
    """Read a varint; return it and where it ends."""
    number, shift = 0, 0
    while (byte := request[at]) > _LOW and shift < _LONGEST_SHIFT:
        number |= (byte & _LOW) << shift
        shift += 7
        at += 1
    return number | (byte & _LOW) << shift, at + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpans:
    """Where one text field of each row lies; its length is 0 where the row has none."""

    starts: Int64s
    lengths: Int64s


class WireRows:
    """The decoded fields of *rows* rows, which are all that *buffer* holds."""

    def __init__(self, buffer: bytes, rows: int, layout: RowLayout) -> None:
        self.buffer = buffer
        self._places, self._texts = layout.places, layout.texts
        self._columns = np.zeros((layout.columns, rows), np.int64)
        self._not_ascii: int = _decode_rows(
            *(buffer, len(buffer), layout.kinds, layout.places, rows),
            *(layout.texts, kernels.address(self._columns)),
        )
        if self._not_ascii < 0:
            raise Unusual

    def __len__(self) -> int:
        return self._columns.shape[1]

    def row(self, row: int) -> bytes:
        """Return the bytes of one row."""
        start, end = self._columns[:2, row].tolist()
        return self.buffer[start:end]

    def text(self, field: int) -> FieldSpans:
        """Return where a text field lies."""
        return self.texts(field, 1)

    def texts(self, field: int, count: int) -> FieldSpans:
        """Return where *count* text fields from *field* on lie, one column after the other."""
        place = self._places[field]
        lengths = place + self._texts
        return FieldSpans(
            starts=self._columns[place : place + count].reshape(-1),
            lengths=self._columns[lengths : lengths + count].reshape(-1),
        )

    def small(self, field: int) -> Uint8s:
        """Return a number that is below 128; 0 where there is none."""
        numbers: Uint8s = self._columns[self._places[field]].astype(np.uint8)
        return numbers

    def number(self, field: int) -> Int64s:
        """Return a number of 64 bits; 0 where there is none."""
        column: Int64s = self._columns[self._places[field]]
        return column

    def optional_number(self, field: int) -> Int64s:
        """Return a number below 2**32; `UNKNOWN_FACT` where there is none, which 0 is not."""
        # The kernel adds 1, so that 0 is none.
        return self.number(field) + UNKNOWN_FACT

    def strings(self, spans: FieldSpans) -> list[str]:
        """Decode a text field of all rows."""
        buffer = self.buffer
        try:
            return [buffer[start:end].decode() for start, end in _pairs(spans)]
        except UnicodeDecodeError:
            raise Unusual from None

    def string(self, spans: FieldSpans, row: int) -> str:
        """Decode a text field of one row."""
        start = int(spans.starts[row])
        try:
            return self.buffer[start : start + int(spans.lengths[row])].decode()
        except UnicodeDecodeError:
            raise Unusual from None

    def short_strings(self, field: int) -> Sequence[str]:
        """Decode a field of kind `FieldKind.ASCII`, if it is ASCII only when somebody asks."""
        spans = self.text(field)
        if not np.count_nonzero(spans.lengths):
            return ("",) * len(self)
        if self._not_ascii >> field & 1:
            return self.strings(spans)
        return LazyStrings(self.buffer, spans.starts, spans.starts + spans.lengths)


def _pairs(spans: FieldSpans) -> Iterator[tuple[int, int]]:
    return zip(spans.starts.tolist(), (spans.starts + spans.lengths).tolist(), strict=True)
