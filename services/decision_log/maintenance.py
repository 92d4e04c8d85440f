"""Log maintenance: sets torn segments aside, merges small ones, removes old ones.

One process does it for a folder, however many write there: the one that holds the lock. It runs in
a thread of the parent process, every half a minute; a turn that finds nothing to do reads the
footers of the segments of two hours, and once at the start those of all.
"""

import logging
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import time

from infra import garbage_collection
from services.decision_log import compaction, retention, schema, segment_files
from services.decision_log.folder_thread import FolderThread
from services.decision_log.partitions import (
    HOUR_MS,
    HourPartition,
    logged_hours,
    segment_name,
    writer_of,
)

logger = logging.getLogger(__name__)

TURN_SECONDS = 30.0
REMOVE_EVERY_MS = 600_000
"""Interval between retention runs: half a year has twenty thousand hours to list."""
LOCK = "keeper.lock"
_STALE_SECONDS = 900.0
"""Age at which an unfinished segment of another host counts as abandoned."""
_RECENT_MS = 2 * HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionLimits:
    """How long each folder is kept, and how much all may take."""

    days: Mapping[str, int]
    max_bytes: int


@dataclass(slots=True, kw_only=True)
class MaintenanceFigures:
    """Counts of maintenance since the start, and the size of the log."""

    torn: int = 0
    joined: int = 0
    """Small segments that became part of a large one."""
    removed_old: int = 0
    removed_large: int = 0
    size: int = 0
    """Bytes, as of the last time something was to be removed; so are the segments."""
    segments: int = 0
    held: int = 0
    """Hours past their time that stay until they are archived, as of then."""
    turns: int = 0


class LogMaintenance:
    """Maintains one folder while it holds the lock."""

    def __init__(
        self,
        root: Path,
        limits: RetentionLimits,
        *,
        now_ms: Callable[[], int],
        turn_seconds: float = TURN_SECONDS,
        may_go: Callable[[HourPartition], bool] = lambda _hour: True,
    ) -> None:
        """Remove no hour that *may_go* says no to."""
        self.figures = MaintenanceFigures()
        self._root = root
        self._limits = limits
        self._now_ms = now_ms
        self._turn_seconds = turn_seconds
        self._may_go = may_go
        self._looked_at_all = False
        self._remove_next_ms = 0
        self._number = 0
        self._thread = FolderThread(root / LOCK, name="log-keeper")

    def start(self) -> None:
        """Start maintenance in a thread."""
        self._thread.start(
            self.turn,
            every_seconds=self._turn_seconds,
            task="decision log maintenance",
            logger=logger,
        )

    def close(self, seconds: float) -> None:
        """Stop after the current turn, and release the lock."""
        self._thread.close(seconds)

    def turn(self) -> bool:
        """Run one turn; False when another process holds the lock."""
        if not self._thread.holds_lock():
            return False
        now_ms = self._now_ms()
        since_ms = now_ms - _RECENT_MS if self._looked_at_all else 0
        torn: list[Path] = []
        read_whole = 0
        for folder in schema.ALL_FOLDERS:
            for hour in logged_hours(self._root, folder, since_ms):
                torn += segment_files.unfinished_of_the_dead(hour, _is_alive)
                compaction.remove_replaced(hour, torn)
                joined = compaction.compact(hour, self._name, now_ms, torn)
                self.figures.joined += joined
                read_whole += joined
                if folder in schema.FOLDERS.values():
                    read_whole += compaction.write_keys(hour, now_ms, torn)
        if read_whole:
            # This thread has a heap of its own, which would keep what an hour of rows took.
            garbage_collection.return_free_memory()
        self._looked_at_all = True
        self.figures.torn += len(torn)
        self.figures.turns += 1
        if now_ms >= self._remove_next_ms:
            self._remove_next_ms = now_ms + REMOVE_EVERY_MS
            self._remove(now_ms)
        return True

    def _remove(self, now_ms: int) -> None:
        limits, figures = self._limits, self.figures
        removed = retention.remove(self._root, limits.days, limits.max_bytes, now_ms, self._may_go)
        figures.removed_old += removed.too_old
        figures.removed_large += removed.too_large
        figures.size, figures.segments = removed.left
        figures.held = removed.held

    def _name(self) -> str:
        self._number = max(self._now_ms(), self._number + 1)
        return segment_name(socket.gethostname(), os.getpid(), self._number, joined=True)


def _is_alive(path: Path) -> bool:
    """Return whether a live process may still be writing an unfinished segment."""
    try:
        fresh = time() - path.stat().st_mtime < _STALE_SECONDS
    except FileNotFoundError:
        return True  # just finished
    writer, here = writer_of(path), writer_of(Path(segment_name(socket.gethostname(), 1, 0)))
    if writer is None or here is None or writer[0] != here[0]:
        return fresh
    return fresh and _runs(writer[1])


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
