"""The trailers of a failed request that a client acts on: a structured detail of its status.

A request refused for its wait says when to retry (google.rpc.RetryInfo, and a number of its own); a
version conflict names both versions, a change that is not confirmed its risks
(google.rpc.ErrorInfo). The messages of google.rpc are encoded by hand, because the package that has
them has a hundred more: Status is a code, a message and details; RetryInfo is one Duration;
ErrorInfo is a reason, a domain and a map of texts. `fanzha.client.version_conflict` and
`unconfirmed_risks` and `unconfirmed_replacements` read them back.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.duration_pb2 import Duration

from fanzha.errors import ReplacementUnconfirmed, RisksUnconfirmed, VersionConflict
from fanzha.status_details import (
    ACTUAL,
    DETAILS_KEY,
    DOMAIN,
    ERROR_INFO,
    EXPECTED,
    REPLACEMENT_UNCONFIRMED,
    RETRY_INFO,
    RISKS_UNCONFIRMED,
    VERSION_CONFLICT,
)

Trailers: TypeAlias = tuple[tuple[str, str | bytes], ...]

_CODE, _LENGTH_DELIMITED = b"\x08", 2
_MORE, _LOW = 0x80, 0x7F


def retry_trailers(code: int, message: str, seconds: float) -> Trailers:
    """Write the trailers of a status *code*; the delay is at least one millisecond."""
    milliseconds = max(1, round(seconds * 1000))
    delay = Duration()
    delay.FromMilliseconds(milliseconds)
    info = Packed(type_url=RETRY_INFO, value=_field(1, delay.SerializeToString()))
    return (("retry-after-ms", str(milliseconds)), (DETAILS_KEY, _status(code, message, info)))


def conflict_trailers(code: int, message: str, error: VersionConflict) -> Trailers:
    """Write the trailers of a version conflict; none where *error* compared no versions."""
    if error.actual is None:
        return ()
    versions = {ACTUAL: str(error.actual)}
    if error.expected is not None:
        versions[EXPECTED] = str(error.expected)
    info = Packed(type_url=ERROR_INFO, value=_error_info(VERSION_CONFLICT, versions))
    return ((DETAILS_KEY, _status(code, message, info)),)


def risk_trailers(code: int, message: str, error: RisksUnconfirmed) -> Trailers:
    """Write the trailers of a change whose risks are not confirmed."""
    return _numbered(code, message, RISKS_UNCONFIRMED, error.risks)


def replacement_trailers(code: int, message: str, error: ReplacementUnconfirmed) -> Trailers:
    """Write the trailers of a change that may not replace entries."""
    return _numbered(code, message, REPLACEMENT_UNCONFIRMED, error.differences)


def _numbered(code: int, message: str, reason: str, texts: Sequence[str]) -> Trailers:
    metadata = {str(place): text for place, text in enumerate(texts)}
    info = Packed(type_url=ERROR_INFO, value=_error_info(reason, metadata))
    return ((DETAILS_KEY, _status(code, message, info)),)


def _error_info(reason: str, metadata: Mapping[str, str]) -> bytes:
    entries = (
        _field(3, _field(1, name.encode()) + _field(2, value.encode()))
        for name, value in metadata.items()
    )
    return _field(1, reason.encode()) + _field(2, DOMAIN.encode()) + b"".join(entries)


def _status(code: int, message: str, detail: Packed) -> bytes:
    return b"".join(
        (
            *(_CODE, bytes([code])),
            _field(2, message.encode()),
            _field(3, detail.SerializeToString()),
        )
    )


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | _LENGTH_DELIMITED]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > _LOW:
        written.append(value & _LOW | _MORE)
        value >>= 7
    written.append(value)
    return bytes(written)
