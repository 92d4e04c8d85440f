"""gRPC's core, as grpcio's own servers use it: the only module that knows `grpc._cython.cygrpc`.

grpc.aio makes a task, three waits and a dozen objects of each request, which costs several times as
much as a decision. Its blocking server stands on these classes, and so does `CoreServer` (ADR 39).
They are private to grpcio, so releases that were not tested are refused (`check_release`).

Each operation belongs to one batch: sharing one between two calls ends the process.
"""

from collections.abc import Callable
from time import time
from typing import Any, TypeAlias

import grpc
from grpc._cython import cygrpc  # type: ignore[attr-defined]

from fanzha.errors import CannotStart

TESTED_RELEASE = "1.85"
"""The releases of grpcio, up to the last point, with which this was tested."""

Event: TypeAlias = Any
"""What a completion queue reports: ``completion_type``, ``tag``, ``success``."""
Tag: TypeAlias = Callable[[Event], None]
"""What is called with the event that ends an operation."""
Metadata: TypeAlias = tuple[tuple[str, str | bytes], ...]

QUEUE_TIMEOUT = cygrpc.CompletionType.queue_timeout
QUEUE_SHUTDOWN = cygrpc.CompletionType.queue_shutdown
_NO_FLAGS = 0
_FOREVER_S = 2.0**60
"""Deadlines from there on are what the core has for none."""


def check_release(release: str = grpc.__version__) -> None:
    """Raise `CannotStart` unless *release* of grpcio was tested."""
    if release.rpartition(".")[0] != TESTED_RELEASE:
        raise CannotStart(
            "grpcio {release} is installed; decisions are served with grpcio {tested}.x only:"
            " install that",
            release=release,
            tested=TESTED_RELEASE,
        )


def completion_queue() -> Any:
    """Return a queue of events."""
    return cygrpc.CompletionQueue()


def server(options: Any, queue: Any) -> Any:
    """Return a server whose events come from *queue*; it does not listen yet."""
    made = cygrpc.Server(options, False)
    made.register_completion_queue(queue)
    return made


def credentials(public: Any) -> Any:
    """Return what the core knows as the credentials that grpcio gave out."""
    return public._credentials  # noqa: SLF001 - of grpcio, as all here


class CoreCall:
    """One request, from its headers to its status. Nothing here waits.

    Has what middleware asks of a context, as a context of grpc.aio has it.
    """

    __slots__ = ("_call", "_deadline", "_headers_sent", "_metadata")

    def __init__(self, event: Event) -> None:
        """Take the request that *event* reports."""
        self._call = event.call
        self._metadata: Metadata = event.invocation_metadata
        deadline: float = event.call_details.deadline
        self._deadline = deadline if deadline < _FOREVER_S else None
        self._headers_sent = False

    def invocation_metadata(self) -> Metadata:
        """Return the headers that are the caller's own; values of names in ``-bin`` are bytes."""
        return self._metadata

    def time_remaining(self) -> float | None:
        """Return the seconds until the deadline, 0 after it; None where there is none."""
        return None if self._deadline is None else max(0.0, self._deadline - time())

    def peer(self) -> str:
        """Return the address of the peer, such as ``ipv4:192.0.2.1:5000``."""
        return str(self._call.peer().decode())

    def auth_context(self) -> dict[str, list[bytes]]:
        """Return what TLS knows of the peer."""
        known = cygrpc.auth_context(self._call)
        return {name.decode(): list(values) for name, values in known.items()}

    def receive(self, then: Tag) -> None:
        """Ask for the next message; `received` reads it out of the event."""
        self._call.start_server_batch((cygrpc.ReceiveMessageOperation(_NO_FLAGS),), then)

    def watch_close(self, then: Tag) -> None:
        """Call *then* at the end of the call, however it comes; `was_cancelled` says how."""
        self._call.start_server_batch((cygrpc.ReceiveCloseOnServerOperation(_NO_FLAGS),), then)

    def send(self, message: bytes, then: Tag) -> None:
        """Send one message of several."""
        operations = (*self._headers(), cygrpc.SendMessageOperation(message, _NO_FLAGS))
        self._call.start_server_batch(operations, then)

    def finish(
        self,
        message: bytes | None,
        status: int = 0,
        details: bytes = b"",
        trailers: Any = (),
        *,
        watched: bool = False,
        then: Tag | None = None,
    ) -> None:
        """Send the last *message*, if there is one, and the status; *watched*: by `watch_close`."""
        operations = [*self._headers()]
        if message is not None:
            operations.append(cygrpc.SendMessageOperation(message, _NO_FLAGS))
        operations.append(
            cygrpc.SendStatusFromServerOperation(trailers, status, details, _NO_FLAGS)
        )
        if not watched:
            # Without it the core takes a call that is dropped for one that is abandoned.
            operations.append(cygrpc.ReceiveCloseOnServerOperation(_NO_FLAGS))
        self._call.start_server_batch(operations, then or _ignore)

    def _headers(self) -> tuple[Any, ...]:
        if self._headers_sent:
            return ()
        self._headers_sent = True
        return (cygrpc.SendInitialMetadataOperation((), _NO_FLAGS),)


def received(event: Event) -> bytes | None:
    """Return the message that `CoreCall.receive` asked for; None: there is none, or no caller."""
    message: bytes | None = event.batch_operations[0].message()
    return message


def was_cancelled(event: Event) -> bool:
    """Tell whether a call that `CoreCall.watch_close` watches ended before its status was sent."""
    return bool(event.batch_operations[0].cancelled())


def _ignore(_event: Event) -> None:
    return
