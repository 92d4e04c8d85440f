"""The exit statuses of commands: what a script may rely on (docs/how-to/connect.md)."""

from __future__ import annotations

from enum import IntEnum

import grpc

from fanzha.errors import (
    FanzhaError,
    NotAllowed,
    NotFound,
    RisksUnconfirmed,
    Unauthenticated,
    Unavailable,
    VersionConflict,
)
from services.cli._common.enum_words import LazyTable


class ExitStatus(IntEnum):
    """How a command ended."""

    DONE = 0
    """Found, done, or checked and in order."""
    NOT_FOUND = 1
    """There is no such thing, or what was checked is not in order."""
    USAGE = 2
    """The command line, or a file that it names, cannot be used."""
    UNREACHABLE = 3
    """The server did not answer, or not in time."""
    REFUSED = 4
    """The server, or the person asked, did not let it happen; nothing changed."""


_OF_CODES = LazyTable(
    lambda: {
        grpc.StatusCode.NOT_FOUND: ExitStatus.NOT_FOUND,
        grpc.StatusCode.INVALID_ARGUMENT: ExitStatus.USAGE,
        grpc.StatusCode.OUT_OF_RANGE: ExitStatus.USAGE,
        grpc.StatusCode.FAILED_PRECONDITION: ExitStatus.REFUSED,
        grpc.StatusCode.ALREADY_EXISTS: ExitStatus.REFUSED,
        grpc.StatusCode.ABORTED: ExitStatus.REFUSED,
        grpc.StatusCode.PERMISSION_DENIED: ExitStatus.REFUSED,
        grpc.StatusCode.UNAUTHENTICATED: ExitStatus.REFUSED,
        grpc.StatusCode.RESOURCE_EXHAUSTED: ExitStatus.REFUSED,
    }
)
_REFUSALS = (NotAllowed, Unauthenticated, VersionConflict, RisksUnconfirmed)


def of_code(code: grpc.StatusCode | None) -> ExitStatus:
    """Return the status for a call that failed with *code*; a fault of the server is no answer."""
    return _OF_CODES.get(code, ExitStatus.UNREACHABLE) if code else ExitStatus.UNREACHABLE


def of_error(error: FanzhaError) -> ExitStatus:
    """Return the status for an error that was found before a server was asked."""
    if isinstance(error, Unavailable):
        return ExitStatus.UNREACHABLE
    if isinstance(error, NotFound):
        return ExitStatus.NOT_FOUND
    return ExitStatus.REFUSED if isinstance(error, _REFUSALS) else ExitStatus.USAGE
