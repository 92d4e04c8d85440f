"""Merges small segments into few large ones, so that a query over a day opens tens of files.

The new segment names those it was made of; they are removed once it is on the disk. A crash in
between leaves both, and the old ones do not count: readers see their names in the new one's notes,
and the next turn removes them.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from services.decision_log import schema, segment_files
from services.decision_log.partitions import HourPartition
from services.decision_log.search import segment_keys
from services.decision_log.segment_files import LogSegment, SegmentMetadata

MANY = 24
"""Small segments of the current hour that are worth a merge."""
SMALL_BYTES = 8 * 2**20
"""A segment below this size is small, in an hour that is not over."""
FULL_BYTES = 64 * 2**20
"""A segment above this size is not merged: the result would only be slow to write."""
SETTLED_MS = 120_000
"""Time after the end of an hour when no writer adds to it any more."""


def remove_replaced(hour: HourPartition, torn: list[Path]) -> int:
    """Remove segments that were replaced, where a crash left them; return how many."""
    gone = segment_files.replaced(hour, torn)
    for path in gone:
        _remove(path)
    return len(gone)


def write_keys(hour: HourPartition, now_ms: int, torn: list[Path]) -> int:
    """Write the keys of the segments of an hour that is over, where this release wrote none."""
    if now_ms <= hour.end_ms + SETTLED_MS:
        return 0
    bare = [path for path in hour.segments() if not segment_keys.current(path)]
    for path in bare:
        with suppress(FileNotFoundError):  # it was removed meanwhile
            segment_keys.write(path, torn)
    return len(bare)


def compact(hour: HourPartition, name: Callable[[], str], now_ms: int, torn: list[Path]) -> int:
    """Make one segment of those of an hour that are worth it; return how many they were."""
    small = _small(hour, now_ms, torn)
    if not small:
        return 0
    notes = SegmentMetadata(
        first_ms=min(segment.notes.first_ms for segment in small),
        dropped=sum(segment.notes.dropped for segment in small),
        replaces=[segment.path.name for segment in small],
    )
    columns = schema.OF_FOLDER[hour.channel]
    segment_files.write(_joined(small, columns, torn), columns, hour.folder / name(), notes)
    for segment in small:
        _remove(segment.path)
    return len(small)


def is_worth_it(hour: HourPartition, now_ms: int) -> bool:
    """Return whether `compact` would merge segments of an hour."""
    return bool(_small(hour, now_ms, []))


def _small(hour: HourPartition, now_ms: int, torn: list[Path]) -> list[LogSegment]:
    """Return the segments of an hour that are to be merged; none where that is not worth it."""
    over = now_ms > hour.end_ms + SETTLED_MS
    limit = FULL_BYTES if over else SMALL_BYTES
    small = [
        segment
        for segment in segment_files.readable(hour, torn)
        if segment.path.stat().st_size < limit
    ]
    return small if len(small) >= (2 if over else MANY) else []


def _remove(segment: Path) -> None:
    segment.unlink(missing_ok=True)
    segment_keys.path_of(segment).unlink(missing_ok=True)


def completed(part: pa.Table, columns: pa.Schema) -> pa.Table:
    """Add the columns that an earlier version did not write, as nulls."""
    for field in columns:
        if field.name not in part.column_names:
            part = part.append_column(field, pa.nulls(len(part), field.type))
    return part.select(columns.names)


def _joined(
    segments: Sequence[LogSegment], columns: pa.Schema, torn: list[Path]
) -> Iterator[pa.Table]:
    """Read segments, and give their rows in groups that are good to read."""
    pending: list[pa.Table] = []
    for segment in segments:
        for part in segment_files.tables(segment.path, columns.names, (), torn):
            pending.append(completed(part, columns).cast(columns))
            if sum(map(len, pending)) >= segment_files.ROW_GROUP:
                yield pa.concat_tables(pending)
                pending = []
    if pending:
        yield pa.concat_tables(pending)
