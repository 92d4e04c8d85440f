"""A column of texts that stay bytes until somebody asks for one."""

from collections.abc import Sequence
from typing import overload

from fanzha.tables import Int64s


class LazyStrings(Sequence[str]):
    """Texts between *starts* and *ends* of a buffer, which are known to be UTF-8."""

    def __init__(self, buffer: bytes, starts: Int64s, ends: Int64s) -> None:
        self._buffer = buffer
        self._starts = starts
        self._ends = ends

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        """Decode one text; take a part of the column."""
        if isinstance(index, slice):
            return LazyStrings(self._buffer, self._starts[index], self._ends[index])
        return self._buffer[self._starts[index] : self._ends[index]].decode()
