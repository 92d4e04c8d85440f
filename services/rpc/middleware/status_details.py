"""The trailers of a failed request that a client acts on: a structured detail of its status.

A request refused for its wait says when to retry (google.rpc.RetryInfo, and a number of its own); a
version conflict names both versions, a change that is not confirmed its risks
(google.rpc.ErrorInfo); any says the message in the caller's language (google.rpc.LocalizedMessage).
The messages of google.rpc are encoded by hand, because the package that has
them has a hundred more: Status is a code, a message and details; RetryInfo is one Duration;
ErrorInfo is a reason, a domain and a map of texts; LocalizedMessage is a locale and a message.
`fanzha.client.version_conflict`, `unconfirmed_risks`, `unconfirmed_replacements` and
`localized_message` read them back.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.duration_pb2 import Duration

from fanzha.errors import (
    FanzhaError,
    ReplacementUnconfirmed,
    RisksUnconfirmed,
    VersionConflict,
)
from fanzha.status_details import (
    ACTUAL,
    DETAILS_KEY,
    DOMAIN,
    ERROR_INFO,
    EXPECTED,
    LOCALIZED_MESSAGE,
    REPLACEMENT_UNCONFIRMED,
    RETRY_INFO,
    RISKS_UNCONFIRMED,
    VERSION_CONFLICT,
)
from fanzha.translation import catalogue
from fanzha.translation.negotiation import for_caller

Trailers: TypeAlias = tuple[tuple[str, str | bytes], ...]

_CODE, _LENGTH_DELIMITED = b"\x08", 2
_MOST_LOCALIZED_BYTES = 2048
_MORE, _LOW = 0x80, 0x7F


def retry_trailers(code: int, message: str, seconds: float, *others: Packed) -> Trailers:
    """Write the trailers of a status *code*; the delay is at least one millisecond."""
    milliseconds = max(1, round(seconds * 1000))
    delay = Duration()
    delay.FromMilliseconds(milliseconds)
    info = Packed(type_url=RETRY_INFO, value=_field(1, delay.SerializeToString()))
    return (
        ("retry-after-ms", str(milliseconds)),
        (DETAILS_KEY, _status(code, message, info, *others)),
    )


def conflict_trailers(code: int, message: str, error: VersionConflict, *others: Packed) -> Trailers:
    """Write the trailers of a version conflict; only *others* where it compared no versions."""
    if error.actual is None:
        return other_trailers(code, message, *others)
    versions = {ACTUAL: str(error.actual)}
    if error.expected is not None:
        versions[EXPECTED] = str(error.expected)
    info = Packed(type_url=ERROR_INFO, value=_error_info(VERSION_CONFLICT, versions))
    return other_trailers(code, message, info, *others)


def risk_trailers(code: int, message: str, error: RisksUnconfirmed, *others: Packed) -> Trailers:
    """Write the trailers of a change whose risks are not confirmed."""
    return _numbered(code, message, RISKS_UNCONFIRMED, error.risks, *others)


def replacement_trailers(
    code: int, message: str, error: ReplacementUnconfirmed, *others: Packed
) -> Trailers:
    """Write the trailers of a change that may not replace entries."""
    return _numbered(
        code, message, REPLACEMENT_UNCONFIRMED, tuple(map(for_caller, error.differences)), *others
    )


def _numbered(
    code: int, message: str, reason: str, texts: Sequence[str], *others: Packed
) -> Trailers:
    metadata = {str(place): text for place, text in enumerate(texts)}
    info = Packed(type_url=ERROR_INFO, value=_error_info(reason, metadata))
    return other_trailers(code, message, info, *others)


def other_trailers(code: int, message: str, *details: Packed) -> Trailers:
    """Write the trailers of a status with *details*; none where there are none."""
    return ((DETAILS_KEY, _status(code, message, *details)),) if details else ()


def localized_detail(error: Exception, language: str) -> tuple[Packed, ...]:
    """Write what *error* says in *language*; nothing for English, which the status has.

    Nothing of a long text either: peers refuse trailers of more than 8 KiB.
    """
    if language == catalogue.ENGLISH or not isinstance(error, FanzhaError):
        return ()
    text = error.translated(language).encode()
    if len(text) > _MOST_LOCALIZED_BYTES:
        return ()
    locale = catalogue.LOCALES[language].replace("_", "-").encode()
    return (Packed(type_url=LOCALIZED_MESSAGE, value=_field(1, locale) + _field(2, text)),)


def _error_info(reason: str, metadata: Mapping[str, str]) -> bytes:
    entries = (
        _field(3, _field(1, name.encode()) + _field(2, value.encode()))
        for name, value in metadata.items()
    )
    return _field(1, reason.encode()) + _field(2, DOMAIN.encode()) + b"".join(entries)


def _status(code: int, message: str, *details: Packed) -> bytes:
    return b"".join(
        (
            *(_CODE, bytes([code])),
            _field(2, message.encode()),
            *(_field(3, detail.SerializeToString()) for detail in details),
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
