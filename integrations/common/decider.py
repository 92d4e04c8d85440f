"""Asks the service for one decision after another, on behalf of a switch.

The client batches, keeps deadlines and avoids targets that fail; this adds the circuit breaker, the
fail policy and the metrics of an adapter. Nothing here raises for a service that is away.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self

from fanzha.client import (
    Answer,
    AsyncClient,
    Call,
    CallEnd,
    Link,
    Options,
    RequestFailed,
    Text,
)
from fanzha.tracing import trace_context, tracer
from fanzha.tracing.tracer import SpanKind
from fanzha.v1 import decision_pb2 as pb
from infra.circuit_breaker import CircuitBreaker
from integrations.common.adapter_metrics import AdapterMetrics
from integrations.common.settings import AdapterSettings, FailPolicy

_WITHHELD = Answer(
    action=pb.ACTION_ALLOW,
    reason=pb.REASON_FAILED_OPEN,
    failed_open=True,
    error="withheld: the circuit breaker is open",
)
CHANNELS = ("call", "text", "link")
_LAST_SPANS_SECONDS = 2.0


class TrafficDecider:
    """Made and used inside one running event loop."""

    def __init__(self, settings: AdapterSettings, metrics: AdapterMetrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._client = AsyncClient(
            settings.targets,
            Options(
                timeout=settings.timeout_ms / 1000,
                linger=settings.linger_ms / 1000,
                max_batch=settings.max_batch,
                with_protocol_answer=True,
            ),
        )
        self._breakers = {
            channel: CircuitBreaker(
                failures=settings.breaker_failures,
                first_seconds=settings.breaker_seconds,
                longest_seconds=settings.breaker_seconds,
            )
            for channel in CHANNELS
        }
        self._tracer = tracer.exporting(
            settings.trace_endpoint,
            role="adapter",
            share=settings.trace_share,
            most_a_second=settings.trace_most_per_second,
        )
        self._tripped: set[str] = set()
        """Channels whose breaker opened, and that have had no answer since."""
        self._probing: set[str] = set()
        """Those of them with a request on its way, to find out."""

    async def call(self, call: Call) -> Answer:
        """Decide on a call attempt."""
        return await self._decide("call", lambda: self._client.decide_call(call))

    async def text(self, text: Text) -> Answer:
        """Decide on a text message."""
        return await self._decide("text", lambda: self._client.decide_text(text))

    async def link(self, link: Link) -> Answer:
        """Decide on a link."""
        return await self._decide("link", lambda: self._client.decide_link(link))

    def refuses(self, answer: Answer) -> bool:
        """Return whether the traffic must be dropped: blocked, or unanswered and so set."""
        if answer.failed_open:
            return self._settings.fail_policy is FailPolicy.REFUSE
        return answer.blocked

    async def report_call_ends(self, ends: Sequence[CallEnd]) -> int | None:
        """Report ended calls; return how many were counted in, None where no service answered."""
        try:
            return (await self._client.report_call_ends(ends)).accepted
        except RequestFailed:
            self._metrics.count("call_end", "failed", len(ends))
            return None

    async def wait_until_ready(self, seconds: float) -> bool:
        """Wait until a service is ready; return whether one is."""
        return await self._client.wait_until_ready(seconds)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.close()
        if self._tracer is not None:
            await asyncio.to_thread(self._tracer.close, _LAST_SPANS_SECONDS)

    async def _decide(self, channel: str, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        probe = channel in self._tripped
        if self._breakers[channel].open_for or channel in self._probing:
            self._metrics.count(channel, "withheld")
            return _WITHHELD
        if probe:
            # After the pause one request alone finds out: the others do not wait for its deadline.
            self._probing.add(channel)
        try:
            with self._metrics.timed(channel):
                answer = await self._ask(channel, ask)
        finally:
            if probe:
                self._probing.discard(channel)
        self._record(channel, answer, probe=probe)
        self._metrics.count(channel, _result(answer))
        return answer

    async def _ask(self, channel: str, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        parent = trace_context.current()
        if self._tracer is None or not self._tracer.wants(parent) or not self._tracer.has_room():
            return await ask()
        with self._tracer.within(f"ask about a {channel}", SpanKind.CLIENT, parent, {}) as span:
            answer = await ask()
            span.set("fanzha.result", _result(answer))
        return answer

    def _record(self, channel: str, answer: Answer, *, probe: bool) -> None:
        breaker = self._breakers[channel]
        if not answer.failed_open:
            breaker.record_success()
            self._tripped.discard(channel)
        elif probe:
            breaker.trip()
        else:
            breaker.record_failure()
        if breaker.open_for:
            self._tripped.add(channel)
        self._metrics.show_breaker(channel, is_open=breaker.open_for > 0)


def _result(answer: Answer) -> str:
    if answer.failed_open:
        return "failed"
    return "blocked" if answer.blocked else "let_through"
