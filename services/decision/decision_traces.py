"""The traced decisions of a worker, from their request to their hit in the store.

A decision waits for nothing that is here: of a request that is not traced there is nothing, and of
one that is, spans are made when it is over. A hit is written later, by which time its request has
its answer; until then its decision id leads to its trace.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from fanzha.decisions import Decisions
from fanzha.tracing import trace_context
from fanzha.tracing.trace_context import TraceContext
from fanzha.tracing.tracer import OpenSpan, SpanKind, Tracer
from services.decision.sinks.hit_encoder import WrittenHit
from services.decision.sinks.hit_fields import HitField

MOST_DECISIONS = 10_000
"""Of blocked and marked rows whose hits are not written yet; beyond, the oldest are forgotten."""
_MOST_HITS = 64
"""Rows of one request whose hits are traced: a request may have thousands."""

TracedRows: TypeAlias = tuple[TraceContext, int, int]
"""The span of a request, its first row in a batch, and how many it has."""


class DecisionTraces:
    """Makes the spans of a worker. One event loop only."""

    def __init__(self, tracer: Tracer, most: int = MOST_DECISIONS) -> None:
        self.tracer = tracer
        self._most = most
        self._hits: dict[int, TraceContext] = {}

    def decided(
        self, channel: str, traced: Sequence[TracedRows], decisions: Decisions, started_ns: int
    ) -> None:
        """Make a span of the batch for each request of it that is *traced*."""
        blocked = decisions.blocked_or_marked()
        for parent, first, rows in traced:
            hits = blocked[first : first + rows].nonzero()[0].tolist()
            span = self.tracer.begin(
                f"decide {channel}s",
                SpanKind.INTERNAL,
                parent,
                {
                    "fanzha.batch.rows": len(decisions),
                    "fanzha.rows": rows,
                    "fanzha.rows.blocked_or_marked": len(hits),
                    "fanzha.decision_id": str(decisions.id_of(first)),
                    "fanzha.list_version": decisions.list_version,
                    "fanzha.model_version": decisions.model_version,
                },
                start_ns=started_ns,
            )
            span.end()
            for row in hits[:_MOST_HITS]:
                self._hits[decisions.id_of(first + row)] = span.context
        while len(self._hits) > self._most:
            del self._hits[next(iter(self._hits))]

    def writing(self, hits: Iterable[WrittenHit]) -> "HitSpans":
        """Add their trace to the hits of traced decisions; what returns ends with the write."""
        return HitSpans(self.tracer, self._hits, hits)


class HitSpans:
    """The hits of one write, and the spans of those that are traced."""

    def __init__(
        self, tracer: Tracer, traced: dict[int, TraceContext], hits: Iterable[WrittenHit]
    ) -> None:
        self._tracer = tracer
        self._traced = traced
        self._hits = hits
        self._open: dict[int, OpenSpan] = {}

    def __iter__(self) -> Iterator[WrittenHit]:
        for hit in self._hits:
            parent = self._traced.get(hit.decision_id)
            yield hit if parent is None else self._with_trace(hit, parent)

    def end(self, error: str = "") -> None:
        """End the spans; after an *error* the hits are written once more, with further ones."""
        for decision_id, span in self._open.items():
            span.end(error)
            if not error:
                self._traced.pop(decision_id, None)

    def _with_trace(self, hit: WrittenHit, parent: TraceContext) -> WrittenHit:
        attributes = {"fanzha.decision_id": str(hit.decision_id), "db.system.name": "redis"}
        span = self._tracer.begin("write hit", SpanKind.PRODUCER, parent, attributes)
        self._open[hit.decision_id] = span
        field = f',"{HitField.TRACEPARENT}","{span.context.header()}"]'
        return hit._replace(fields=f"{hit.fields[:-1]}{field}")


def context_of(metadata: Iterable[tuple[str, str | bytes]]) -> TraceContext | None:
    """Return the trace of the caller of a request; None: it told none."""
    for name, value in metadata:
        if name == trace_context.TRACEPARENT and isinstance(value, str):
            return trace_context.read(value)
    return None
