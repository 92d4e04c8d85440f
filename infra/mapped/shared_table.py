"""Short values by key in a mapped file, shared by the processes of one host without locks.

A table of fixed size with open addressing: the value of a key lies in one of `PROBES` slots. A
value holds for a time and is then as good as gone. Where all slots of a key hold, the oldest value
makes room. Two processes may write one slot at a time: its checksum then fails, and it is empty to
all readers. So a table may forget a value, but never gives a wrong one.
"""

import mmap
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Self

from infra.mapped.mapped_file import map_file

SLOT_BYTES = 512
PROBES = 8
"""Slots in which the value of a key may lie."""
_HEADER = struct.Struct("<8s8sQHxxI")
"""Name, contents and time of a value, its length, and the checksum of these and of the value."""
MAX_VALUE_BYTES = SLOT_BYTES - _HEADER.size
_KEY_BYTES = 8


class PutOutcome(IntEnum):
    """Where a value was put."""

    FREE = 0
    """In a slot that was empty or no longer holds."""
    EVICTED = 1
    """In place of the oldest, which still held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundValue:
    """What a table holds for a key."""

    value: bytes | None
    """None where there is none."""
    other_contents: bool = False
    """Whether the name holds with other contents only."""


class SharedTable:
    """A table in *memory*, whose length is a multiple of `SLOT_BYTES`."""

    def __init__(self, memory: mmap.mmap, *, holds_ms: int) -> None:
        self._memory = memory
        self._slots = len(memory) // SLOT_BYTES
        self._holds_ms = holds_ms

    @classmethod
    def on_file(cls, path: Path, *, slots: int, holds_ms: int) -> Self:
        """Share *path* with other processes; `OSError` where there is no room for it."""
        return cls(map_file(path, slots * SLOT_BYTES), holds_ms=holds_ms)

    @classmethod
    def in_memory(cls, *, slots: int, holds_ms: int) -> Self:
        """Build a table of this process alone."""
        return cls(mmap.mmap(-1, slots * SLOT_BYTES), holds_ms=holds_ms)

    def find(self, name: bytes, contents: bytes, now_ms: int) -> FoundValue:
        """Find the value of a key of two hashes, of 8 bytes each."""
        other = False
        for at in self._places(name):
            if self._memory[at : at + _KEY_BYTES] != name:
                continue
            head = self._memory[at : at + _HEADER.size]
            value = self._value(at, head, now_ms)
            if value is None:
                continue
            if head[_KEY_BYTES : 2 * _KEY_BYTES] == contents:
                return FoundValue(value=value)
            other = True
        return FoundValue(value=None, other_contents=other)

    def put(self, name: bytes, contents: bytes, value: bytes, now_ms: int) -> PutOutcome:
        """Put a value of up to `MAX_VALUE_BYTES`."""
        if len(value) > MAX_VALUE_BYTES:
            raise ValueError(f"value: {len(value)} bytes, at most {MAX_VALUE_BYTES}")
        oldest, oldest_ms = -1, now_ms
        for at in self._places(name):
            head = self._memory[at : at + _HEADER.size]
            found_name, found_contents, put_ms, _, _ = _HEADER.unpack(head)
            is_same = found_name == name and found_contents == contents
            if not put_ms or is_same or self._value(at, head, now_ms) is None:
                self._write(at, name, contents, value, now_ms)
                return PutOutcome.FREE
            if oldest < 0 or put_ms < oldest_ms:
                oldest, oldest_ms = at, put_ms
        self._write(oldest, name, contents, value, now_ms)
        return PutOutcome.EVICTED

    def _places(self, name: bytes) -> Sequence[int]:
        first = int.from_bytes(name, "little") % self._slots
        if first + PROBES <= self._slots:
            return range(first * SLOT_BYTES, (first + PROBES) * SLOT_BYTES, SLOT_BYTES)
        return [(first + step) % self._slots * SLOT_BYTES for step in range(PROBES)]

    def _value(self, at: int, head: bytes, now_ms: int) -> bytes | None:
        """Return the value of a slot; None where it holds no longer, or is damaged."""
        name, contents, put_ms, length, checksum = _HEADER.unpack(head)
        # A clock that was set back makes no value hold for longer.
        if abs(now_ms - put_ms) > self._holds_ms or length > MAX_VALUE_BYTES:
            return None
        start = at + _HEADER.size
        value = self._memory[start : start + length]
        return value if _checksum(name, contents, put_ms, value) == checksum else None

    def _write(self, at: int, name: bytes, contents: bytes, value: bytes, now_ms: int) -> None:
        checksum = _checksum(name, contents, now_ms, value)
        slot = _HEADER.pack(name, contents, now_ms, len(value), checksum) + value
        self._memory[at : at + len(slot)] = slot


def _checksum(name: bytes, contents: bytes, put_ms: int, value: bytes) -> int:
    return zlib.crc32(value, zlib.crc32(b"%b%b%d" % (name, contents, put_ms)))
