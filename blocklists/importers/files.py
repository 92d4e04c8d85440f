"""Opens list files as administrators get them: gzip or not, any of the usual encodings.

Streams: what it holds is a block of a mebibyte and the longest line.
"""

import gzip
import io
from collections.abc import Iterator
from typing import IO, Any, cast

_GZIP = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_BLOCK_BYTES = 1 << 20


def lines(raw: IO[bytes]) -> Iterator[str]:
    """Read the lines of a file, without their ends.

    Each line is UTF-8 or, failing that, GB 18030; the byte order marks of UTF-8 and
    UTF-16 are heeded. Bytes that are neither become U+FFFD, for a reader to complain of.
    Raises OSError or EOFError where the file, or the gzip in it, is damaged.
    """
    # No wrapper around what can look ahead already: it would close the file with itself.
    file: Any = raw if hasattr(raw, "peek") else io.BufferedReader(raw)
    start = file.peek(3)[:3]
    if start.startswith(_GZIP):
        yield from lines(cast("IO[bytes]", gzip.GzipFile(fileobj=file, mode="rb")))
    elif start.startswith(_UTF16_MARKS):
        for line in io.TextIOWrapper(file, "utf-16", "replace"):
            yield line.rstrip("\n")
    else:
        if start == _UTF8_MARK:
            file.read(3)
        for block in _whole_lines(file):
            yield from _decoded(block)


def _whole_lines(file: IO[bytes]) -> Iterator[bytes]:
    """Cut a file into blocks that end where a line does."""
    parts: list[bytes] = []
    while block := file.read(_BLOCK_BYTES):
        end = block.rfind(b"\n")
        if end >= 0:
            yield b"".join([*parts, block[:end]])
            parts = []
        parts.append(block[end + 1 :])
    if rest := b"".join(parts):
        yield rest


def _decoded(block: bytes) -> Iterator[str]:
    try:
        text = block.decode()
    except UnicodeDecodeError:
        # Line by line, for one bad line must not change how the others are read.
        yield from map(_line, block.replace(b"\r\n", b"\n").split(b"\n"))
    else:
        yield from text.replace("\r\n", "\n").removesuffix("\r").split("\n")


def _line(line: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode(errors="replace")
