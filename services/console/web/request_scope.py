"""What templates need of the request that they answer, wherever they are included from."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestScope:
    """The part of a request that links and forms depend on."""

    prefix: str = ""
    """Path below which a reverse proxy serves the console, such as ``/console``; mostly empty."""
    csrf: str = ""
    """The token that forms repeat; empty before signing in."""


_OUTSIDE = RequestScope()
_current: ContextVar[RequestScope] = ContextVar("console_request", default=_OUTSIDE)


def set_scope(scope: RequestScope) -> None:
    """Answer in *scope* for the rest of this task."""
    _current.set(scope)


def scope() -> RequestScope:
    """Return the scope of this task."""
    return _current.get()
