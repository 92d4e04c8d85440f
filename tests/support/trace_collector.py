"""A collector of traces for tests: the service of the official protocol, which keeps every span.

No collector comes with PyPI, npm or Debian; this is a gRPC server on `opentelemetry-proto`.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as pb_grpc


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedSpan:
    """One span that arrived."""

    role: str
    name: str
    trace: str
    id: str
    parent: str
    """Empty for the root of a trace."""
    attributes: dict[str, Any]
    failed: bool
    start_ns: int
    end_ns: int


class Collector(pb_grpc.TraceServiceServicer):
    """Keeps what is exported to it."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.spans: list[CollectedSpan] = []

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 - of the protocol
        for of_process in request.resource_spans:
            resource = _values(of_process.resource.attributes)
            for scope in of_process.scope_spans:
                self.spans += [_span(resource["fanzha.role"], span) for span in scope.spans]
        return pb.ExportTraceServiceResponse()


@contextmanager
def collector() -> Iterator[Collector]:
    """Run a collector on a free port."""
    kept = Collector()
    server = grpc.server(ThreadPoolExecutor(2))
    add: Any = pb_grpc.add_TraceServiceServicer_to_server
    add(kept, server)
    kept.endpoint = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield kept
    finally:
        server.stop(None).wait()


def _span(role: str, span: Any) -> CollectedSpan:
    return CollectedSpan(
        role=role,
        name=span.name,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        attributes=_values(span.attributes),
        failed=span.status.code == 2,
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
    )


def _values(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}
