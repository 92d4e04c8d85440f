"""A small gRPC server with scripted decisions: real sockets, real statuses, real health.

Batches only: the client sends nothing else.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeAlias

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from fanzha.v1 import decision_pb2, interception_pb2_grpc
from fanzha.v1 import interception_pb2 as pb

PATIENCE_SECONDS = 60.0
SERVICE = pb.DESCRIPTOR.services_by_name["InterceptionService"].full_name

Say: TypeAlias = Callable[[Sequence[Any], Any], decision_pb2.Decisions]


def allow(rows: Sequence[Any], context: Any) -> decision_pb2.Decisions:
    """Let everything through."""
    return decision_pb2.Decisions(
        first_decision_id=1,
        actions=[decision_pb2.ACTION_ALLOW] * len(rows),
        reasons=[decision_pb2.REASON_SCORED] * len(rows),
        scores=[0.25] * len(rows),
        threshold=0.5,
        model_version="1",
    )


def block_listed(rows: Sequence[Any], context: Any) -> decision_pb2.Decisions:
    """Block callers that end in 9, by an entry with the caller as its id."""
    decisions = allow(rows, context)
    for row, call in enumerate(rows):
        if call.caller.endswith("9"):
            decisions.actions[row] = decision_pb2.ACTION_BLOCK
            decisions.details.add(row=row, entry_id=call.caller)
    return decisions


def refuse(status: grpc.StatusCode, **trailers: str) -> Say:
    """Answer every request with *status*; a trailer's name is written with underscores."""

    def say(rows: Sequence[Any], context: Any) -> decision_pb2.Decisions:
        context.set_trailing_metadata(
            [(name.replace("_", "-"), value) for name, value in trailers.items()]
        )
        context.abort(status, "as told")
        raise AssertionError

    return say


class DecisionServer(interception_pb2_grpc.InterceptionServiceServicer):
    """Answers by *say*, and records the number of rows of each request."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.sizes: list[int] = []
        self.rows: list[Any] = []
        self.protocol_asked: list[bool] = []
        """Of each request, whether it asked for protocol answers."""
        self.dry_asked: list[bool] = []
        """Of each request, whether it asked for a dry run."""
        self.target = ""
        # A watch has a thread of its own: the library's other way sends while it holds its lock,
        # and waits for ever for the server's thread when that waits for the lock, as a watch ends.
        self.health = health.HealthServicer(experimental_non_blocking=False)
        self._open = threading.Event()
        self._open.set()

    def hold(self) -> None:
        """Hold all answers."""
        self._open.clear()

    def release(self) -> None:
        """Answer the held requests, and all later ones."""
        self._open.set()

    def set_serving(self, serving: bool) -> None:
        """Send SERVING or NOT_SERVING to health watchers."""
        status = health_pb2.HealthCheckResponse
        self.health.set(SERVICE, status.SERVING if serving else status.NOT_SERVING)

    def DecideCall(self, request: Any, context: Any) -> Any:  # noqa: N802
        raise NotImplementedError

    DecideText = DecideLink = DecideCall

    def DecideCalls(self, request: Any, context: Any) -> Any:  # noqa: N802
        return pb.DecideCallsResponse(decisions=self._decide(request, request.calls, context))

    def DecideTexts(self, request: Any, context: Any) -> Any:  # noqa: N802
        return pb.DecideTextsResponse(decisions=self._decide(request, request.texts, context))

    def DecideLinks(self, request: Any, context: Any) -> Any:  # noqa: N802
        return pb.DecideLinksResponse(decisions=self._decide(request, request.links, context))

    def _decide(self, request: Any, rows: Sequence[Any], context: Any) -> decision_pb2.Decisions:
        self.protocol_asked.append(request.with_protocol_answer)
        self.dry_asked.append(request.dry_run)
        self.sizes.append(len(rows))
        self.rows.extend(rows)
        if not self._open.wait(PATIENCE_SECONDS):
            raise AssertionError("held for too long")
        return self.say(rows, context)


@contextmanager
def decision_server(say: Say = allow, port: int = 0) -> Iterator[DecisionServer]:
    """Serve on a free port until the block ends."""
    with ThreadPoolExecutor(16) as threads:
        servicer = DecisionServer(say)
        server = grpc.server(threads, options=[("grpc.so_reuseport", 0)])
        interception_pb2_grpc.add_InterceptionServiceServicer_to_server(servicer, server)
        health_pb2_grpc.add_HealthServicer_to_server(servicer.health, server)
        servicer.set_serving(True)
        servicer.target = f"127.0.0.1:{server.add_insecure_port(f'127.0.0.1:{port}')}"
        server.start()
        try:
            yield servicer
        finally:
            servicer.release()
            server.stop(0).wait(PATIENCE_SECONDS)
