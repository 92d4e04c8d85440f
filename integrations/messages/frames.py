"""Splits a byte stream into PDUs by the length that each begins with (SMPP and CMPP alike).

Bytes beyond a PDU stay in the buffer, so that a reader which is paused keeps them unread.
"""

from collections.abc import Iterator


class FrameFault(Exception):
    """A length that no PDU can have; what follows in the stream cannot be read.

    *header* has the bytes of the header that are there, so that an error can name its sequence.
    """

    def __init__(self, length: int, header: bytes) -> None:
        super().__init__(f"a PDU of {length} bytes")
        self.length = length
        self.header = header


class FrameBuffer:
    """Bytes received and not yet read. *header* and *longest*: bytes of a header and of a PDU."""

    def __init__(self, *, header: int, longest: int) -> None:
        self._header = header
        self._longest = longest
        self._bytes = bytearray()
        self._at = 0

    def __len__(self) -> int:
        return len(self._bytes) - self._at

    def feed(self, received: bytes) -> None:
        """Append what was received."""
        if self._at:
            del self._bytes[: self._at]
            self._at = 0
        self._bytes += received

    def frames(self) -> Iterator[bytes]:
        """Yield whole PDUs; raises `FrameFault` at a length that none can have."""
        while len(self) >= self._header:
            start = self._at
            length = int.from_bytes(self._bytes[start : start + 4], "big")
            if not self._header <= length <= self._longest:
                raise FrameFault(length, bytes(self._bytes[start : start + self._header]))
            if len(self) < length:
                return
            self._at = start + length
            yield bytes(self._bytes[start : self._at])
