"""Reads one page of many rows: first where its rows are, then these rows alone."""

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

from services.decision_log.partitions import HourPartition

AT_FIRST, MOST_SEGMENTS = 3, 768
"""Segments read at once: first one of each channel, and never more than these."""
_FACTOR = 8
"""How many times as many where the first had nothing."""
_RESERVE = 1.25


class HoursNewestFirst:
    """Hours in parts, the newest first, each part as large as what the page lacks seems to need.

    Each part costs a query, so a search that finds little reads much at once; one that finds a page
    in the newest hour reads no other.
    """

    def __init__(
        self, hours: Sequence[HourPartition], segments: Callable[[HourPartition], int]
    ) -> None:
        """*segments* tells how many of an hour are to be read; hours with none are left out."""
        self._channels: dict[int, list[HourPartition]] = {}
        for hour in hours:
            self._channels.setdefault(hour.start_ms, []).append(hour)
        self._waiting = sorted(self._channels)
        self._segments = segments
        self._many, self._read = AT_FIRST, 0

    def take(self, found: int, wanted: int) -> list[HourPartition]:
        """Return the next part, where *found* of *wanted* rows were in those before; empty: none.

        What happened at one time is never split: its newest rows may be in any channel.
        """
        if self._read and found:
            self._many = ceil((wanted - found) * self._read / found * _RESERVE)
        elif self._read:
            self._many *= _FACTOR
        self._many = max(AT_FIRST, min(self._many, MOST_SEGMENTS))
        some: list[HourPartition] = []
        count = 0
        while self._waiting and count < self._many:
            for hour in self._channels[self._waiting.pop()]:
                if read := self._segments(hour):
                    some.append(hour)
                    count += read
        self._read += count
        return some


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
