"""A request for decisions, from its headers to its answer, without a task of its own.

1. `DecisionMethod.accept`: authenticate and shed load, before the request is read;
2. `_received`: read it and find its rows (`batch_handler`);
3. `BatchQueue`: wait while what came before is decided;
4. `_answered`: send the answer of its batch.
"""

from contextvars import copy_context
from dataclasses import dataclass
from time import monotonic

from services.auth import identity
from services.rpc.core import api
from services.rpc.core.api import CoreCall, Event
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


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMethod:
    """A method that decides."""

    handler: BatchHandler
    single: bool
    """Takes one row, not a batch."""
    authenticate: Authenticate
    errors: ErrorResponder
    stages: DecisionStages

    def accept(self, event: Event) -> None:
        """Begin the request that *event* reports."""
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
