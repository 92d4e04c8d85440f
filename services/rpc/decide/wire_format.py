"""Decodes the rows of batch requests column by column, straight from their bytes.

A request is a sequence of field 1, each a row; a row is its fields in ascending order, as every
protobuf library writes them. `heads` finds the rows, in the only loop; `WireRows` then decodes one
field of all rows at a time. Bytes in any other form raise `Unusual`: protobuf decodes them, and
says what is wrong if anything is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import overload

import numpy as np

from fanzha.party_columns import WIDTH
from fanzha.swar import EIGHT, FIRST, HIGHEST_BITS, integers, six_byte_varints, varints
from fanzha.tables import MAX_ROWS, UNKNOWN_FACT, Bools, Int64s, Uint8s

_ROW = 0x0A
_VARINT, _BYTES = 0, 2
_FIXED = {1: 8, 5: 4}
"""Bytes of the fields that have no length, by their wire type."""
_MORE, _LOW = 0x80, 0x7F
_LONGEST_SHIFT = 63
_TAGS = bytes([_ROW]) * MAX_ROWS
_MANY = 8
"""Requests from which on they are small ones, with few rows each."""
_BEFORE, _AFTER = bytes(WIDTH), bytes(96)
"""Around the requests, so that what is short may be read together with what is beside it."""


class Unusual(Exception):
    """These bytes are left to protobuf."""


def heads(request: bytes) -> Sequence[int]:
    """Find where each row of a request begins, its tag included."""
    at, size = 0, len(request)
    # Rows of one length, as those of mobile numbers are, need no look at each.
    width = request[1] + 2 if size > 1 else 0
    rows = size // width if width else 0
    if 0 < rows * width == size and rows <= MAX_ROWS and width <= _LOW + 2:
        tags, lengths = request[::width], request[1::width]
        if tags == _TAGS[:rows] and lengths.count(lengths[0]) == rows:
            return range(0, size, width)
    found: list[int] = []
    try:
        for _ in repeat(None, MAX_ROWS):
            if at >= size:
                break
            if request[at] != _ROW:
                raise Unusual
            found.append(at)
            length = request[at + 1]
            at += 2
            if length > _LOW:
                length += (request[at] << 7) - _MORE
                if length >= 1 << 14:
                    raise Unusual
                at += 1
            at += length
    except IndexError:
        raise Unusual from None
    if at != size or not found:
        raise Unusual
    return found


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


class LazyStrings(Sequence[str]):
    """A column of texts, each decoded when it is read, from *starts* to *ends* of UTF-8."""

    def __init__(self, buffer: bytes, starts: Int64s, ends: Int64s) -> None:
        self._buffer = buffer
        self._starts = starts
        self._ends = ends

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        """Decode one text; take a part of the column."""
        if isinstance(index, slice):
            return LazyStrings(self._buffer, self._starts[index], self._ends[index])
        return self._buffer[self._starts[index] : self._ends[index]].decode()


class WireRows:
    """The rows of one or several requests, read field by field in ascending order."""

    def __init__(self, requests: Sequence[bytes], heads: Sequence[Sequence[int]]) -> None:
        self.buffer = b"".join((_BEFORE, *requests, _AFTER))
        self._bytes: Uint8s = np.frombuffer(self.buffer, np.uint8)
        self._integers = integers(self.buffer)
        tags = _together(requests, heads)
        self._ends = np.empty_like(tags)
        self._ends[:-1] = tags[1:]
        self._ends[-1] = len(self.buffer) - len(_AFTER)
        self.starts = tags + 2
        self.starts += self._bytes.take(tags + 1) > _LOW
        # Where the next field of each row is. It only grows, so what goes beyond its row stays
        # there for `close` to see, and until then reads the last bytes of all.
        self._at = self.starts

    def __len__(self) -> int:
        return len(self.starts)

    def row(self, row: int) -> bytes:
        """Return the bytes of one row."""
        return self.buffer[self.starts[row] : self._ends[row]]

    def text(self, field: int) -> FieldSpans:
        """Take a text field."""
        here = self._have(field << 3 | _BYTES)
        everywhere = _all(here)
        starts = self._at + 2
        lengths: Int64s = self._bytes.take(self._at + 1, mode="clip").astype(np.int64)
        if not everywhere:
            lengths *= here
        if np.maximum.reduce(lengths) > _LOW:
            # A length of three bytes comes out as 2**14 or more, and no row has that many.
            long = lengths > _LOW
            more = self._bytes.take(starts, mode="clip")
            lengths += np.multiply(more, long, dtype=np.int64) * _MORE
            lengths -= long * _MORE
            starts += long
        ends = starts + lengths
        self._at = ends if everywhere else np.where(here, ends, self._at)
        return FieldSpans(starts=starts, lengths=lengths)

    def small(self, field: int) -> Uint8s:
        """Take a number that is below 128 wherever somebody knows it; 0 where there is none."""
        here = self._have(field << 3 | _VARINT)
        found = int(np.count_nonzero(here))
        if not found:
            return np.zeros(len(here), np.uint8)
        numbers: Uint8s = self._bytes.take(self._at + 1, mode="clip")
        if found < len(here):
            numbers *= here
        if np.maximum.reduce(numbers) > _LOW:
            raise Unusual
        self._at = self._at + 2 * here
        return numbers

    def number(self, field: int) -> Int64s:
        """Take a number of up to 56 bits; 0 where there is none."""
        here = self._have(field << 3 | _VARINT)
        eights = self._integers[np.minimum(self._at + 1, len(self._integers) - 1)]
        if _all(here):
            times = six_byte_varints(eights)
            if times is not None:
                self._at = self._at + 7
                return times
        numbers, sizes = varints(eights)
        if not _all(sizes):
            raise Unusual
        self._at = self._at + (sizes + np.uint8(1)) * here
        return numbers * here

    def optional_number(self, field: int) -> Int64s:
        """Take a number of up to 32 bits; `UNKNOWN_FACT` where there is none, which 0 is not."""
        here = self._have(field << 3 | _VARINT)
        if not np.count_nonzero(here):
            return np.full(len(here), UNKNOWN_FACT, np.int64)
        eights = self._integers[np.minimum(self._at + 1, len(self._integers) - 1)]
        numbers, sizes = varints(eights)
        numbers = np.where(here, numbers, UNKNOWN_FACT)
        if not _all(sizes) or np.maximum.reduce(numbers) >= 1 << 32:
            raise Unusual
        self._at = self._at + (sizes + np.uint8(1)) * here
        return numbers

    def last_text(self, field: int) -> FieldSpans | None:
        """Take a text field that few requests have, then `close`; None where no row has it."""
        if self.ended():
            return None
        spans = self.text(field)
        self.close()
        return spans

    def ended(self) -> bool:
        """Tell whether no row has another field."""
        return not np.count_nonzero(self._at != self._ends)

    def close(self) -> None:
        """Insist that nothing is left: no field unknown, in another order, or beyond its row."""
        if not self.ended():
            raise Unusual

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

    def short_strings(self, spans: FieldSpans) -> Sequence[str]:
        """Decode a text field of up to 64 bytes, of ASCII only when somebody asks for it."""
        longest = int(np.maximum.reduce(spans.lengths))
        if not longest:
            return ("",) * len(spans.lengths)
        for done in range(0, longest, EIGHT):
            within = FIRST.take(spans.lengths - done, mode="clip")
            if np.count_nonzero(self._integers[spans.starts + done] & within & HIGHEST_BITS):
                return self.strings(spans)
        return LazyStrings(self.buffer, spans.starts, spans.starts + spans.lengths)

    def _have(self, tag: int) -> Bools:
        here: Bools = self._bytes.take(self._at, mode="clip") == tag
        if tag == _ROW:
            # At the end of a row stands the tag of the next.
            here &= self._at < self._ends
        return here


def _all(column: Bools | Uint8s) -> bool:
    return int(np.count_nonzero(column)) == len(column)


def _pairs(spans: FieldSpans) -> Iterator[tuple[int, int]]:
    return zip(spans.starts.tolist(), (spans.starts + spans.lengths).tolist(), strict=True)


def _together(requests: Sequence[bytes], heads: Sequence[Sequence[int]]) -> Int64s:
    """Return where the rows begin when the requests lie one after the other."""
    at, placed = WIDTH, []
    for request, head in zip(requests, heads, strict=True):
        placed.append((at, head))
        at += len(request)
    if len(placed) < _MANY:
        return np.concatenate([_positions(head) + first for first, head in placed])
    return np.array([first + tag for first, head in placed for tag in head], np.int64)


def _positions(head: Sequence[int]) -> Int64s:
    if isinstance(head, range):
        return np.arange(head.start, head.stop, head.step)
    return np.array(head, np.int64)
