"""Reads one page of many rows: first where its rows are, then these rows alone."""

from collections.abc import Iterator, Sequence
from typing import Any

from services.decision_log.partitions import HourPartition

MOST_HOURS = 256
"""Hours read at once, of each channel."""


def newest_first(hours: Sequence[HourPartition], at_first: int) -> Iterator[list[HourPartition]]:
    """Return *hours* in parts, the newest first: some *at_first*, then twice as many each time."""
    channels: dict[int, list[HourPartition]] = {}
    for hour in hours:
        channels.setdefault(hour.start_ms, []).append(hour)
    waiting, many = sorted(channels, reverse=True), at_first
    while waiting:
        some, waiting = waiting[:many], waiting[many:]
        yield [hour for start_ms in some for hour in channels[start_ms]]
        many = min(many * 2, MOST_HOURS)


PLACES = (
    "read_parquet(?, union_by_name = true, hive_partitioning = false, filename = true, "
    "file_row_number = true)"
)


def rows_at(connection: Any, places: Sequence[tuple[str, int, int]]) -> list[dict[str, Any]]:
    """Return the rows at places, each a file, a row in it and a decision id, in this order."""
    if not places:
        return []
    files, numbers, ids = zip(*places, strict=True)
    answer = connection.execute(
        f"SELECT * FROM {PLACES} WHERE file_row_number IN (SELECT unnest(CAST(? AS BIGINT[]))) "  # noqa: S608
        "AND decision_id IN (SELECT unnest(CAST(? AS UBIGINT[])))",
        [sorted(set(files)), list(numbers), list(ids)],
    )
    found = {(row.pop("filename"), row.pop("file_row_number")): row for row in dicts(answer)}
    return [found[file, number] for file, number, _ in places]


def dicts(answer: Any) -> list[dict[str, Any]]:
    """Return the rows of an answer of DuckDB, by name of the column."""
    names = [column[0] for column in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
