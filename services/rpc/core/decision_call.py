"""A request for decisions, from its headers to its answer, without a task of its own.

1. `DecisionMethod.accept`: authenticate and shed load, before the request is read;
2. `_received`: read it and find its rows (`batch_handler`);
3. `BatchQueue`: wait while what came before is decided;
4. `_answered`: send the answer of its batch.
"""

from contextvars import copy_context
from dataclasses import dataclass
from time import monotonic, time_ns
from typing import Any

from fanzha.tracing.trace_context import TraceContext
from fanzha.tracing.tracer import OpenSpan, SpanKind, Tracer
from services.auth import identity
from services.decision.decision_traces import DecisionTraces, context_of
from services.rpc.core import api
from services.rpc.core.api import CoreCall, Event, Tag
from services.rpc.core.call_context import RunningCalls
from services.rpc.decide.batch_handler import Answer, BatchHandler
from services.rpc.decide.batch_queue import BatchQueue
from services.rpc.decide.request_decoder import EncodedRequest
from services.rpc.middleware.auth_interceptor import Authenticate
from services.rpc.middleware.errors import ErrorResponder
from services.rpc.middleware.load_shedder import CallerGone, LoadShedder
from services.rpc.middleware.memory_return import LARGE_BYTES, MemoryReturn


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionStages:
    """What the requests of all methods that decide go through."""

    shedder: LoadShedder
    queue: BatchQueue
    memory: MemoryReturn
    running: RunningCalls
    traces: DecisionTraces | None = None
    """None: no request is traced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMethod:
    """A method that decides."""

    handler: BatchHandler
    single: bool
    """Takes one row, not a batch."""
    authenticate: Authenticate
    errors: ErrorResponder
    stages: DecisionStages
    name: str = ""
    """Of service and method, such as ``fanzha.v1.InterceptionService/DecideCall``."""

    def accept(self, event: Event) -> None:
        """Begin the request that *event* reports."""
        traces = self.stages.traces
        if traces is not None:
            parent = context_of(event.invocation_metadata)
            if traces.tracer.wants(parent):
                _TracedCall(event, self, traces.tracer, parent).begin()
                return
        _DecisionCall(event, self).begin()


class _DecisionCall(CoreCall):
    __slots__ = ("_method", "_who")

    def __init__(self, event: Event, method: DecisionMethod) -> None:
        super().__init__(event)
        self._method = method

    def begin(self) -> None:
        method = self._method
        try:
            method.authenticate(self)
            self._who = identity.current()
            method.stages.shedder.enter(self.time_remaining(), self._who.name)
        except Exception as error:
            self._refuse(error)
            return
        self.receive(self._received)

    def _received(self, event: Event) -> None:
        stages = self._method.stages
        try:
            handler, request = self._opened(api.received(event))
        except Exception as error:
            self._answered(error)
            stages.shedder.leave()
            return
        if handler.takes_parts(request):
            serving = self._answer_in_parts(handler, request)
            stages.running.run(self, serving, copy_context())
        else:
            stages.queue.put(handler, request, self._answered)

    def _opened(self, data: bytes | None) -> tuple[BatchHandler, EncodedRequest]:
        method, stages = self._method, self._method.stages
        if data is None:
            raise CallerGone
        if len(data) >= LARGE_BYTES:
            stages.memory.took(len(data))
        stages.shedder.check_deadline(self.time_remaining())
        return method.handler.open(
            data, single=method.single, who=self._who, remaining=self.time_remaining
        )

    async def _answer_in_parts(self, handler: BatchHandler, request: EncodedRequest) -> None:
        shedder, began = self._method.stages.shedder, monotonic()
        try:
            answer: Answer | Exception = await handler.answer_in_parts(request)
        except Exception as error:
            answer = error
        except BaseException as error:
            shedder.count_undecided(error)
            raise
        finally:
            shedder.leave()
        self._answered(answer, watched=True)
        if isinstance(answer, bytes):
            self._method.stages.queue.timed(handler.channel, monotonic() - began)

    def _answered(self, answer: Answer | Exception, *, watched: bool = False) -> None:
        if isinstance(answer, bytes):
            self.finish(answer, watched=watched)
        else:
            self._method.stages.shedder.count_undecided(answer)
            self._refuse(answer, watched=watched)

    def _refuse(self, error: Exception, *, watched: bool = False) -> None:
        failed = self._method.errors.status(self, error)
        self.finish(
            None, failed.code.value[0], failed.message.encode(), failed.trailers, watched=watched
        )


class _TracedCall(_DecisionCall):
    """A request with a span, from its headers to its answer.

    It begins once the caller is known and has room: a stranger has no spans made.
    """

    __slots__ = ("_parent", "_span", "_start_ns", "_tracer")

    def __init__(
        self, event: Event, method: DecisionMethod, tracer: Tracer, parent: TraceContext | None
    ) -> None:
        super().__init__(event, method)
        self._tracer, self._parent = tracer, parent
        self._start_ns = time_ns()
        self._span: OpenSpan | None = None

    def _opened(self, data: bytes | None) -> tuple[BatchHandler, EncodedRequest]:
        if self._tracer.has_room():
            service, _, method = self._method.name.partition("/")
            attributes = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": method}
            self._span = self._tracer.begin(
                self._method.name,
                SpanKind.SERVER,
                self._parent,
                attributes,
                start_ns=self._start_ns,
            )
        handler, request = super()._opened(data)
        if self._span is not None:
            request.trace = self._span.context
        return handler, request

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
        super().finish(message, status, details, trailers, watched=watched, then=then)
        if self._span is not None:
            self._span.set("rpc.grpc.status_code", status)
            self._span.end(f"status {status}" if status else "")
