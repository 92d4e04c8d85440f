"""A column of texts in two arrays: all bytes end to end, and where each text begins.

Rows without text cost nothing but their offset. Both arrays can lie in a mapped file.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt

from fanzha.tables import Int64s, Uint8s, Uint32s

_ROWS_AT_ONCE = 1 << 20
"""Gathering builds an index of eight bytes per letter; this bounds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextColumn:
    """Row i is the UTF-8 text ``blob[offsets[i]:offsets[i + 1]]``."""

    offsets: Int64s | Uint32s
    blob: Uint8s

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Pack *texts*."""
        return cls.of_bytes([text.encode() for text in texts])

    @classmethod
    def of_bytes(cls, texts: Sequence[bytes]) -> Self:
        """Pack texts that are UTF-8 already."""
        offsets = np.zeros(len(texts) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=offsets[1:])
        return cls(offsets=offsets, blob=np.frombuffer(b"".join(texts), np.uint8))

    @classmethod
    def empty(cls, rows: int) -> Self:
        """Return *rows* empty texts."""
        return cls(offsets=np.zeros(rows + 1, np.int64), blob=np.zeros(0, np.uint8))

    @classmethod
    def concatenate(cls, columns: Sequence["TextColumn"]) -> Self:
        """Lay columns end to end."""
        sizes = np.cumsum([0, *(len(column.blob) for column in columns)], dtype=np.int64)
        parts = [column.offsets[:-1] + base for column, base in zip(columns, sizes, strict=False)]
        return cls(
            offsets=np.concatenate([*parts, sizes[-1:]], dtype=np.int64),
            blob=np.concatenate([np.zeros(0, np.uint8), *(column.blob for column in columns)]),
        )

    def raw(self, row: int) -> bytes:
        """Return one text as UTF-8."""
        return self.blob[int(self.offsets[row]) : int(self.offsets[row + 1])].tobytes()

    def get(self, row: int) -> str:
        """Return one text."""
        return self.raw(row).decode()

    def all_raw(self) -> list[bytes]:
        """Return all texts as UTF-8."""
        whole = self.blob.tobytes()
        return [whole[start:end] for start, end in pairwise(self.offsets.tolist())]

    def take(self, rows: npt.NDArray[np.integer]) -> Self:
        """Return the texts of *rows*, in their order; empty ones beyond the last."""
        if not len(self):
            return self.empty(len(rows))
        starts = self.offsets[:-1].take(rows, mode="clip").astype(np.int64)
        lengths = np.where(rows < len(self), self.offsets[1:].take(rows, mode="clip") - starts, 0)
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        blob = np.empty(int(offsets[-1]), np.uint8)
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            some = slice(first, first + _ROWS_AT_ONCE)
            begin, end = int(offsets[first]), int(offsets[min(some.stop, len(rows))])
            shift = np.repeat(starts[some] - offsets[:-1][some], lengths[some])
            blob[begin:end] = self.blob[shift + np.arange(begin, end)]
        return type(self)(offsets=offsets, blob=blob)
