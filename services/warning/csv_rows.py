"""Parses the CSV tables of an administrator, with a header and validation per row.

Lines that begin with ``#`` are comments. Encodings: UTF-8, UTF-16 and GB 18030.
"""

import csv
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from blocklists.importers import files
from fanzha.errors import InvalidConfiguration, InvalidInput

_DAMAGED = (OSError, EOFError, zlib.error)
"""Raised where the file, or the gzip in it, is damaged."""


def rows(
    path: Path, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the position (``file:line``) and cells of each row. Raises `ValueError`."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise InvalidConfiguration("{path}: {error}", path=path, error=error) from error
    with file:
        lines = files.lines(file)
        reader = csv.reader(_without_comments(lines), strict=True)
        try:
            names = [name.strip() for name in next(filter(None, reader), [])]
            _check_header(path, names, required, optional)
            for cells in filter(None, reader):
                where = f"{path}:{reader.line_num}"
                if reader.line_num in lines.undecoded:
                    raise InvalidConfiguration(
                        "{where}: has octets that are no {encoding}",
                        where=where,
                        encoding=lines.encoding,
                    )
                if len(cells) > len(names):
                    raise InvalidConfiguration(
                        "{where}: more cells than the header has", where=where
                    )
                found = dict(zip(names, map(str.strip, cells), strict=False))
                yield where, dict.fromkeys(names, "") | found
        except (csv.Error, *_DAMAGED, InvalidInput) as error:
            raise InvalidConfiguration(
                "{path}:{line_num}: {error}", path=path, line_num=reader.line_num, error=error
            ) from error


def _check_header(
    path: Path, names: Sequence[str], required: tuple[str, ...], optional: tuple[str, ...]
) -> None:
    if missing := [name for name in required if name not in names]:
        raise InvalidConfiguration(
            "{path}: the header has no {missing}", path=path, missing=", ".join(missing)
        )
    if unknown := [name for name in names if name not in required + optional]:
        raise InvalidConfiguration(
            "{path}: the header has an unknown {unknown!r}", path=path, unknown=unknown[0]
        )
    if len(set(names)) < len(names):
        raise InvalidConfiguration("{path}: the header has a name twice", path=path)


def _without_comments(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        # An empty line keeps line numbers correct.
        yield "" if line.startswith("#") else line
