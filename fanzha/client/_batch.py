"""Single requests that travel together, each with its own deadline.

A deadline holds wherever the batch is, waiting here or under way. One timer for the batch,
not one for each request, is what keeps a request cheap.
"""

import asyncio
from collections.abc import Callable
from typing import Generic, Protocol

import grpc

from fanzha.client._answers import Answer, Answers
from fanzha.client._failures import RequestFailed
from fanzha.client._request_kinds import Row
from fanzha.tracing import trace_context
from fanzha.tracing.trace_context import TraceContext

EXPIRY_GRANULARITY_SECONDS = 0.001
"""Deadlines so near to each other end at once."""


class AnswerSink(Protocol):
    """Where an answer goes: an `asyncio.Future`, or a thread that waits.

    It takes one; later, and once cancelled, it raises `asyncio.InvalidStateError`.
    """

    def done(self) -> bool:
        """Return whether it has its answer, or was cancelled."""
        ...

    def set_result(self, answer: Answer, /) -> None:
        """Take the answer."""

    def set_exception(self, failure: Exception, /) -> None:
        """Take the failure."""


class Batch(Generic[Row]):
    """Rows, where their answers go, and until when."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, fail: Callable[[AnswerSink, RequestFailed], None]
    ) -> None:
        self._loop = loop
        self._fail = fail
        self._rows: list[tuple[Row, AnswerSink, float]] = []
        self._first = 0.0
        """When the first request came."""
        self._timer: asyncio.TimerHandle | None = None
        self.latest = 0.0
        """The last deadline."""
        self.trace: TraceContext | None = None
        """Of the first request whose caller records one; the others travel in it."""

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: Row, sink: AnswerSink, deadline: float) -> None:
        """Take one more request."""
        if not self._rows:
            self._first = self._loop.time()
        self._rows.append((row, sink, deadline))
        if self.trace is None or not self.trace.sampled:
            self.trace = trace_context.current() or self.trace
        self.latest = max(self.latest, deadline)
        if self._timer is None or deadline < self._timer.when():
            self._watch(deadline)

    def drop_late(self) -> None:
        """Drop requests that are done; fail those that waited longer than the time they have left.

        Their answers would most likely be late; under overload all would be, if the oldest always
        went first.
        """
        now = self._loop.time()
        waited = now - self._first
        late = RequestFailed(grpc.StatusCode.DEADLINE_EXCEEDED, "waited too long for a connection")
        in_time = []
        for one in self._rows:
            _, sink, deadline = one
            if sink.done():
                continue
            if deadline - now < waited:
                self._fail(sink, late)
            else:
                in_time.append(one)
        self._rows = in_time
        if not in_time:
            self._unwatch()

    @property
    def rows(self) -> list[Row]:
        """The rows of the request."""
        return [row for row, _, _ in self._rows]

    def answer(self, answers: Answers) -> tuple[int, int]:
        """Hand each request its answer.

        Return how many were still waited for, and how many of those block.
        """
        self._unwatch()
        taken = blocked = 0
        for (_, sink, _), answer in zip(self._rows, answers, strict=True):
            try:
                sink.set_result(answer)
            except asyncio.InvalidStateError:
                continue
            taken += 1
            blocked += answer.blocked
        return taken, blocked

    def fail(self, failure: RequestFailed) -> None:
        """Fail all requests."""
        self._unwatch()
        for _, sink, _ in self._rows:
            self._fail(sink, failure)

    def _watch(self, deadline: float) -> None:
        self._unwatch()
        self._timer = self._loop.call_at(deadline, self._expire)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        late = self._loop.time() + EXPIRY_GRANULARITY_SECONDS
        self._timer = None
        failure = RequestFailed(grpc.StatusCode.DEADLINE_EXCEEDED, "no answer in time")
        open_ = []
        for _, sink, deadline in self._rows:
            if sink.done():
                continue
            if deadline <= late:
                self._fail(sink, failure)
            else:
                open_.append(deadline)
        if open_:
            self._watch(min(open_))
