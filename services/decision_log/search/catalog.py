"""Remembers footers and keys of segments, which never change under their name.

A search over months lists thousands of segments; reading each footer again would take seconds. What
a compaction or retention removed is forgotten as the least recently used.
"""

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from services.decision_log import segment_files
from services.decision_log.partitions import HourPartition
from services.decision_log.search import segment_keys
from services.decision_log.search.segment_keys import Hashes
from services.decision_log.segment_files import SegmentFooter

_MOST_FOOTERS, _MOST_KEYS = 50_000, 8_192
"""Of footers, two hundred bytes each; of keys, each a mapped file."""
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

    def segments(
        self, hours: Sequence[HourPartition], torn: list[Path], wanted: Sequence[int] = ()
    ) -> list[Path]:
        """Return the segments of *hours* that may have all keys of *wanted*."""
        return [
            segment.path
            for hour in hours
            for segment in segment_files.readable(hour, torn, self._footer)
            if not wanted or self._may_have(segment.path, wanted)
        ]

    def written(self, hours: Sequence[HourPartition], torn: list[Path]) -> list[Path]:
        """Return the segments of *hours* that a writer wrote, not a compaction."""
        return [
            segment.path
            for hour in hours
            for segment in segment_files.readable(hour, torn, self._footer)
            if not segment.notes.replaces
        ]

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
