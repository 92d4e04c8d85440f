"""The details of a failed request's status, as google.rpc defines them.

They are read without the package of google.rpc's messages: `Empty` keeps the fields it does not
know, by number.
"""

from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from fanzha.errors import VersionConflict
from fanzha.status_details import (
    ACTUAL,
    DETAILS_KEY,
    DOMAIN,
    ERROR_INFO,
    EXPECTED,
    VERSION_CONFLICT,
)

_STATUS_DETAILS = 3
_REASON, _DOMAIN, _METADATA = 1, 2, 3
_KEY, _VALUE = 1, 2


def version_conflict(error: grpc.RpcError) -> VersionConflict | None:
    """Return the conflict that ended an RPC, with both versions; None where it compared none.

    `expected` is None where the request named no version.
    """
    call: Any = error
    trailers = call.trailing_metadata() if hasattr(error, "trailing_metadata") else ()
    for key, value in trailers or ():
        if key != DETAILS_KEY or not isinstance(value, bytes):
            continue
        try:
            versions = _versions(value)
        except (DecodeError, ValueError):
            continue  # not written by this service
        if versions is not None:
            conflict = VersionConflict(call.details() or "")
            conflict.expected, conflict.actual = versions
            return conflict
    return None


def _versions(status: bytes) -> tuple[int | None, int] | None:
    for written in _texts(status, _STATUS_DETAILS):
        detail = Packed.FromString(written)
        if detail.type_url != ERROR_INFO:
            continue
        info = detail.value
        names = (*_texts(info, _REASON), *_texts(info, _DOMAIN))
        if names != (VERSION_CONFLICT.encode(), DOMAIN.encode()):
            continue
        metadata = dict(map(_entry, _texts(info, _METADATA)))
        if ACTUAL in metadata:
            expected = metadata.get(EXPECTED)
            return None if expected is None else int(expected), int(metadata[ACTUAL])
    return None


def _entry(written: bytes) -> tuple[str, str]:
    (key,), (value,) = _texts(written, _KEY), _texts(written, _VALUE)
    return key.decode(), value.decode()


def _texts(message: bytes, number: int) -> list[bytes]:
    """Return the texts, bytes or messages of a field of a message."""
    # A sequence, whose stub says only half of that.
    fields: Any = UnknownFieldSet(Empty.FromString(message))
    return [
        field.data
        for field in fields
        if field.field_number == number and isinstance(field.data, bytes)
    ]
