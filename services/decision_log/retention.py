"""Removes hours that are too old, and the oldest when the log is too large."""

import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from services.decision_log import schema
from services.decision_log.hours import HOUR_MS, Hour, logged_hours

logger = logging.getLogger(__name__)

DAY_MS = 24 * HOUR_MS


class Removed(NamedTuple):
    """Hours removed, a channel's each counted as one."""

    too_old: int
    too_large: int
    """Removed before their time, to keep the log within its size."""


def remove(root: Path, days: Mapping[str, int], max_bytes: int, now_ms: int) -> Removed:
    """Remove what is older than the *days* of its channel, then the oldest beyond *max_bytes*."""
    every = sorted(hour for name in schema.ALL_FOLDERS for hour in logged_hours(root, name))
    old = [hour for hour in every if hour.end_ms <= now_ms - days[hour.channel] * DAY_MS]
    for hour in old:
        _drop(hour)
    gone = set(old)
    large = _too_large([hour for hour in every if hour not in gone], max_bytes, now_ms)
    for hour in large:
        _drop(hour)
    if large:
        logger.warning(
            "the decision log was larger than %d bytes: %d hours went before their time",
            max_bytes,
            len(large),
        )
    return Removed(len(old), len(large))


def size_of(hour: Hour) -> int:
    """Return the bytes of all files of an hour, finished or not."""
    size = 0
    try:
        for path in hour.folder.iterdir():
            size += path.stat().st_size
    except FileNotFoundError:
        # A writer finished one, or somebody removed it, while we counted.
        return size
    return size


def _too_large(hours: list[Hour], max_bytes: int, now_ms: int) -> list[Hour]:
    # Ended calls may be a hundred times as many as logged decisions, and must not push them out.
    ends = [hour for hour in hours if hour.channel == schema.CALL_ENDS]
    gone = _beyond(ends, max_bytes // 2, now_ms)
    known = set(gone)
    return gone + _beyond([hour for hour in hours if hour not in known], max_bytes, now_ms)


def _beyond(hours: list[Hour], max_bytes: int, now_ms: int) -> list[Hour]:
    sizes = {hour: size_of(hour) for hour in hours}
    surplus = sum(sizes.values()) - max_bytes
    chosen: list[Hour] = []
    for hour in hours:
        # The hour that is being written stays, whatever its size.
        if surplus <= 0 or hour.end_ms > now_ms:
            break
        surplus -= sizes[hour]
        chosen.append(hour)
    return chosen


def _drop(hour: Hour) -> None:
    shutil.rmtree(hour.folder, ignore_errors=True)
    try:
        # The day, when that was its last hour.
        hour.folder.parent.rmdir()
    except OSError:
        return
