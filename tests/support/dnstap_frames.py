"""Frames of dnstap, as resolvers write them."""

import struct
from ipaddress import ip_address

CLIENT_QUERY, CLIENT_RESPONSE = 5, 6


def frame(name: str, address: str = "192.0.2.7", *, kind: int = CLIENT_QUERY) -> bytes:
    """Write a message about a question."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    query = struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 1, 1)
    message = _number(1, kind) + _number(2, 1) + _number(3, 1)
    message += _bytes(4, ip_address(address).packed) + _number(6, 5353) + _number(8, 1_700_000_000)
    message += _tag(9, 5) + struct.pack("<I", 5) + _bytes(10, query)
    return _bytes(1, b"resolver") + _bytes(14, message) + _number(15, 1)


def _tag(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _number(field: int, value: int) -> bytes:
    return _tag(field, 0) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _tag(field, 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])
