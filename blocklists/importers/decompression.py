"""Bounds for what a compressed file, or an endless line, may make of itself.

A gzip file or a workbook of a megabyte can unpack to a gigabyte. Exceeding a bound ends the
reading with an error that names it: nothing is cut off silently.
"""

import gzip
import io
from dataclasses import dataclass
from typing import IO, cast

from fanzha.errors import InvalidInput

_MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a file may be."""

    unpacked_bytes: int = 4 << 30
    """Decompressed bytes, all parts together."""
    ratio: int = 200
    """Largest ratio of decompressed to compressed bytes: lists reach 50, zeros 1000."""
    ratio_from_bytes: int = 16 * _MEBIBYTE
    """Less than that is unpacked whatever its ratio."""
    held_bytes: int = 256 * _MEBIBYTE
    """Of a part of a workbook that has to be held as a whole."""
    line_bytes: int = 4 * _MEBIBYTE
    """Of one line."""
    json_line_bytes: int = 128 * _MEBIBYTE
    """Of one line of a file that begins as JSON does: all of it may be one line."""

    def check(self, unpacked: int, packed: int) -> None:
        """Raise `InvalidInput` when so much came out of so little."""
        if unpacked > self.unpacked_bytes:
            raise InvalidInput(
                "more than {unpacked_bytes} unpacked; divide it",
                unpacked_bytes=size(self.unpacked_bytes),
            )
        if unpacked > max(self.ratio_from_bytes, self.ratio * packed):
            raise InvalidInput(
                "unpacks to more than {ratio} times its size, as no list does; unpack it",
                ratio=self.ratio,
            )


LIMITS = Limits()


def size(count: int) -> str:
    """Write a number of bytes."""
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if count >> power:
            return f"{count / (1 << power):g} {unit}"
    return f"{count} bytes"


def gunzipped(file: IO[bytes], limits: Limits) -> IO[bytes]:
    """Return what *file* unpacks to, as far as *limits* go."""
    return cast("IO[bytes]", io.BufferedReader(_Gunzipped(file, limits), _MEBIBYTE))


class _Gunzipped(io.RawIOBase):
    def __init__(self, file: IO[bytes], limits: Limits) -> None:
        self._packed = _Counted(file)
        self._file = gzip.GzipFile(fileobj=cast("IO[bytes]", self._packed), mode="rb")
        self._limits = limits
        self._unpacked = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        count = self._file.readinto(buffer)
        self._unpacked += count
        self._limits.check(self._unpacked, self._packed.count)
        return count


class _Counted:
    """Counts the bytes read from a file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        """Read, and count."""
        found = self._file.read(size)
        self.count += len(found)
        return found
