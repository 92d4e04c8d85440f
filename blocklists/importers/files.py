"""Opens list files as administrators receive them: gzip or not, any of the usual encodings.

Streams: what it holds is a block of a mebibyte and the longest line, which has a bound.
"""

import io
import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import IO, Any

from blocklists.importers.decompression import LIMITS, Limits, gunzipped, size
from fanzha.errors import InvalidInput

ENCODINGS = ("utf-8", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "big5")
"""Encodings that can be selected."""

_GZIP = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_BLOCK_BYTES = 1 << 20
_START_BYTES = 512
_AROUND_JSON = b" \t\r\n\x00\xff\xfe\xef\xbb\xbf"
_JSON_MARKS = (b"{", b"[")
_WIDE = 2
"""Bytes of a character of UTF-16."""
_MOST_GZIPS = 3
"""A file can be made that unpacks to itself."""
_PAIR = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_HIGH = 0x80
_LOW_SHARE = 0.15
"""Share of characters whose second byte is low, above which a text is Big5."""
_FOUND = ("utf-8", "gb18030")
"""Encodings that are recognised, the first that fits."""


class Lines(Iterable[str]):
    """The lines of a file, without their ends.

    The first block that is not ASCII decides: UTF-8 if all of it is, else Big5 or GB 18030 if all
    of it is, else the one of them that more of its lines are. Nearly all Big5 can be read as
    GB 18030, but in simplified Chinese the second byte of a character is seldom below 0x80, and in
    Big5 that of every third is. The byte order marks of UTF-8
    and UTF-16 are heeded. A line with bytes that the encoding does not know has U+FFFD
    in their place, and its number is in ``undecoded``. A line, or a gzip, beyond its bound
    raises `InvalidInput`.
    Raises OSError, EOFError or zlib.error where the file, or the gzip in it, is damaged.
    """

    def __init__(self, raw: IO[bytes], encoding: str = "", limits: Limits = LIMITS) -> None:
        if encoding not in ("", *ENCODINGS):
            raise InvalidInput(
                "encoding: none of {encodings}: {encoding!r}",
                encodings=", ".join(ENCODINGS),
                encoding=encoding[:50],
            )
        self.encoding = encoding
        """What the lines are, as far as is known; empty: ASCII so far."""
        self.undecoded: set[int] = set()
        self._number = 0
        self._limits = limits
        self._lines = self._read(raw)

    def __iter__(self) -> Iterator[str]:
        # Not this object: a call for each line would cost half as much as reading it.
        return self._lines

    def _read(self, raw: IO[bytes], depth: int = 0) -> Iterator[str]:
        # Not wrapped if it can peek already: a wrapper would close the file with itself.
        file: Any = raw if hasattr(raw, "peek") else io.BufferedReader(raw)
        start = file.peek(3)[:3]
        if start.startswith(_GZIP):
            if depth == _MOST_GZIPS:
                raise InvalidInput(
                    "packed more than {most_gzips} times; unpack it", most_gzips=_MOST_GZIPS
                )
            yield from self._read(gunzipped(file, self._limits), depth + 1)
        elif self.encoding.startswith("utf-16") or start.startswith(_UTF16_MARKS):
            big = start.startswith(b"\xfe\xff")
            codec = "utf-16-be" if big and self.encoding in ("", "utf-16") else self.encoding
            self.encoding = self.encoding or "utf-16"
            # Without a mark it is as Windows writes it.
            yield from self._wide(file, "utf-16-le" if codec in ("", "utf-16") else codec)
        else:
            if start == _UTF8_MARK and self.encoding in ("", "utf-8"):
                file.read(3)
                self.encoding = "utf-8"
            for block in self._whole_lines(file):
                yield from self._decoded(block)

    def _wide(self, file: IO[bytes], codec: str) -> Iterator[str]:
        text = io.TextIOWrapper(file, codec, "replace")
        longest = self._longest(file.peek(_START_BYTES)) // _WIDE  # type: ignore[attr-defined]
        try:
            for number, line in enumerate(iter(partial(text.readline, longest + 1), ""), 1):
                if len(line) > longest:
                    raise _too_long(number, longest * _WIDE)
                if "\ufffd" in line:
                    self.undecoded.add(number)
                yield line.removeprefix("\ufeff").rstrip("\n")
        finally:
            if not file.closed:
                text.detach()  # The file is its opener's to close.

    def _whole_lines(self, file: Any) -> Iterator[bytes]:
        """Cut a file into blocks that end where a line does."""
        longest = self._longest(file.peek(_START_BYTES))
        parts: list[bytes] = []
        held = 0
        while block := file.read(_BLOCK_BYTES):
            first, end = block.find(b"\n"), block.rfind(b"\n")
            if held + (len(block) if first < 0 else first) > longest:
                raise _too_long(self._number + 1, longest)
            if end >= 0:
                yield b"".join([*parts, block[:end]])
                parts, held = [], 0
            parts.append(block[end + 1 :])
            held += len(parts[-1])
        if rest := b"".join(parts):
            yield rest

    def _longest(self, start: bytes) -> int:
        json = start.strip(_AROUND_JSON)[:1] in _JSON_MARKS
        return self._limits.json_line_bytes if json else self._limits.line_bytes

    def _decoded(self, block: bytes) -> Iterator[str]:
        if not self.encoding and not block.isascii():
            self.encoding = _recognised(block)
        try:
            text = block.decode(self.encoding or "ascii")
        except UnicodeDecodeError:
            # Line by line, for one bad line must not change how the others are read.
            lines = block.replace(b"\r\n", b"\n").removesuffix(b"\r").split(b"\n")
            yield from map(
                self._line, lines, range(self._number + 1, self._number + 1 + len(lines))
            )
            self._number += len(lines)
        else:
            found = text.replace("\r\n", "\n").removesuffix("\r").split("\n")
            self._number += len(found)
            yield from found

    def _line(self, line: bytes, number: int) -> str:
        try:
            return line.decode(self.encoding)
        except UnicodeDecodeError:
            self.undecoded.add(number)
            return line.decode(self.encoding, "replace")


def lines(raw: IO[bytes], encoding: str = "", limits: Limits = LIMITS) -> Lines:
    """Read the lines of a file, in *encoding* or in the one it is in."""
    return Lines(raw, encoding, limits)


def _too_long(number: int, longest: int) -> InvalidInput:
    return InvalidInput(
        "line {number}: longer than {longest}", number=number, longest=size(longest)
    )


def _recognised(block: bytes) -> str:
    if _wrong_lines(block, "utf-8") and _looks_like_big5(block):
        return "big5"
    wrong = {encoding: _wrong_lines(block, encoding) for encoding in _FOUND}
    return min(_FOUND, key=wrong.__getitem__)


def _looks_like_big5(block: bytes) -> bool:
    """Tell Big5 from GB 18030 by the second bytes of its characters."""
    pairs = _PAIR.findall(block)
    low = sum(pair[1] < _HIGH for pair in pairs)
    return low > len(pairs) * _LOW_SHARE and _wrong_lines(block, "big5") == 0


def _wrong_lines(block: bytes, encoding: str) -> int:
    try:
        block.decode(encoding)
    except UnicodeDecodeError:
        return sum(not _fits(line, encoding) for line in block.split(b"\n"))
    return 0


def _fits(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
