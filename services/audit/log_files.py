"""Files of the audit log, one per month, such as ``audit-2026-11.jsonl``."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from fanzha.errors import InvalidConfiguration

_NAME = re.compile(r"audit-([0-9]{4})-([0-9]{2})\.jsonl")
_BLOCK = 65_536
_DECEMBER = 12


def name_at(time_ms: int) -> str:
    """Return the file name for the month of a time."""
    return f"audit-{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m}.jsonl"


def name_after(name: str) -> str:
    """Return the file name for the month after *name*."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise InvalidConfiguration("{name}: not the name of a file of the audit log", name=name)
    year, month = int(match[1]), int(match[2])
    year, month = (year + 1, 1) if month == _DECEMBER else (year, month + 1)
    return f"audit-{year:04}-{month:02}.jsonl"


def is_name(name: str) -> bool:
    """Return whether *name* is a file name of the log."""
    return _NAME.fullmatch(name) is not None


def files(folder: Path) -> list[Path]:
    """Return the files of the log, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if is_name(path.name))


def lines_backwards(
    path: Path, end: int, wanted: Callable[[bytes], bool] = lambda _block: True
) -> Iterator[tuple[int, bytes, int]]:
    """Yield offset and bytes of each line before the offset *end*, last first, without line feeds.

    What follows the last line feed is a line, too, unless it is empty. Of a block that is not
    *wanted* only the first line is yielded; the third value is how many after it were skipped.
    """
    with path.open("rb") as file:
        rest = b""
        at_the_end = True
        while end:
            start = max(0, end - _BLOCK)
            file.seek(start)
            block = file.read(end - start) + rest
            count = block.count(b"\n")
            if count > 1 and not wanted(block):
                # Not split into lines: a search skips most of a long log.
                first_end = block.index(b"\n")
                line = block[first_end + 1 : block.index(b"\n", first_end + 1)]
                yield start + first_end + 1, line, count - 1 - (at_the_end and block[-1:] == b"\n")
                rest, end, at_the_end = block[:first_end], start, False
                continue
            first, *lines = block.split(b"\n")
            place = start + len(block)
            for line in reversed(lines):
                place -= len(line)
                if line or not at_the_end:
                    yield place, line, 0
                at_the_end = False
                place -= 1
            rest, end = first, start
        if rest or not at_the_end:
            yield 0, rest, 0
