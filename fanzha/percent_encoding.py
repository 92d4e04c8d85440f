"""Percent-escapes of URLs, undone to the last and written one way. Time is linear."""

import re

_PERCENT = ord("%")
_HEX_VALUES = {ord(digit): int(digit, 16) for digit in "0123456789abcdefABCDEF"}


def unescape(data: bytes) -> bytes:
    """Undo percent-escapes until none is left, in one pass however deeply they are nested.

    What has been read is a stack: an escape that completes at its end is replaced there,
    which may complete the next one.
    """
    first, *parts = data.split(b"%")
    if not parts:
        return data
    done = bytearray(first)
    for part in parts:
        done += b"%"
        used = 0
        # Only while the end is an open escape can the next byte complete one.
        while used < len(part) and _ends_open(done):
            done.append(part[used])
            used += 1
            _close_escapes(done)
        done += part[used:]
    return bytes(done)


def unescape_text(text: str) -> str:
    """Undo percent-escapes in a text; what is not UTF-8 then becomes U+FFFD."""
    return unescape(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")


def _ends_open(done: bytearray) -> bool:
    if done[-1] == _PERCENT:
        return True
    return len(done) > 1 and done[-2] == _PERCENT and done[-1] in _HEX_VALUES


def _close_escapes(done: bytearray) -> None:
    while len(done) > 2 and done[-3] == _PERCENT:  # noqa: PLR2004 - an escape is three bytes
        high, low = _HEX_VALUES.get(done[-2]), _HEX_VALUES.get(done[-1])
        if high is None or low is None:
            return
        done[-3:] = (high << 4 | low,)


def escape(data: bytes, which: re.Pattern[bytes]) -> str:
    """Percent-escape the bytes *which* matches."""
    return which.sub(lambda match: b"%%%02X" % match[0][0], data).decode("ascii")
