"""Spans, sampled at their root and exported by OpenTelemetry (OTLP over gRPC).

A trace is recorded where the caller says so, or by chance where there is no caller (parent-based
ratio). OpenTelemetry is in the extra `traces`; without an endpoint nothing of it is imported, and
nothing below runs. Spans have no personal data: no numbers, texts or links.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from importlib import metadata
from random import random
from threading import Thread
from time import monotonic, time_ns
from typing import Any, TypeAlias

from fanzha.errors import CannotStart
from fanzha.tracing import trace_context
from fanzha.tracing.trace_context import TraceContext

logger = logging.getLogger(__name__)

Attributes: TypeAlias = Mapping[str, str | int | float | bool]

_QUEUED_SPANS = 4096
_EXPORT_SECONDS = 5


class SpanKind(StrEnum):
    """What a span is to the others of its trace."""

    SERVER = "server"
    CLIENT = "client"
    PRODUCER = "producer"
    CONSUMER = "consumer"
    INTERNAL = "internal"


class OpenSpan:
    """A span that has begun."""

    def __init__(self, span: Any, failed_status: Any) -> None:
        self._span = span
        self._failed_status = failed_status
        found = span.get_span_context()
        self.context = TraceContext(found.trace_id, found.span_id, sampled=True)

    def set(self, name: str, value: str | float | bool) -> None:
        """Add an attribute."""
        self._span.set_attribute(name, value)

    def end(self, error: str = "") -> None:
        """End it; *error* is a word without personal data, such as the name of a status."""
        if error:
            self._span.set_status(self._failed_status, error)
        self._span.end()


class Tracer:
    """Begins the spans of one process."""

    def __init__(
        self,
        provider: Any,
        *,
        share: float,
        most_a_second: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Use *provider*, a `TracerProvider` that samples all: what is recorded is decided here.

        Of requests without a caller that traces, *share* are recorded; *most_a_second* traces
        whoever asks for them, so that one caller cannot have all of its requests recorded.
        """
        from opentelemetry import trace  # noqa: PLC0415 - an extra

        self._api: Any = trace
        self._provider = provider
        self._tracer = provider.get_tracer("fanzha")
        self._share = share
        self._most = most_a_second
        self._clock = clock
        self._second, self._in_second = clock(), 0
        self.left_out = 0
        """Traces that were more than `most_a_second`."""

    def wants(self, parent: TraceContext | None) -> bool:
        """Tell whether a request is to be recorded, by its caller or by chance."""
        if parent is not None:
            return parent.sampled
        return self._share > 0 and random() < self._share  # noqa: S311 - chance, no secret

    def has_room(self) -> bool:
        """Count a trace that begins here; False for one too many in this second."""
        now = self._clock()
        if now - self._second >= 1:
            self._second, self._in_second = now, 0
        self._in_second += 1
        if self._in_second > self._most:
            self.left_out += 1
            return False
        return True

    def begin(
        self,
        name: str,
        kind: SpanKind,
        parent: TraceContext | None,
        attributes: Attributes | None = None,
        *,
        start_ns: int | None = None,
    ) -> OpenSpan:
        """Begin a span, now or at *start_ns*; without *parent* it is the root of a trace."""
        span = self._tracer.start_span(
            name,
            context=self._context_of(parent),
            kind=self._api.SpanKind[kind.name],
            attributes=dict(attributes or {}),
            start_time=start_ns or time_ns(),
        )
        return OpenSpan(span, self._api.StatusCode.ERROR)

    @contextmanager
    def within(
        self, name: str, kind: SpanKind, parent: TraceContext | None, attributes: Attributes
    ) -> Iterator[OpenSpan]:
        """Run the block in a span, which is that of what the block asks for, too."""
        span = self.begin(name, kind, parent, attributes)
        token = trace_context.CURRENT.set(span.context)
        error = ""
        try:
            yield span
        except BaseException as raised:
            error = type(raised).__name__
            raise
        finally:
            trace_context.CURRENT.reset(token)
            span.end(error)

    def close(self, seconds: float) -> None:
        """Export what is left; wait for *seconds* at most, as where the collector is away."""
        closing = Thread(target=self._provider.shutdown, name="last spans", daemon=True)
        closing.start()
        closing.join(seconds)

    def _context_of(self, parent: TraceContext | None) -> Any:
        # An empty context: none of this task's own.
        api = self._api
        if parent is None:
            return api.set_span_in_context(api.INVALID_SPAN, {})
        found = api.SpanContext(
            parent.trace_id,
            parent.span_id,
            is_remote=True,
            trace_flags=api.TraceFlags(api.TraceFlags.SAMPLED),
        )
        return api.set_span_in_context(api.NonRecordingSpan(found), {})


def exporting(endpoint: str, *, role: str, share: float, most_a_second: float) -> Tracer | None:
    """Return what exports to *endpoint* (``http://host:4317``, ``https://…``); None: it is empty.

    Credentials and certificates are those of OpenTelemetry's variables
    (``OTEL_EXPORTER_OTLP_HEADERS``, ``OTEL_EXPORTER_OTLP_CERTIFICATE``). Raises `CannotStart` where
    the extra is not installed.
    """
    if not endpoint:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON  # noqa: PLC0415
    except ImportError as error:
        raise _unusable() from error
    resource = Resource.create({"service.name": "fanzha", "fanzha.role": role})
    provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(
        endpoint=endpoint,
        insecure=not endpoint.startswith("https://"),
        timeout=_EXPORT_SECONDS,
    )
    provider.add_span_processor(
        BatchSpanProcessor(
            exporter,
            max_queue_size=_QUEUED_SPANS,
            export_timeout_millis=_EXPORT_SECONDS * 1000,
        )
    )
    # Else each attempt of an export is a line, while the collector is away.
    logging.getLogger("opentelemetry.exporter").setLevel(logging.ERROR)
    logger.info("traces: exported to %s", endpoint)
    return Tracer(provider, share=share, most_a_second=most_a_second)


def _unusable() -> CannotStart:
    """Return why OpenTelemetry cannot be imported."""
    try:
        metadata.version("opentelemetry-proto")
    except metadata.PackageNotFoundError:
        return CannotStart("traces need the extra: pip install 'fanzha[traces]'")
    # The extra `adapters` brings old files of it along (xds-protos).
    return CannotStart(
        "traces: another package has overwritten opentelemetry-proto: "
        "pip install --force-reinstall --no-deps opentelemetry-proto"
    )
