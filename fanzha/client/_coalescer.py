"""Coalesces single requests into batches.

The first request is sent at once. Those that arrive while others are in flight wait for `linger`
at most, or until a connection has room: the busier the server, the larger the batches, and the
cheaper each row. Everything here runs in one event loop.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Generic

import grpc

from fanzha.client._batch import AnswerSink, Batch
from fanzha.client._connections import Connection, Connections
from fanzha.client._counters import Counters
from fanzha.client._failures import RequestFailed
from fanzha.client._options import Options
from fanzha.client._request_kinds import RequestKind, Row
from fanzha.client._sender import RequestSender
from fanzha.tracing import trace_context


class RequestCoalescer(Generic[Row]):
    """Single requests of one kind of traffic."""

    def __init__(
        self,
        kind: RequestKind[Row],
        *,
        sender: RequestSender,
        connections: Connections,
        options: Options,
        counters: Counters,
        fail: Callable[[AnswerSink, RequestFailed], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._kind: RequestKind[Row] = kind
        self._sender = sender
        self._connections = connections
        self._options = options
        self._counters = counters
        self._fail = fail
        self._loop = loop
        self._open: Batch[Row] = Batch(loop, fail)
        self._full: deque[Batch[Row]] = deque()
        self._linger: asyncio.Handle | None = None
        self._sending: set[asyncio.Task[None]] = set()

    def put(self, row: Row, sink: AnswerSink, deadline: float) -> None:
        """Queue one row until *deadline*, in the loop's time; its answer goes to *sink*."""
        if not isinstance(row, self._kind.row):
            # Rejected here, it fails no batch of others.
            with suppress(asyncio.InvalidStateError):
                wrong = f"not a {self._kind.row.__name__}: {type(row).__name__}"
                sink.set_exception(TypeError(wrong))
            return
        if self._queued >= self._options.max_waiting:
            full = RequestFailed(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many requests wait here")
            self._fail(sink, full)
            return
        self._open.add(row, sink, deadline)
        if len(self._open) == self._options.max_batch:
            self._full.append(self._open)
            self._begin()
            self.pump()
        elif len(self._open) == 1:
            self._linger = self._schedule_dispatch()

    def pump(self) -> None:
        """Send the batches for which a connection has room."""
        while self._full:
            if not self._dispatch(self._full[0]):
                return
            self._full.popleft()
        if len(self._open) and self._linger is None and self._dispatch(self._open):
            self._begin()

    async def flush(self) -> None:
        """Send queued rows, and wait for requests in flight; deadlines bound both."""
        self._linger_over()
        while self._sending or self._queued:
            await asyncio.wait(self._sending or [asyncio.ensure_future(asyncio.sleep(0.001))])

    @property
    def _queued(self) -> int:
        return len(self._open) + len(self._full) * self._options.max_batch

    def _begin(self) -> None:
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        self._open = Batch(self._loop, self._fail)

    def _schedule_dispatch(self) -> asyncio.Handle:
        if self._connections.idle:
            return self._loop.call_soon(self._linger_over)
        return self._loop.call_later(self._options.linger, self._linger_over)

    def _linger_over(self) -> None:
        self._linger = None
        self.pump()

    def _dispatch(self, batch: Batch[Row]) -> bool:
        """Send a batch; return whether it needs no more care."""
        batch.drop_late()
        if not len(batch):
            return True
        try:
            connection = self._connections.pick()
        except RequestFailed as failure:
            batch.fail(failure)
            return True
        if connection is None:
            return False
        task = self._loop.create_task(self._send(batch, connection))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return True

    async def _send(self, batch: Batch[Row], connection: Connection) -> None:
        request = self._kind.request_of(batch.rows, self._options)
        # The task has the context of whoever made room for it.
        trace_context.CURRENT.set(batch.trace or trace_context.UNTRACED)
        try:
            answers = await self._sender.decide(
                connection, self._kind.method, request, batch.latest, len(batch)
            )
        except RequestFailed as failure:
            batch.fail(failure)
        else:
            self._counters.count_decided(*batch.answer(answers))
