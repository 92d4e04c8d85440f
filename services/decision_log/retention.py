"""Removes hours that are too old, and the oldest when the log is too large."""

import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from services.decision_log import schema
from services.decision_log.partitions import HOUR_MS, SUFFIX, HourPartition, logged_hours

logger = logging.getLogger(__name__)

DAY_MS = 24 * HOUR_MS


class HourSize(NamedTuple):
    """What lies in an hour."""

    bytes: int
    """Of all files, finished or not."""
    segments: int


class RemovedHours(NamedTuple):
    """What was removed, and what is left."""

    too_old: int
    """Hours, those of each channel counted by themselves."""
    too_large: int
    """Hours removed before their time, to keep the log within its size."""
    left: HourSize
    held: int
    """Hours that would have gone but are not archived yet."""


def remove(
    root: Path,
    days: Mapping[str, int],
    max_bytes: int,
    now_ms: int,
    may_go: Callable[[HourPartition], bool] = lambda _hour: True,
) -> RemovedHours:
    """Remove what is older than the *days* of its channel, then the oldest beyond *max_bytes*.

    What *may_go* says no to stays, whatever that costs: it is in no other place.
    """
    every = sorted(hour for name in schema.ALL_FOLDERS for hour in logged_hours(root, name))
    old = {hour for hour in every if hour.end_ms <= now_ms - days[hour.channel] * DAY_MS}
    sizes = {hour: size_of(hour) for hour in every if hour not in old}
    held: set[HourPartition] = set()

    def goes(hour: HourPartition) -> bool:
        if not may_go(hour):
            held.add(hour)
        return hour not in held

    old = set(filter(goes, old))
    sizes |= {hour: size_of(hour) for hour in held}
    large = _too_large(sizes, max_bytes, now_ms, goes)
    for hour in (*old, *large):
        _drop(hour)
        sizes.pop(hour, None)
    if large:
        logger.warning(
            "the decision log was larger than %d bytes: %d hours went before their time",
            max_bytes,
            len(large),
        )
    left = HourSize(
        sum(size.bytes for size in sizes.values()), sum(size.segments for size in sizes.values())
    )
    return RemovedHours(len(old), len(large), left, len(held))


def size_of(hour: HourPartition) -> HourSize:
    """Return what lies in an hour."""
    size = segments = 0
    try:
        for path in hour.folder.iterdir():
            size += path.stat().st_size
            segments += path.suffix == SUFFIX
    except FileNotFoundError:
        # A writer renamed the file, or it was removed, while we counted.
        return HourSize(size, segments)
    return HourSize(size, segments)


def _too_large(
    sizes: Mapping[HourPartition, HourSize],
    max_bytes: int,
    now_ms: int,
    goes: Callable[[HourPartition], bool],
) -> list[HourPartition]:
    # Ended calls may be a hundred times as many as logged decisions, and must not push them out.
    ends = sorted(hour for hour in sizes if hour.channel == schema.CALL_ENDS)
    gone = _beyond(ends, sizes, max_bytes // 2, now_ms, goes)
    known = set(gone)
    left = sorted(hour for hour in sizes if hour not in known)
    return gone + _beyond(left, sizes, max_bytes, now_ms, goes)


def _beyond(
    hours: Sequence[HourPartition],
    sizes: Mapping[HourPartition, HourSize],
    max_bytes: int,
    now_ms: int,
    goes: Callable[[HourPartition], bool],
) -> list[HourPartition]:
    surplus = sum(sizes[hour].bytes for hour in hours) - max_bytes
    chosen: list[HourPartition] = []
    for hour in hours:
        # The hour that is being written stays, whatever its size.
        if surplus <= 0 or hour.end_ms > now_ms:
            break
        if goes(hour):
            surplus -= sizes[hour].bytes
            chosen.append(hour)
    return chosen


def _drop(hour: HourPartition) -> None:
    shutil.rmtree(hour.folder, ignore_errors=True)
    try:
        # The day, when that was its last hour.
        hour.folder.parent.rmdir()
    except OSError:
        return
