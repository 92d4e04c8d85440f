"""Packets of RTP (RFC 3550) and telephone events in them (RFC 4733)."""

import struct
from dataclasses import dataclass

MOST_BYTES = 1_500
KEYS = "0123456789*#ABCD"
"""Keys by the number of their event."""
_HEADER = struct.Struct(">BBHII")
_EVENT = struct.Struct(">BBH")
_VERSION = 2
_EXTENDED, _PADDED, _SOURCES = 0x10, 0x20, 0x0F
_MARKER = 0x80


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpPacket:
    """One packet that came."""

    payload_type: int
    sequence: int
    timestamp: int
    source: int
    payload: bytes


def read_packet(data: bytes) -> RtpPacket | None:
    """Return a packet; None for what is none."""
    if not _HEADER.size <= len(data) <= MOST_BYTES:
        return None
    first, second, sequence, timestamp, source = _HEADER.unpack_from(data)
    if first >> 6 != _VERSION:
        return None
    start, end = _HEADER.size + 4 * (first & _SOURCES), len(data)
    if first & _EXTENDED:
        if len(data) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4])
    if first & _PADDED:
        end -= data[-1]
    if start > end:
        return None
    return RtpPacket(
        payload_type=second & ~_MARKER,
        sequence=sequence,
        timestamp=timestamp,
        source=source,
        payload=data[start:end],
    )


def written_packet(
    payload: bytes, *, payload_type: int, sequence: int, timestamp: int, source: int, marker: bool
) -> bytes:
    """Return a packet as it is sent."""
    second = payload_type | (_MARKER if marker else 0)
    head = _HEADER.pack(_VERSION << 6, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, source)
    return head + payload


def read_key(payload: bytes) -> str:
    """Return the key of a telephone event; empty for other events, and for what is none."""
    if len(payload) < _EVENT.size:
        return ""
    event, _, _ = _EVENT.unpack_from(payload)
    return KEYS[event] if event < len(KEYS) else ""
