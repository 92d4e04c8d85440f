"""A long sorted list of lines that changes a little at a time: what a copy of the lists is.

Each line begins with its key, three fields with a tab after each, and ends with a line feed. Lines
are sorted by bytes, so all lines end to end are a text file that ``sort``, ``look`` and a binary
search understand. They are kept in blocks of some hundreds: a change makes new blocks where it
touches some and shares the others, so an older version can be read meanwhile. A million lines take
the bytes they have, and a changed one costs some 0.1 ms.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from itertools import chain, groupby, islice
from typing import Self, TypeVar

BLOCK_LINES = 256
"""Lines of a new block; one with twice as many is split."""
_FIELDS_OF_KEY = 3
_Name = TypeVar("_Name", bound=str)


class SortedLines:
    """Never changed: `changed` returns another."""

    def __init__(self, blocks: Sequence[bytes] = ()) -> None:
        """Take over *blocks* of whole lines; together they must be sorted, with no key twice."""
        self.blocks = tuple(blocks)
        self._heads = [block[: block.index(b"\n") + 1] for block in self.blocks]

    @classmethod
    def of(cls, lines: Iterable[bytes]) -> Self:
        """Sort *lines*; of those with the same key, the last counts."""
        by_key = {key_of(line): line for line in lines}
        return cls(_blocks([by_key[key] for key in sorted(by_key)]))

    @classmethod
    def of_sorted(cls, parts: Iterable[bytes]) -> Self:
        """Take over sorted lines that come in *parts* of whole lines."""
        lines = chain.from_iterable(part.splitlines(keepends=True) for part in parts)
        blocks = []
        while block := b"".join(islice(lines, BLOCK_LINES)):
            blocks.append(block)
        return cls(blocks)

    def __len__(self) -> int:
        return self._entries

    @cached_property
    def _entries(self) -> int:
        return sum(block.count(b"\n") for block in self.blocks)

    def __iter__(self) -> Iterator[bytes]:
        for block in self.blocks:
            yield from block.splitlines(keepends=True)

    @cached_property
    def sha256(self) -> bytes:
        """SHA-256 of all lines, end to end."""
        digest = sha256()
        for block in self.blocks:
            digest.update(block)
        return digest.digest()

    def get(self, key: bytes) -> bytes | None:
        """Return the line with *key*."""
        return next(self.beginning_with(key), None)

    def beginning_with(self, prefix: bytes) -> Iterator[bytes]:
        """Return the lines that begin with *prefix*, in order."""
        at = max(0, bisect_right(self._heads, prefix) - 1)
        for block in self.blocks[at:]:
            lines = block.splitlines(keepends=True)
            for line in lines[bisect_left(lines, prefix) :]:
                if not line.startswith(prefix):
                    return
                yield line

    def by_first_field(self, names: Iterable[_Name]) -> "dict[_Name, SortedLines]":
        """Divide the lines by their first field."""
        return {
            name: SortedLines.of_sorted(self.beginning_with(f"{name}\t".encode())) for name in names
        }

    def changed(self, edits: Mapping[bytes, bytes | None]) -> "SortedLines":
        """Return the lines with *edits*: by key, the line that is there now; None: none is."""
        if not edits:
            return self
        blocks = list(self.blocks)
        groups = [
            (at, list(keys))
            for at, keys in groupby(
                sorted(edits), lambda key: max(0, bisect_right(self._heads, key) - 1)
            )
        ]
        for at, keys in reversed(groups):
            old = blocks[at].splitlines(keepends=True) if blocks else []
            by_key: dict[bytes, bytes | None] = {key_of(line): line for line in old}
            by_key.update((key, edits[key]) for key in keys)
            lines = [line for key in sorted(by_key) if (line := by_key[key]) is not None]
            blocks[at : at + 1] = _blocks(lines) if len(lines) > 2 * BLOCK_LINES else _one(lines)
        return SortedLines(blocks)


def key_of(line: bytes) -> bytes:
    """Return the first three fields of a line, with the tab after each; ValueError without."""
    end = -1
    for _ in range(_FIELDS_OF_KEY):
        end = line.index(b"\t", end + 1)
    return line[: end + 1]


def differences(old: SortedLines, new: SortedLines) -> dict[bytes, bytes | None]:
    """Return the edits that make *new* out of *old*."""
    edits: dict[bytes, bytes | None] = {}
    before, after = iter(old), iter(new)
    left, right = next(before, None), next(after, None)
    while left is not None or right is not None:
        if left == right:
            left, right = next(before, None), next(after, None)
        elif right is None or (left is not None and left < right):
            edits.setdefault(key_of(left or b""), None)
            left = next(before, None)
        else:
            edits[key_of(right)] = right
            right = next(after, None)
    return edits


def _blocks(lines: Sequence[bytes]) -> list[bytes]:
    return [
        b"".join(lines[start : start + BLOCK_LINES]) for start in range(0, len(lines), BLOCK_LINES)
    ]


def _one(lines: Sequence[bytes]) -> list[bytes]:
    return [b"".join(lines)] if lines else []
