"""Counts of the current minute in a mapped file, which the processes of one host add to together.

Each place holds a minute and a count in eight bytes, written at once and without a lock: a process
that is stopped can hold up no other. Two processes that add at the same moment may lose one of the
additions, so a limit may be passed by what one of them adds, never fallen short of.
"""

import mmap
import struct
from pathlib import Path
from typing import Self

from infra.mapped.mapped_file import map_file

_CELL = struct.Struct("<II")
"""Minutes since the Unix epoch, and the count."""


class MinuteCounts:
    """Counts in *memory*, eight bytes a place."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory

    @classmethod
    def on_file(cls, path: Path, *, places: int) -> Self:
        """Share *path* with other processes; `OSError` where there is no room for it."""
        return cls(map_file(path, places * _CELL.size))

    @classmethod
    def in_memory(cls, *, places: int) -> Self:
        """Count in this process alone."""
        return cls(mmap.mmap(-1, places * _CELL.size))

    def take(self, place: int, wanted: int, *, most: int, now_s: int) -> int:
        """Add as much of *wanted* as leaves the count of this minute at *most*; return how much."""
        at, minute = place * _CELL.size, now_s // 60
        counted_in, count = _CELL.unpack_from(self._memory, at)
        if counted_in != minute:
            count = 0
        taken: int = max(0, min(wanted, most - count))
        self._memory[at : at + _CELL.size] = _CELL.pack(minute, count + taken)
        return taken
