"""Cuts long requests into parts that are decided one after the other, with others in between.

One thread decides for everybody, and reading a byte of text takes up to a microsecond where it is
written to be slow. So a part holds few rows and few bytes, and of a whole request no more than
`MOST_BYTES` are read: the shortest rows, so that ordinary ones are not the ones to be left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fanzha.tables import Int64s

PART_ROWS = 512
PART_BYTES = 131_072
MOST_BYTES = 2**21
"""Bytes of rows that are read of one request: 4,096 rows of 512 fit."""
NOT_READ = f"row: not read, the request holds more than {MOST_BYTES} bytes of rows"
"""What the answer says of the others."""

_EMPTY_ROW = b"\x0a\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPart:
    """Some rows of a request, in its order and as it was written."""

    data: bytes
    heads: Sequence[int]
    """Where each row begins."""
    unread: Sequence[int]
    """The rows that stand empty here, because the request holds too much."""


def parts(rows: Sequence[bytes]) -> Iterator[RequestPart]:
    """Cut a request into parts; *rows* are its rows as they are written, tags included."""
    left_out = past_budget(np.fromiter(map(len, rows), np.int64, len(rows)), MOST_BYTES)
    kept: list[bytes] = []
    size, heads, unread = 0, list[int](), list[int]()
    for row, data in enumerate(rows):
        written = _EMPTY_ROW if row in left_out else data
        if kept and (len(kept) == PART_ROWS or size + len(written) > PART_BYTES):
            yield RequestPart(data=b"".join(kept), heads=heads, unread=unread)
            kept, size, heads, unread = [], 0, [], []
        if row in left_out:
            unread.append(len(kept))
        heads.append(size)
        kept.append(written)
        size += len(written)
    yield RequestPart(data=b"".join(kept), heads=heads, unread=unread)


def past_budget(lengths: Int64s, most: int) -> frozenset[int]:
    """Return the rows to leave out so that the others have *most* bytes, the longest ones."""
    if int(lengths.sum()) <= most:
        return frozenset()
    order = np.argsort(lengths, kind="stable")
    fits = int(np.searchsorted(np.cumsum(lengths[order]), most, side="right"))
    return frozenset(order[fits:].tolist())
