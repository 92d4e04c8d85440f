"""Parses the CSV tables of an administrator, with a header and validation per row.

Lines that begin with ``#`` are comments. Encodings: UTF-8, UTF-16 and GB 18030.
"""

import csv
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from blocklists.importers import files
from fanzha.errors import InvalidInput

_DAMAGED = (OSError, EOFError, zlib.error)
"""Raised where the file, or the gzip in it, is damaged."""


def rows(
    path: Path, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the position (``file:line``) and cells of each row. Raises `ValueError`."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    with file:
        lines = files.lines(file)
        reader = csv.reader(_without_comments(lines), strict=True)
        try:
            names = [name.strip() for name in next(filter(None, reader), [])]
            _check_header(path, names, required, optional)
            for cells in filter(None, reader):
                where = f"{path}:{reader.line_num}"
                if reader.line_num in lines.undecoded:
                    raise ValueError(f"{where}: has octets that are no {lines.encoding}")
                if len(cells) > len(names):
                    raise ValueError(f"{where}: more cells than the header has")
                found = dict(zip(names, map(str.strip, cells), strict=False))
                yield where, dict.fromkeys(names, "") | found
        except (csv.Error, *_DAMAGED, InvalidInput) as error:
            raise ValueError(f"{path}:{reader.line_num}: {error}") from error


def _check_header(
    path: Path, names: Sequence[str], required: tuple[str, ...], optional: tuple[str, ...]
) -> None:
    if missing := [name for name in required if name not in names]:
        raise ValueError(f"{path}: the header has no {', '.join(missing)}")
    if unknown := [name for name in names if name not in required + optional]:
        raise ValueError(f"{path}: the header has an unknown {unknown[0]!r}")
    if len(set(names)) < len(names):
        raise ValueError(f"{path}: the header has a name twice")


def _without_comments(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        # An empty line keeps line numbers correct.
        yield "" if line.startswith("#") else line
