"""Splits long requests into parts, and joins the decisions on them.

One thread decides for everyone, and a hostile text can take a microsecond per byte. So a part holds
few rows and few bytes, and of a whole request no more than `row_truncation.MAX_BYTES` are read:
longer bodies and URLs are cut.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TypeVar

import numpy as np

from fanzha.decisions import Decisions, Detail
from fanzha.tables import Bools, Channel, Float32s
from services.rpc.decide.row_truncation import fit, max_row_bytes

Value = TypeVar("Value")

_NO_DETAIL = Detail()

PART_ROWS = 512
PART_BYTES = 131_072


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPart:
    """Some rows of a request, in its order and as they were written."""

    data: bytes
    rows: int
    cut: Mapping[int, int]
    """Bytes that are left of the bodies or URLs that were cut; 0 for a row that is empty here,
    because it cannot be cut."""


def split(channel: Channel, rows: Sequence[bytes]) -> Iterator[RequestPart]:
    """Split a request into parts; *rows* are its rows as they were written, tags included."""
    max_bytes = max_row_bytes(rows)
    kept: list[bytes] = []
    size, cut = 0, dict[int, int]()
    for row in rows:
        data, read_bytes = row, None
        if max_bytes is not None:
            # Row by row, so that the event loop turns while a long request is cut.
            fitted = fit(channel, row, max_bytes)
            data, read_bytes = fitted.data, fitted.read_bytes
        if kept and (len(kept) == PART_ROWS or size + len(data) > PART_BYTES):
            yield RequestPart(data=b"".join(kept), rows=len(kept), cut=cut)
            kept, size, cut = [], 0, {}
        if read_bytes is not None:
            cut[len(kept)] = read_bytes
        kept.append(data)
        size += len(data)
    yield RequestPart(data=b"".join(kept), rows=len(kept), cut=cut)


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
        thresholds=_join_thresholds(parts),
        monitored=_join_masks(parts),
        ids=_join_ids(parts, starts),
        # A model may fail between two parts; what it did not score is not to be cached.
        allow_cache_seconds=min(
            (part.allow_cache_seconds for part in parts if part.allow_cache_seconds is not None),
            default=None,
        ),
        block_cache_seconds=min(
            (part.block_cache_seconds for part in parts if part.block_cache_seconds is not None),
            default=None,
        ),
    )


def _join_ids(parts: Sequence[Decisions], starts: Sequence[int]) -> dict[int, int]:
    """Return the ids of rows that do not follow from that of the first row of all parts."""
    first_id = parts[0].first_id
    return {
        start + row: part.id_of(row)
        for start, part in zip(starts, parts, strict=False)
        if part.ids or part.first_id != first_id + start
        for row in range(len(part))
        if part.id_of(row) != first_id + start + row
    }


def with_read_bytes(decisions: Decisions, read_bytes: Mapping[int, int]) -> Decisions:
    """Note in the details of rows that were cut how many bytes were read."""
    if not read_bytes:
        return decisions
    known = decisions.details
    noted = {
        row: replace(known.get(row, _NO_DETAIL), read_bytes=count, truncated=True)
        for row, count in read_bytes.items()
    }
    return replace(decisions, details={**known, **noted})


def _join_thresholds(parts: Sequence[Decisions]) -> Float32s | None:
    if all(part.thresholds is None for part in parts):
        return None
    return np.concatenate(
        [
            np.full(len(part), part.threshold, np.float32)
            if part.thresholds is None
            else part.thresholds
            for part in parts
        ]
    )


def _join_masks(parts: Sequence[Decisions]) -> Bools | None:
    if all(part.monitored is None for part in parts):
        return None
    return np.concatenate(
        [np.zeros(len(p), np.bool_) if p.monitored is None else p.monitored for p in parts]
    )


def _renumber(parts: Sequence[Mapping[int, Value]], starts: Sequence[int]) -> dict[int, Value]:
    return {
        start + row: value
        for start, part in zip(starts, parts, strict=False)
        for row, value in part.items()
    }
