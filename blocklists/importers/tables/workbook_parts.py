"""Checks the parts of a workbook before they are parsed.

Their XML must declare no types of documents: entities are declared there, which unpack
themselves ("billion laughs") or name other files, and no program writes them into workbooks.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NoReturn
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from blocklists.importers.decompression import Limits, size
from fanzha.errors import InvalidInput

_SHEETS = "xl/worksheets/"
_BLOCK_BYTES = 1 << 16
_LONGEST_PROLOGUE = 1 << 20
# Raised by zipfile, expat and openpyxl for malformed files.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, ParseError, expat.ExpatError, OSError, EOFError),
    *(KeyError, IndexError, ValueError, TypeError, AttributeError),
    *(NotImplementedError, RuntimeError, ArithmeticError),
)


@contextmanager
def readable() -> Iterator[None]:
    """Turn whatever a damaged workbook makes of its reader into `InvalidInput`."""
    try:
        yield
    except _DAMAGE as error:
        raise InvalidInput("not a workbook that can be read: {error}", error=error) from error


def check(raw: IO[bytes], limits: Limits) -> None:
    """Raise `InvalidInput` for a workbook that is too large, or declares entities."""
    with zipfile.ZipFile(raw) as archive:
        parts = archive.infolist()
        packed = sum(part.compress_size for part in parts)
        # A part larger than declared is cut at the declared size, as a damaged one.
        limits.check(sum(part.file_size for part in parts), packed)
        for part in parts:
            if not part.filename.startswith(_SHEETS) and part.file_size > limits.held_bytes:
                raise InvalidInput(
                    "{filename}: more than {held_bytes} unpacked; divide it",
                    filename=part.filename,
                    held_bytes=size(limits.held_bytes),
                )
            limits.check(part.file_size, part.compress_size)
            with archive.open(part) as file:
                _check_prologue(part.filename, file)


def _check_prologue(name: str, file: IO[bytes]) -> None:
    """Read XML up to its first element: entity declarations must precede it."""
    parser = expat.ParserCreate()
    begun: list[str] = []

    def refuse(*_: object) -> NoReturn:
        raise InvalidInput("{name}: declares a type of document, as no workbook does", name=name)

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda tag, _attributes: begun.append(tag)
    read = 0
    try:
        while not begun and (block := file.read(_BLOCK_BYTES)):
            read += len(block)
            if read > _LONGEST_PROLOGUE:
                raise InvalidInput(
                    "{name}: no element in its first {longest_prologue}",
                    name=name,
                    longest_prologue=size(_LONGEST_PROLOGUE),
                )
            parser.Parse(block, False)
    except expat.ExpatError:
        return  # Not XML, such as a picture; or damaged, which its parser reports.
