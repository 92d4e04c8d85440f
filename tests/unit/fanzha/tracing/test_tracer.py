"""What is traced is decided at the root of a trace, and by a limit that no caller moves."""

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from fanzha.tracing import trace_context, tracer
from fanzha.tracing.trace_context import TraceContext
from fanzha.tracing.tracer import SpanKind, Tracer

RECORDED, NOT_RECORDED = TraceContext(1, 2, sampled=True), TraceContext(3, 4, sampled=False)


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def a_tracer(share: float = 0.0, most: float = 1e9, clock: Clock | None = None) -> Tracer:
    return Tracer(TracerProvider(), share=share, most_a_second=most, clock=clock or Clock())


@pytest.mark.parametrize(
    ("share", "fewest", "most"), [(0, 0, 0), (1, 2000, 2000), (0.5, 800, 1200)]
)
def test_a_share_of_requests_without_a_caller_that_traces_is_recorded(
    share: float, fewest: int, most: int
) -> None:
    of_share = a_tracer(share)

    assert fewest <= sum(of_share.wants(None) for _ in range(2000)) <= most
    assert of_share.wants(RECORDED)
    assert not of_share.wants(NOT_RECORDED)


def test_a_second_has_room_for_so_many_and_the_others_are_counted() -> None:
    clock = Clock()
    limited = a_tracer(most=3, clock=clock)

    first = [limited.has_room() for _ in range(5)]
    clock.now += 1
    second = [limited.has_room() for _ in range(2)]

    assert first == [True, True, True, False, False]
    assert second == [True, True]
    assert limited.left_out == 2


def test_a_span_within_another_is_its_child_and_fails_as_its_block_does() -> None:
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    traces = Tracer(provider, share=1, most_a_second=10)

    def work() -> None:
        with traces.within("outer", SpanKind.CLIENT, RECORDED, {}):
            with traces.within("inner", SpanKind.INTERNAL, trace_context.current(), {"rows": 2}):
                pass
            raise KeyError("+8617000000123")

    with pytest.raises(KeyError):
        work()

    inner, failed = kept.get_finished_spans()
    assert inner.parent is not None
    assert failed.parent is not None
    assert inner.parent.span_id == failed.context.span_id
    assert failed.parent.span_id == RECORDED.span_id
    assert dict(inner.attributes or {}) == {"rows": 2}
    assert inner.status.is_ok
    # By the kind of error: what it says may name a person.
    assert failed.status.description == "KeyError"
    assert trace_context.current() is None


def test_without_an_endpoint_there_is_no_tracer() -> None:
    assert tracer.exporting("", role="worker", share=1, most_a_second=1) is None
