"""The trailers of a refused request: when to retry, as google.rpc.RetryInfo and as a number.

The two messages of google.rpc are encoded by hand, because the package that has them has a hundred
more: Status is a code, a message and details; RetryInfo is one Duration.
"""

from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.duration_pb2 import Duration

RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"
_CODE, _MESSAGE, _DETAILS, _RETRY_DELAY = b"\x08", b"\x12", b"\x1a", b"\x0a"
_MORE, _LOW = 0x80, 0x7F


def retry_trailers(code: int, message: str, seconds: float) -> tuple[tuple[str, str | bytes], ...]:
    """Write the trailers of a status *code*; the delay is at least one millisecond."""
    milliseconds = max(1, round(seconds * 1000))
    delay = Duration()
    delay.FromMilliseconds(milliseconds)
    info = Packed(type_url=RETRY_INFO, value=_field(_RETRY_DELAY, delay.SerializeToString()))
    status = b"".join(
        (
            *(_CODE, bytes([code])),
            _field(_MESSAGE, message.encode()),
            _field(_DETAILS, info.SerializeToString()),
        )
    )
    return (("retry-after-ms", str(milliseconds)), ("grpc-status-details-bin", status))


def _field(tag: bytes, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size <= _LOW else bytes([size & _LOW | _MORE, size >> 7])
    return tag + length + content
