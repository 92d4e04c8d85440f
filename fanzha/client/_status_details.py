"""The details of a failed request's status, as google.rpc defines them.

They are read without the package of google.rpc's messages: `Empty` keeps the fields it does not
know, by number.
"""

from collections.abc import Callable
from typing import Any, TypeVar

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
    LOCALIZED_MESSAGE,
    REPLACEMENT_UNCONFIRMED,
    RISKS_UNCONFIRMED,
    VERSION_CONFLICT,
)

_STATUS_DETAILS = 3
_REASON, _DOMAIN, _METADATA = 1, 2, 3
_KEY, _VALUE = 1, 2
_MESSAGE = 2
"""Of a LocalizedMessage."""

Found = TypeVar("Found")


def version_conflict(error: grpc.RpcError) -> VersionConflict | None:
    """Return the conflict that ended an RPC, with both versions; None where it compared none.

    `expected` is None where the request named no version.
    """
    call: Any = error
    metadata = _metadata(error, VERSION_CONFLICT)
    try:
        expected, actual = metadata.get(EXPECTED), int(metadata[ACTUAL])
        named = None if expected is None else int(expected)
    except (KeyError, ValueError):
        return None  # none, or not written by this service
    conflict = VersionConflict(call.details() or "")
    conflict.expected, conflict.actual = named, actual
    return conflict


def unconfirmed_risks(error: grpc.RpcError) -> tuple[str, ...]:
    """Return what a change to the lists would hit, which its author has to confirm.

    Empty where the RPC ended for another reason. `confirmed_risks` of the request takes them.
    """
    return tuple(_metadata(error, RISKS_UNCONFIRMED).values())


def unconfirmed_replacements(error: grpc.RpcError) -> tuple[str, ...]:
    """Return what would change in the entries that a change would replace.

    Empty where the RPC ended for another reason. `replace` of the request allows it.
    """
    return tuple(_metadata(error, REPLACEMENT_UNCONFIRMED).values())


def localized_message(error: grpc.RpcError) -> str:
    """Return the message of a failed RPC in the language that its ``accept-language`` asked for.

    Empty where the server has none: `details()` is always there, in English.
    """
    return _first(error, _localized_of) or ""


def _metadata(error: grpc.RpcError, reason: str) -> dict[str, str]:
    """Return the metadata of the ErrorInfo with a reason of ours; empty where there is none."""
    return _first(error, lambda status: _metadata_of(status, reason)) or {}


def _first(error: grpc.RpcError, read: Callable[[bytes], Found]) -> Found | None:
    """Return what *read* finds in the first status of the trailers that has it."""
    call: Any = error
    trailers = call.trailing_metadata() if hasattr(error, "trailing_metadata") else ()
    for key, value in trailers or ():
        if key != DETAILS_KEY or not isinstance(value, bytes):
            continue
        try:
            found = read(value)
        except (DecodeError, ValueError):
            continue  # not written by this service
        if found:
            return found
    return None


def _localized_of(status: bytes) -> str:
    for written in _texts(status, _STATUS_DETAILS):
        detail = Packed.FromString(written)
        if detail.type_url == LOCALIZED_MESSAGE:
            return b"".join(_texts(detail.value, _MESSAGE)).decode()
    return ""


def _metadata_of(status: bytes, reason: str) -> dict[str, str]:
    for written in _texts(status, _STATUS_DETAILS):
        detail = Packed.FromString(written)
        if detail.type_url != ERROR_INFO:
            continue
        info = detail.value
        names = (*_texts(info, _REASON), *_texts(info, _DOMAIN))
        if names == (reason.encode(), DOMAIN.encode()):
            return dict(map(_entry, _texts(info, _METADATA)))
    return {}


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
