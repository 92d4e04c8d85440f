"""Serves what is no decision: a task for each request, and its context as grpc.aio has it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from contextvars import Context
from typing import Any

import grpc

from services.rpc.core import api
from services.rpc.core.api import CoreCall, Event, Metadata
from services.rpc.middleware.chain import Handler
from services.rpc.middleware.load_shedder import CallerGone
from services.rpc.middleware.unexpected_errors import UnexpectedLog


class CallContext:
    """What a handler is told of its request, and answers by."""

    def __init__(self, call: CoreCall, serialize: Callable[[Any], bytes] | None) -> None:
        self._call = call
        self._serialize = serialize
        self.invocation_metadata = call.invocation_metadata
        self.time_remaining = call.time_remaining
        self.peer = call.peer
        self.auth_context = call.auth_context

    async def read(self) -> Any:
        """Return the next message, or gRPC's end of file."""
        event = await _event_of(self._call.receive)
        message = api.received(event)
        return grpc.aio.EOF if message is None else message

    async def messages(self) -> AsyncIterator[bytes]:
        """Return all messages, each as it comes."""
        while (message := await self.read()) is not grpc.aio.EOF:
            yield message

    async def write(self, message: Any) -> None:
        """Send one of several responses, as soon as the caller takes it."""
        event = await _event_of(lambda then: self._call.send(self.serialized(message), then))
        if not event.success:
            raise CallerGone

    async def abort(
        self, code: grpc.StatusCode, details: str = "", trailers: Metadata = ()
    ) -> None:
        """End the request with a status; always raises."""
        self._call.finish(None, code.value[0], details.encode(), trailers, watched=True)
        raise grpc.aio.AbortError

    def set_code(self, _code: grpc.StatusCode) -> None:
        """Do nothing: generated code calls it, and then raises what `errors` makes a status of."""

    def set_details(self, _details: str) -> None:
        """Do nothing, as above."""

    def serialized(self, message: Any) -> bytes:
        """Return the bytes of a response."""
        return message if self._serialize is None else self._serialize(message)


async def _event_of(start: Callable[[api.Tag], None]) -> Event:
    """Wait for the event that ends what *start* starts."""
    ended: asyncio.Future[Event] = asyncio.get_running_loop().create_future()

    def end(event: Event) -> None:
        if not ended.done():
            ended.set_result(event)

    start(end)
    return await ended


class RunningCalls:
    """The tasks of requests that are served one by one."""

    def __init__(self) -> None:
        self._tasks = set[asyncio.Task[None]]()
        self._unexpected = UnexpectedLog()

    def __len__(self) -> int:
        """Return how many run."""
        return len(self._tasks)

    def serve(self, call: CoreCall, handler: Handler, context: Context) -> None:
        """Serve *call* in a task of its own, which is cancelled when the caller hangs up."""
        self.run(call, _serve(call, handler, self._unexpected), context)

    def run(self, call: CoreCall, serving: Any, context: Context) -> None:
        """Run the coroutine *serving* until it ends or the caller of *call* hangs up."""
        task = asyncio.get_running_loop().create_task(serving, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

        def closed(event: Event) -> None:
            if api.was_cancelled(event):
                task.cancel()

        call.watch_close(closed)

    async def end(self) -> None:
        """Cancel what still runs, and wait for it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _serve(call: CoreCall, handler: Handler, unexpected: UnexpectedLog) -> None:
    context = CallContext(call, handler.response_serializer)
    try:
        if handler.response_streaming:
            await _stream(context, handler)
            call.finish(None, watched=True)
        else:
            method: Any = handler.stream_unary
            response = await method(context.messages(), context)
            call.finish(context.serialized(response), watched=True)
    except grpc.aio.AbortError:
        pass  # its status is sent
    except Exception as error:
        unexpected.note("a handler", error)
        call.finish(None, grpc.StatusCode.UNKNOWN.value[0], watched=True)


async def _stream(context: CallContext, handler: Handler) -> None:
    method: Any = handler.stream_stream
    served = method(context.messages(), context)
    if not hasattr(served, "__aiter__"):
        await served  # writes its responses to the context
        return
    async with aclosing(served) as responses:
        async for response in responses:
            await context.write(response)
