"""Splits long requests into parts, and joins the decisions on them.

One thread decides for everyone, and a hostile text can take a microsecond per byte. So a part holds
few rows and few bytes, and no more than `MAX_BYTES` of a whole request are read: the shortest rows,
so that ordinary ones are not left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TypeVar

import numpy as np

from fanzha.decisions import Decisions
from fanzha.tables import Int64s

Value = TypeVar("Value")

PART_ROWS = 512
PART_BYTES = 131_072
MAX_BYTES = 2**21
"""Bytes of rows that are read of one request; 4,096 rows of 512 bytes fit."""
NOT_READ = f"row: not read, the request holds more than {MAX_BYTES} bytes of rows"
"""The error of the rows beyond."""

_EMPTY_ROW = b"\x0a\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPart:
    """Some rows of a request, in its order and as they were written."""

    data: bytes
    heads: Sequence[int]
    """Where each row begins."""
    unread: Sequence[int]
    """The rows that are empty here, because the request holds too many bytes."""


def split(rows: Sequence[bytes]) -> Iterator[RequestPart]:
    """Split a request into parts; *rows* are its rows as they were written, tags included."""
    left_out = past_budget(np.fromiter(map(len, rows), np.int64, len(rows)), MAX_BYTES)
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


def past_budget(lengths: Int64s, max_bytes: int) -> frozenset[int]:
    """Return the rows to leave out so that the others fit into *max_bytes*, the longest ones."""
    if int(lengths.sum()) <= max_bytes:
        return frozenset()
    order = np.argsort(lengths, kind="stable")
    fits = int(np.searchsorted(np.cumsum(lengths[order]), max_bytes, side="right"))
    return frozenset(order[fits:].tolist())


def join_decisions(parts: Sequence[Decisions]) -> Decisions:
    """Join the decisions on parts that share a snapshot, models and consecutive ids."""
    first = parts[0]
    if len(parts) == 1:
        return first
    starts = list(accumulate(map(len, parts), initial=0))
    return replace(
        first,
        actions=np.concatenate([part.actions for part in parts]),
        reasons=np.concatenate([part.reasons for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
        entries=np.concatenate([part.entries for part in parts]),
        details=_renumber([part.details for part in parts], starts),
        would_block=_renumber([part.would_block for part in parts], starts),
    )


def _renumber(parts: Sequence[Mapping[int, Value]], starts: Sequence[int]) -> dict[int, Value]:
    return {
        start + row: value
        for start, part in zip(starts, parts, strict=False)
        for row, value in part.items()
    }
