"""Turns errors into gRPC statuses, for every method, in one place."""

from collections.abc import Callable
from dataclasses import dataclass
from traceback import clear_frames
from typing import Any, TypeAlias

import grpc

from fanzha.errors import (
    CannotStart,
    InvalidConfiguration,
    InvalidInput,
    NotAllowed,
    NotFound,
    ReplacementUnconfirmed,
    RisksUnconfirmed,
    Unauthenticated,
    Unavailable,
    VersionConflict,
)
from fanzha.translation.negotiation import accepted_language
from services.rpc.middleware.identity_limits import TooManyRequests
from services.rpc.middleware.load_shedder import CallerGone, DeadlineExceeded, Overloaded
from services.rpc.middleware.status_details import (
    Trailers,
    conflict_trailers,
    localized_detail,
    other_trailers,
    replacement_trailers,
    retry_trailers,
    risk_trailers,
)
from services.rpc.middleware.unexpected_errors import UnexpectedLog

STATUS_BY_ERROR: dict[type[Exception], grpc.StatusCode] = {
    InvalidInput: grpc.StatusCode.INVALID_ARGUMENT,
    NotFound: grpc.StatusCode.NOT_FOUND,
    Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    NotAllowed: grpc.StatusCode.PERMISSION_DENIED,
    RisksUnconfirmed: grpc.StatusCode.FAILED_PRECONDITION,
    ReplacementUnconfirmed: grpc.StatusCode.FAILED_PRECONDITION,
    VersionConflict: grpc.StatusCode.ABORTED,
    Unavailable: grpc.StatusCode.UNAVAILABLE,
    Overloaded: grpc.StatusCode.RESOURCE_EXHAUSTED,
    TooManyRequests: grpc.StatusCode.RESOURCE_EXHAUSTED,
    DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
    # Of files and settings of this server: for its log, not for callers.
    InvalidConfiguration: grpc.StatusCode.UNKNOWN,
    CannotStart: grpc.StatusCode.UNKNOWN,
    # Generated servicers raise it: the health service declares a method its library lacks.
    NotImplementedError: grpc.StatusCode.UNIMPLEMENTED,
}

RefusalListener: TypeAlias = Callable[[str, str, Unauthenticated | NotAllowed], None]
"""Called with the method, the address of the peer, and why the caller was refused."""


def status_of(error: Exception) -> grpc.StatusCode:
    """Return the status of the nearest class of *error* that has one; UNKNOWN where none has."""
    for kind in type(error).__mro__:
        if kind in STATUS_BY_ERROR:
            return STATUS_BY_ERROR[kind]
    return grpc.StatusCode.UNKNOWN


@dataclass(frozen=True, slots=True)
class FailedStatus:
    """How a request ends that failed."""

    code: grpc.StatusCode
    message: str
    trailers: Trailers = ()


class ErrorResponder:
    """Ends requests to one method that failed.

    *failed* is called with the status of each, such as ``not_found``; *on_refusal* for callers who
    are not known or may not call the method. An error without a status ends as UNKNOWN and goes to
    *unexpected*.
    """

    def __init__(
        self,
        method: str,
        *,
        failed: Callable[[str], None],
        on_refusal: RefusalListener,
        unexpected: UnexpectedLog,
    ) -> None:
        self._method = method
        self._failed = failed
        self._on_refusal = on_refusal
        self._unexpected = unexpected

    async def abort(self, context: Any, error: Exception) -> None:
        """End a request with the status of *error*; always raises."""
        if isinstance(error, grpc.RpcError | grpc.aio.AbortError):
            raise error
        failed = self.status(context, error)
        await context.abort(failed.code, failed.message, failed.trailers)

    def status(self, context: Any, error: Exception) -> FailedStatus:
        """Return the status of a request that ended in *error*, once that is counted and noted."""
        if isinstance(error, CallerGone):
            return FailedStatus(grpc.StatusCode.CANCELLED, "request: none came")
        status = status_of(error)
        message = str(error)
        if status is grpc.StatusCode.UNKNOWN:
            # The message may quote the request, so only type and place are logged.
            message = f"unexpected {type(error).__name__}"
            self._unexpected.note(self._method, error)
        _clear_frames(error)
        self._failed(status.name.lower())
        if isinstance(error, Unauthenticated | NotAllowed):
            self._on_refusal(self._method, context.peer(), error)
        language = accepted_language(context.invocation_metadata())
        return FailedStatus(status, message, _trailers(error, status.value[0], message, language))


def _trailers(error: Exception, code: int, message: str, language: str) -> Trailers:
    localized = localized_detail(error, language)
    match error:
        case Overloaded() | TooManyRequests():
            return retry_trailers(code, message, error.wait_seconds, *localized)
        case VersionConflict():
            return conflict_trailers(code, message, error, *localized)
        case RisksUnconfirmed():
            return risk_trailers(code, message, error, *localized)
        case ReplacementUnconfirmed():
            return replacement_trailers(code, message, error, *localized)
        case _:
            return other_trailers(code, message, *localized)


def _clear_frames(error: BaseException) -> None:
    """Empty the frames that *error* passed: they hold the request and its bytes.

    The error that gRPC aborts with refers to *error*, and to itself through its context, so both
    live until the next garbage collection, with all their frames.
    """
    found: BaseException | None = error
    while found is not None:
        clear_frames(found.__traceback__)
        found = found.__cause__ or found.__context__
