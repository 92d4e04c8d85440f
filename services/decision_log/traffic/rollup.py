"""Counts decisions by minute, from roll-ups of segments that are made once and remembered.

A segment never changes, so its roll-up (a row for each minute, action, reason and kind of fraud) is
made when it is first asked for; a view then reads only segments that are new. The first view of a
day with ten million decisions takes a second or two, each later one some milliseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from services.decision_log import schema, segment_files
from services.decision_log.partitions import logged_hours
from services.decision_log.search.catalog import BoundedMemo, SegmentCatalog

MINUTE_MS = 60_000
_MOST_ROLLUPS = 16_384
_WORDS = ("channel", "action", "reason", "fraud_type")
_COLUMNS = (*_WORDS, "decided_at_ms", "monitored", "weight")
_GROUP = ("minute", *_WORDS, "monitored")
_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficCount:
    """How many decisions have these in common; what was not asked for is empty."""

    start_ms: int = 0
    """Where the bucket of time begins."""
    channel: str = ""
    action: str = ""
    reason: str = ""
    fraud_type: str = ""
    monitored: bool = False
    logged: int
    """Logged decisions."""
    events: int
    """How many they stand for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficSummary:
    """The traffic of a period."""

    since_ms: int
    until_ms: int
    by_time: Sequence[TrafficCount]
    """By bucket, channel and action; the oldest first."""
    by_reason: Sequence[TrafficCount]
    """By channel, action, reason, kind of fraud and whether only monitored; most events first."""
    torn: Sequence[Path]
    """Segments that could not be read, and are left out."""


class TrafficRollup:
    """Counts the decisions of the log in one folder. Blocking: call it from a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._catalog = SegmentCatalog()
        self._rollups: BoundedMemo[tuple[str, int], pa.Table] = BoundedMemo(_MOST_ROLLUPS)

    def summary(self, since_ms: int, until_ms: int, *, bucket_ms: int) -> TrafficSummary:
        """Count what was decided from *since_ms* on, before *until_ms*, both whole minutes."""
        torn: list[Path] = []
        parts = [self._rolled_up(path, torn) for path in self._segments(since_ms, until_ms, torn)]
        table = pa.concat_tables([_NOTHING, *(part for part in parts if part is not None)])
        minute = table.column("minute")
        inside = pc.and_(
            pc.greater_equal(minute, since_ms // MINUTE_MS), pc.less(minute, until_ms // MINUTE_MS)
        )
        table = table.filter(inside)
        bucket = bucket_ms // MINUTE_MS
        start_ms = pc.multiply(pc.divide(table.column("minute"), bucket), bucket_ms)
        table = table.append_column("start_ms", start_ms)
        by_time = _sum(table, ("start_ms", "channel", "action"))
        by_reason = _sum(table, (*_WORDS, "monitored"))
        return TrafficSummary(
            since_ms=since_ms,
            until_ms=until_ms,
            by_time=sorted(by_time, key=lambda one: (one.start_ms, one.channel, one.action)),
            by_reason=sorted(by_reason, key=lambda one: (-one.events, one.channel, one.reason)),
            torn=tuple(torn),
        )

    def _segments(self, since_ms: int, until_ms: int, torn: list[Path]) -> list[Path]:
        hours = [
            hour
            for folder in schema.FOLDERS.values()
            for hour in logged_hours(self._folder, folder, since_ms)
            if hour.start_ms < until_ms
        ]
        return self._catalog.segments(hours, torn)

    def _rolled_up(self, path: Path, torn: list[Path]) -> pa.Table | None:
        """Return the roll-up of a segment; None where a compaction just replaced it."""
        try:
            key = str(path), path.stat().st_mtime_ns
            known = self._rollups.get(key)
            if known is None:
                known = _roll_up(path, torn)
                self._rollups.put(key, known)
        except FileNotFoundError:
            # Its rows are missing from this one answer; the next one has the segment they went to.
            return None
        return known


def _roll_up(path: Path, torn: list[Path]) -> pa.Table:
    parts = [_grouped(table) for table in segment_files.tables(path, _COLUMNS, _WORDS, torn)]
    return pa.concat_tables([_NOTHING, *parts])


def _grouped(table: pa.Table) -> pa.Table:
    minutes = pc.divide(table.column("decided_at_ms"), MINUTE_MS)
    words = {name: pc.fill_null(table.column(name).cast(pa.string()), "") for name in _WORDS}
    monitored = pc.fill_null(table.column("monitored"), False)
    weights = table.column("weight").cast(pa.int64())
    whole = pa.table({"minute": minutes, **words, "monitored": monitored, "weight": weights})
    sums = whole.group_by(list(_GROUP)).aggregate([("weight", "count"), ("weight", "sum")])
    return (
        sums.rename_columns({"weight_count": "logged", "weight_sum": "events"})
        .select(_NOTHING.column_names)
        .cast(_NOTHING.schema)
    )


def _sum(table: pa.Table, names: Sequence[str]) -> list[TrafficCount]:
    sums: Any = table.group_by(list(names)).aggregate([("logged", "sum"), ("events", "sum")])
    return [
        TrafficCount(logged=row.pop("logged_sum"), events=row.pop("events_sum"), **row)
        for row in sums.to_pylist()
    ]


_NOTHING = pa.schema(
    [
        ("minute", pa.int64()),
        *((name, pa.string()) for name in _WORDS),
        ("monitored", pa.bool_()),
        ("logged", pa.int64()),
        ("events", pa.int64()),
    ]
).empty_table()
