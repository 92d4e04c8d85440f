"""The few frames of HTTP/2 (RFC 9113) that a load generator for gRPC writes and reads.

Headers: those that never change are put into the server's table by the first request and named by
one byte each later, as gRPC's own clients do; the path is written each time. The server is asked
to keep no table of its own, so its trailers can be read without one.
"""

import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM = ACK = 0x1
END_HEADERS = 0x4

HEAD_BYTES = 9
REFUSED, CANCEL = 7, 8
DEFAULT_WINDOW = 65_535
MOST_WINDOW = 2**31 - 1
FRAME_BYTES = 16_384
TABLE_SIZE, ENABLE_PUSH, MOST_STREAMS, INITIAL_WINDOW = 1, 2, 3, 4

_METHOD_POST, _SCHEME_HTTP = b"\x83", b"\x86"
LOGIN_AGAIN = b"\xc2"
"""The entry before those: the login, of a connection that shows one."""
_NAMED_AGAIN = b"\xc1\xc0\xbf\xbe"
"""The four newest entries of the server's table, oldest first."""
_TIMEOUT_AGAIN = b"\x0f\x2f"
"""The name of the newest entry, with a value that does not enter the table."""
_MOST_MICROS = 99_999_999
"""gRPC allows eight digits."""
_LONG = 127
"""From this length on a text's length takes several bytes (RFC 7541, 5.1)."""
_STATUS = b"\x0bgrpc-status"
"""With its length before it: ``grpc-status-details-bin`` begins like it."""


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Write a frame."""
    return (
        len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload
    )


def greeting() -> bytes:
    """Write what opens a connection: no table, no push, windows as wide as they get."""
    values = ((TABLE_SIZE, 0), (ENABLE_PUSH, 0), (INITIAL_WINDOW, MOST_WINDOW))
    settings = b"".join(struct.pack(">HI", name, value) for name, value in values)
    return PREFACE + frame(SETTINGS, 0, 0, settings) + widen(MOST_WINDOW - DEFAULT_WINDOW)


def widen(by: int) -> bytes:
    """Allow the server to send *by* more bytes on the connection."""
    return frame(WINDOW_UPDATE, 0, 0, by.to_bytes(4, "big"))


def read_settings(payload: bytes) -> dict[int, int]:
    """Read the settings that a frame changes."""
    return dict(struct.iter_unpack(">HI", payload))


def first_headers(path: str, authority: str, timeout_ms: int, token: str = "") -> bytes:
    """Write the headers of a connection's first request, which may show a bearer *token*."""
    return (
        _start(path)
        + (b"\x57" + _text(f"Bearer {token}") if token else b"")
        + b"\x41" + _text(authority)
        + b"\x5f" + _text("application/grpc")
        + b"\x40" + _text("te") + _text("trailers")
        + b"\x40" + _text("grpc-timeout") + _text(f"{timeout_ms}m")
    )  # fmt: skip


def later_headers(path: str, login: bytes = b"") -> bytes:
    """Write the headers of any further request; *login* is `LOGIN_AGAIN` where one was shown."""
    return _start(path) + login + _NAMED_AGAIN


def late_headers(path: str, seconds_left: float, login: bytes = b"") -> bytes:
    """Write the headers of a request that waited for a stream: its timeout is what is left."""
    micros = min(max(round(seconds_left * 1e6), 1), _MOST_MICROS)
    return _start(path) + login + _NAMED_AGAIN[:-1] + _TIMEOUT_AGAIN + _text(f"{micros}u")


def status_of(trailers: bytes) -> int | None:
    """Read gRPC's status from trailers; None where there is none."""
    at = trailers.find(_STATUS)
    if at < 0:
        return None
    at += len(_STATUS)
    digits = trailers[at + 1 : at + 1 + trailers[at]]
    return int(digits) if digits.isdigit() else None


def _start(path: str) -> bytes:
    return _METHOD_POST + _SCHEME_HTTP + b"\x04" + _text(path)


def _text(text: str) -> bytes:
    data, size = text.encode("ascii"), len(text)
    if size < _LONG:
        return bytes((size,)) + data
    rest, more = size - _LONG, bytearray((_LONG,))
    while rest >= 0x80:
        more.append(rest % 0x80 | 0x80)
        rest //= 0x80
    return bytes(more) + bytes((rest,)) + data
