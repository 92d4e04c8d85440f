"""Cuts the longest bodies and URLs of a request that holds more bytes than are read of one.

Rows are cut to a common length, so that short ones stay whole. Parties, times and all other fields
stay: a sender on a list is found however long its text is. A row is parsed by protobuf for that,
with bytes for texts, so whatever protobuf reads can be cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from google.protobuf.message import DecodeError

from fanzha.tables import MAX_TEXT_BYTES, MAX_URL_BYTES, Channel
from services.rpc.decide.row_recovery import encode_row, parse_row

MAX_BYTES = 2**21
"""Bytes of rows that are read of one request; 4,096 rows of 512 bytes fit."""
NOT_READ = f"row: too long without its body or URL, in a request of more than {MAX_BYTES} bytes"
"""The error of a row that cannot be cut."""

_LONG_FIELDS = {Channel.TEXT: ("body", MAX_TEXT_BYTES), Channel.LINK: ("url", MAX_URL_BYTES)}
_EMPTY_ROW = b"\x0a\x00"
_LONGEST_HOST = 261
"""Bytes of a scheme and a host name."""
_IN_WORDS = bytes(range(ord("!"), ord("~") + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedRow:
    """A row that fits."""

    data: bytes
    """As written, tag and length included; without a field where it cannot be cut."""
    read_bytes: int | None = None
    """Bytes that are left of the body or URL where it was cut, 0 where the row is not read."""


def max_row_bytes(rows: Sequence[bytes], max_bytes: int = MAX_BYTES) -> int | None:
    """Return to how many bytes the longest rows are cut so that all fit; None where they do."""
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    if int(lengths.sum()) <= max_bytes:
        return None
    lengths.sort()
    shorter = np.cumsum(lengths) - lengths
    # If this row and all longer ones were cut, each would have that many.
    shares = (max_bytes - shorter) // np.arange(len(rows), 0, -1)
    return int(shares[np.argmax(lengths > shares)])


def fit(channel: Channel, row: bytes, max_bytes: int) -> FittedRow:
    """Cut the body or URL of a row to what may be long and to what fits, tag included."""
    field, max_field_bytes = _LONG_FIELDS[channel]
    if len(row) <= min(max_bytes, max_field_bytes):
        return FittedRow(data=row)
    try:
        message = parse_row(channel, row)
    except DecodeError:
        return FittedRow(data=_EMPTY_ROW, read_bytes=0)
    text = getattr(message, field)
    most = min(max_field_bytes, len(text) - max(0, len(row) - max_bytes))
    if most >= len(text):
        return FittedRow(data=row)
    kept = cut_text(text, max(0, most))
    if not kept:
        return FittedRow(data=_EMPTY_ROW, read_bytes=0)
    setattr(message, field, kept)
    return FittedRow(data=encode_row(message), read_bytes=len(kept))


def cut_text(text: bytes, most: int) -> bytes:
    """Return the beginning of a longer text of UTF-8, at most so many bytes.

    No character is divided, and no host name: half of one is another.
    """
    end = most
    while end and text[end] & 0xC0 == 0x80:  # noqa: PLR2004 - it continues a character
        end -= 1
    kept = text[:end]
    if end and text[end] in _IN_WORDS:
        last = kept[-_LONGEST_HOST:]
        before_word = last.rstrip(_IN_WORDS)
        if before_word:
            return kept[: end - len(last) + len(before_word)]
    return kept
