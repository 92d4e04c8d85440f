"""Remembers footers and keys of segments, which never change under their name.

A search over months lists thousands of segments; reading each footer again would take seconds, and
listing each folder some tenths. So a folder is listed again only once its time of change differs.
What a compaction or retention removed is forgotten as the least recently used.
"""

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from services.decision_log import segment_files
from services.decision_log.partitions import HourPartition, hours_of, logged_days
from services.decision_log.search import segment_keys
from services.decision_log.search.segment_keys import Hashes
from services.decision_log.segment_files import LogSegment, SegmentFooter

_MOST_FOOTERS, _MOST_KEYS, _MOST_FOLDERS = 50_000, 24_576, 50_000
"""Of footers, two hundred bytes each; of keys, each a mapped file, of which a process may have
65,530; of folders of days and hours."""
_SETTLED_NS = 2_000_000_000
"""Age of a folder's last change from which another one has another time, for all file systems."""
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class BoundedMemo(Generic[_Key, _Value]):
    """A mapping that forgets what was not asked for longest. For several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[_Key, _Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: _Key) -> _Value | None:
        """Return what is known."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
            return self._known.get(key)

    def put(self, key: _Key, value: _Value) -> None:
        """Remember *value*."""
        with self._lock:
            self._known[key] = value
            self._known.move_to_end(key)
            if len(self._known) > self._most:
                self._known.popitem(last=False)


class SegmentCatalog:
    """The segments of one log, as far as they were looked at. For several threads."""

    def __init__(self) -> None:
        self._footers: BoundedMemo[tuple[str, int, int], SegmentFooter] = BoundedMemo(_MOST_FOOTERS)
        self._keys: BoundedMemo[str, Hashes] = BoundedMemo(_MOST_KEYS)
        self._hours: BoundedMemo[str, tuple[int, list[LogSegment]]] = BoundedMemo(_MOST_FOLDERS)
        self._files: BoundedMemo[str, tuple[int, list[Path]]] = BoundedMemo(_MOST_FOLDERS)
        self._days: BoundedMemo[str, tuple[int, list[HourPartition]]] = BoundedMemo(_MOST_FOLDERS)

    def hours(self, root: Path, channel: str, since_ms: int = 0) -> list[HourPartition]:
        """Return the same as `partitions.logged_hours`."""
        return [
            hour
            for day in logged_days(root, channel, since_ms)
            for hour in _remembered(self._days, day, lambda day=day: hours_of(day, channel))  # type: ignore[misc]
            if hour.end_ms > since_ms
        ]

    def segments(
        self, hours: Sequence[HourPartition], torn: list[Path], wanted: Sequence[int] = ()
    ) -> list[Path]:
        """Return the segments of *hours* that may have all keys of *wanted*."""
        return [
            segment.path
            for hour in hours
            if not wanted or self._may_be_in(hour, wanted)
            for segment in self._readable(hour, torn)
            if not wanted or self._may_have(segment.path, wanted)
        ]

    def written(self, hours: Sequence[HourPartition], torn: list[Path]) -> list[Path]:
        """Return the segments of *hours* that a writer wrote, not a compaction."""
        return [
            segment.path
            for hour in hours
            for segment in self._readable(hour, torn)
            if not segment.notes.replaces
        ]

    def _may_be_in(self, hour: HourPartition, wanted: Sequence[int]) -> bool:
        """Return False for an hour whose only segment lacks a key, without reading its footer."""
        files = _remembered(self._files, hour.folder, hour.segments)
        return len(files) != 1 or self._may_have(files[0], wanted)

    def _readable(self, hour: HourPartition, torn: list[Path]) -> list[LogSegment]:
        return _remembered(
            self._hours, hour.folder, lambda: segment_files.readable(hour, torn, self._footer)
        )

    def _may_have(self, segment: Path, wanted: Sequence[int]) -> bool:
        name = str(segment)
        keys = self._keys.get(name)
        if keys is None:
            keys = segment_keys.read(segment)
            if keys is None:
                return True
            self._keys.put(name, keys)
        return segment_keys.has_all(keys, wanted)

    def _footer(self, path: Path) -> SegmentFooter:
        state = path.stat()
        key = (str(path), state.st_mtime_ns, state.st_size)
        footer = self._footers.get(key)
        if footer is None:
            footer = segment_files.read_footer(path)
            self._footers.put(key, footer)
        return footer


def _remembered(
    known: BoundedMemo[str, tuple[int, list[_Value]]],
    folder: Path,
    look: Callable[[], list[_Value]],
) -> list[_Value]:
    """Return what *look* says of a folder, which it is asked again once the folder has changed."""
    name = str(folder)
    try:
        changed_ns = os.stat(name).st_mtime_ns  # noqa: PTH116 - a third of the time of Path.stat
    except OSError:
        return []
    held = known.get(name)
    if held is not None and held[0] == changed_ns:
        return held[1]
    found = look()
    if time.time_ns() - changed_ns > _SETTLED_NS:
        known.put(name, (changed_ns, found))
    return found
