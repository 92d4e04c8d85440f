"""Bulk path for list files: finds runs of lines that hold just a number or a name.

Nearly all lines of a long list do. A run is recognised at some tenths of a microsecond a line and
sent as one text: no object per line before the server validates them.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from blocklists.entries import EntryKind
from blocklists.importers.rows import Item, LineItem, PlainRun

MIN_RUN_LINES = 64
"""Lines of a run; fewer are read one by one."""
_BLOCK_LINES = 4000
_NAME = r"(?![0-9]\.e[0-9]{1,3}\n)(?:[a-z0-9][a-z0-9_-]{0,62}+\.){1,8}+[a-z][a-z0-9_-]{0,62}+"
"""Numbers in scientific notation, as spreadsheets show them, are not names."""
_NUMBER = r"\+?[0-9]{3,20}+"


def _runs_of(line: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:(?:{line})\n)++", re.MULTILINE)


NAMES = _runs_of(_NAME)
NUMBERS = _runs_of(_NUMBER)
COMPLETE_NUMBERS = _runs_of(r"\+[0-9]{3,20}+|1[3-9][0-9]{9}")
"""Numbers of which none may lack a leading 0, see `lost_digits`."""
NAMES_AND_NUMBERS = _runs_of(f"{_NAME}|{_NUMBER}")


class RunLines(Iterator[str]):
    """Lines to be read one by one, or, wherever one begins, a run at once."""

    def __init__(self, lines: Iterable[str], runs: re.Pattern[str]) -> None:
        self._lines = iter(lines)
        self._pattern = runs
        self._block: list[str] = []
        self._at = 0
        self._runs: deque[tuple[int, int]] = deque()
        """Where runs of the block begin and end."""

    def __next__(self) -> str:
        if self._at == len(self._block):
            self._fill()
        if not self._block:
            raise StopIteration
        line = self._block[self._at]
        self._at += 1
        return line

    def run(self) -> list[str]:
        """Take the run at the current line; empty if none begins here."""
        if self._at == len(self._block):
            self._fill()
        while self._runs and self._runs[0][1] <= self._at:
            self._runs.popleft()
        if not self._runs or self._runs[0][0] > self._at:
            return []
        # Reading line by line may have entered it already.
        start, self._at = self._at, self._runs.popleft()[1]
        return self._block[start : self._at]

    def _fill(self) -> None:
        self._block, self._at = list(islice(self._lines, _BLOCK_LINES)), 0
        self._runs.clear()
        joined = "\n".join([*self._block, ""])
        if joined.count("\n") != len(self._block):
            return  # a line with a line feed in it
        line = read = 0
        for found in self._pattern.finditer(joined):
            start = line + joined.count("\n", read, found.start())
            line = start + joined.count("\n", found.start(), found.end())
            read = found.end()
            if line - start >= MIN_RUN_LINES:
                self._runs.append((start, line))


def to_run(line: int, run: list[str], kind: EntryKind | None) -> PlainRun:
    """Make one of a run that begins on *line*."""
    return PlainRun(line, len(run), "\n".join([*run, ""]), kind)


def read(
    lines: Iterable[str],
    runs: re.Pattern[str],
    kind: EntryKind,
    item: Callable[[int, str], LineItem],
) -> Iterator[Item]:
    """Read runs as plain rows of a kind, and each other line by *item*."""
    source, number = RunLines(lines, runs), 0
    while True:
        if run := source.run():
            yield to_run(number + 1, run, kind)
            number += len(run)
        elif (text := next(source, None)) is not None:
            number += 1
            yield item(number, text)
        else:
            return
