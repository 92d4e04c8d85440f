"""Finds messages of SIP in a stream by their Content-Length (RFC 3261, section 18.3)."""

from enum import Enum

from infra.sip.codec import MalformedSip, RawSip, content_length, split_message

_END = b"\r\n\r\n"
KEEPALIVE = b"\r\n\r\n"
"""Sent by a client between messages, and answered by one line break (RFC 5626, section 4.4.1)."""
PONG = b"\r\n"


class StreamFault(Enum):
    """Why nothing more can be read from a stream."""

    MALFORMED = "malformed"
    TOO_LARGE = "too_large"


class SipFramer:
    """Takes bytes as they come, and gives whole messages. After a fault, the stream is lost."""

    def __init__(self, max_message_bytes: int) -> None:
        self._most = max_message_bytes
        self._buffer = bytearray()
        self._needed = 0
        self.keepalives = 0
        """Pings since they were last taken; whoever answers them sets this to 0."""
        self.fault: StreamFault | None = None
        self.faulty: RawSip | None = None
        """The message that ended the stream, where its headers could be split."""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that *data* completes."""
        self._buffer += data
        found = []
        while self.fault is None:
            self._skip_line_breaks()
            if len(self._buffer) < self._needed or not self._buffer:
                break
            message = self._next()
            if message is None:
                break
            found.append(message)
        return found

    def _skip_line_breaks(self) -> None:
        while self._buffer.startswith(KEEPALIVE):
            del self._buffer[: len(KEEPALIVE)]
            self.keepalives += 1
        if self._buffer.startswith(b"\r\n") and len(self._buffer) > len(KEEPALIVE):
            del self._buffer[:2]

    def _next(self) -> bytes | None:
        """Return the first message of the buffer; None where more is needed, or at a fault."""
        end = self._buffer.find(_END)
        if end < 0:
            if len(self._buffer) > self._most:
                self.fault = StreamFault.TOO_LARGE
            return None
        length = self._length(end + len(_END))
        if length is None:
            return None
        if len(self._buffer) < length:
            self._needed = length
            return None
        message = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._needed = 0
        return message

    def _length(self, body_starts: int) -> int | None:
        raw = split_message(bytes(self._buffer[:body_starts]))
        try:
            body = content_length(raw.headers)
        except MalformedSip:
            body = None
        # A stream needs the header: without it, nobody knows where the message ends.
        if body is None:
            self.fault, self.faulty = StreamFault.MALFORMED, raw
            return None
        if body_starts + body > self._most:
            self.fault, self.faulty = StreamFault.TOO_LARGE, raw
            return None
        return body_starts + body
