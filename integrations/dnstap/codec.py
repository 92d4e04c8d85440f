"""Reads Frame Streams and the dnstap messages in them.

A frame is a length of 32 bits and its bytes; length 0 begins a control frame. A resolver says
READY and which content it has, we ACCEPT, it says START, sends frames, says STOP, and we FINISH
(Farsight's fstrm). A frame of content is a message of Protocol Buffers, dnstap.proto, of which
three fields matter here: that a client asked, its address, and the question.
"""

import re
import struct
from collections.abc import Iterator
from ipaddress import ip_address
from typing import NamedTuple

CONTENT_TYPE = b"protobuf:dnstap.Dnstap"
ACCEPT, START, STOP, READY, FINISH = 1, 2, 3, 4, 5
MOST_FRAME_BYTES = 128 * 1024
"""A DNS message has 64 KiB at most."""
MOST_CONTROL_BYTES = 512
_CONTENT_FIELD = 1
_CLIENT_QUERY = 5
_MESSAGE_FIELD, _TYPE_FIELD, _ADDRESS_FIELD, _SECONDS_FIELD, _QUERY_FIELD = 14, 1, 4, 8, 10
_WORD = struct.Struct(">I")
_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_HEADER_BYTES = 12
_LONGEST_LABEL = 63
_LONGEST_VARINT = 10


class BadFrame(ValueError):
    """What a resolver sent is none of this protocol."""


class LookUp(NamedTuple):
    """A client asked for a name."""

    address: str
    name: str
    """Canonical; empty for what is no name of a host."""
    at_s: int
    """Unix time; 0: not said."""


def control(kind: int, *, with_content: bool = False) -> bytes:
    """Write a control frame."""
    content = b""
    if with_content:
        content = _WORD.pack(_CONTENT_FIELD) + _WORD.pack(len(CONTENT_TYPE)) + CONTENT_TYPE
    payload = _WORD.pack(kind) + content
    return _WORD.pack(0) + _WORD.pack(len(payload)) + payload


def read_control(payload: bytes) -> tuple[int, list[bytes]]:
    """Read a control frame: its kind, and the content types it names; raise `BadFrame`."""
    if len(payload) < _WORD.size:
        raise BadFrame("a control frame without a kind")
    kind, at, contents = _WORD.unpack_from(payload)[0], _WORD.size, []
    while at < len(payload):
        if at + 2 * _WORD.size > len(payload):
            raise BadFrame("a control frame that is cut off")
        field, length = struct.unpack_from(">II", payload, at)
        at += 2 * _WORD.size
        if at + length > len(payload):
            raise BadFrame("a control frame that is cut off")
        if field == _CONTENT_FIELD:
            contents.append(payload[at : at + length])
        at += length
    return kind, contents


def look_up(frame: bytes) -> LookUp | None:
    """Read a frame; None where no client asked. Raise `BadFrame` for what cannot be read."""
    message = next((value for field, value in _fields(frame) if field == _MESSAGE_FIELD), b"")
    if not isinstance(message, bytes):
        raise BadFrame("a message that is a number")
    fields = dict(_fields(message))
    address, query = fields.get(_ADDRESS_FIELD), fields.get(_QUERY_FIELD)
    if fields.get(_TYPE_FIELD) != _CLIENT_QUERY:
        return None
    if not isinstance(address, bytes) or not isinstance(query, bytes):
        raise BadFrame("a question without an address or a message")
    try:
        written = str(ip_address(address))
    except ValueError as error:
        raise BadFrame("an address that is none") from error
    seconds = fields.get(_SECONDS_FIELD, 0)
    return LookUp(written, _question(query), seconds if isinstance(seconds, int) else 0)


def _question(query: bytes) -> str:
    """Return the name that a DNS message asks for."""
    labels, at = [], _HEADER_BYTES
    while at < len(query) and (length := query[at]):
        if length > _LONGEST_LABEL or at + 1 + length > len(query):
            raise BadFrame("a question that is cut off")
        labels.append(query[at + 1 : at + 1 + length])
        at += 1 + length
    if at >= len(query):
        raise BadFrame("a question that is cut off")
    name = b".".join(labels).decode("latin-1").lower()
    return name if _NAME.fullmatch(name) else ""


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Read the fields of a message of Protocol Buffers."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        field, kind = tag >> 3, tag & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield field, value
            continue
        if kind == 2:  # noqa: PLR2004 - bytes, after their length
            length, at = _varint(data, at)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise BadFrame("a field of an unknown kind")
        if at + length > len(data):
            raise BadFrame("a field that is cut off")
        yield field, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for number in range(_LONGEST_VARINT):
        if at >= len(data):
            raise BadFrame("a number that is cut off")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << 7 * number
        if byte < 0x80:  # noqa: PLR2004 - the last one
            return value, at
    raise BadFrame("a number that is too long")
