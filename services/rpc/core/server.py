"""A gRPC server on gRPC's core: decisions without tasks, all else as grpc.aio serves it.

Takes the place of `grpc.aio.server` where decisions are served, and has those of its methods that
`services.rpc.server` calls.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from contextvars import copy_context

import grpc

from services.rpc.core import api
from services.rpc.core.api import CoreCall, Event
from services.rpc.core.completion_loop import CompletionLoop
from services.rpc.core.decision_call import DecisionMethod, DecisionStages
from services.rpc.middleware.chain import Handler
from services.rpc.server_options import ChannelOptions

_UNIMPLEMENTED: int = grpc.StatusCode.UNIMPLEMENTED.value[0]
_CANCEL_SECONDS = 5.0
"""For requests that were cancelled to be over."""


class CoreServer:
    """Serves decisions and other methods on one port, in one event loop."""

    def __init__(
        self,
        options: ChannelOptions,
        *,
        decisions: Mapping[str, DecisionMethod],
        others: Mapping[str, Handler],
        stages: DecisionStages,
        apart: str,
    ) -> None:
        """Let requests to the method *apart*, one of *others*, wait in a queue of their own."""
        api.check_release()
        self._decisions = {path.encode(): method for path, method in decisions.items()}
        self._others = {path.encode(): handler for path, handler in others.items()}
        self._apart, self._apart_handler = apart, others[apart]
        self._stages = stages
        self._running = stages.running
        self._is_held = False
        self._completions = CompletionLoop(self._work)
        self._server = api.server(options, self._completions.queue)
        self._server.register_method(apart)
        self._is_stopping = False
        self._stopped = asyncio.Event()

    def add_insecure_port(self, address: str) -> int:
        """Listen at *address*; return the port. RuntimeError where that cannot be."""
        return _bound(address, self._server.add_http2_port(address.encode()))

    def add_secure_port(self, address: str, credentials: grpc.ServerCredentials) -> int:
        """Listen at *address* for TLS; return the port. RuntimeError where that cannot be."""
        own = api.credentials(credentials)
        return _bound(address, self._server.add_http2_port(address.encode(), own))

    async def start(self) -> None:
        """Serve from now on, each request as the identity that is set now."""
        # Never undone. Else what grpc.aio has running ends with the last channel of the process, in
        # the turn of the loop that drops it, and waits there: beside a server of this kind
        # sometimes for ever (grpcio 1.85.3).
        grpc.aio.init_grpc_aio()
        self._context = copy_context()
        self._server.start(backup_queue=False)
        self._request_next()
        self._request_apart()
        self._completions.start()

    async def stop(self, seconds: float) -> None:
        """Accept no more requests, and give those in flight so many *seconds* to end."""
        if self._is_stopping:
            await self._stopped.wait()
            return
        self._is_stopping = True
        ended = asyncio.Event()
        self._server.shutdown(self._completions.queue, lambda _event: ended.set())
        try:
            await asyncio.wait_for(ended.wait(), max(0.0, seconds))
        except TimeoutError:
            self._server.cancel_all_calls()
            await self._running.end()
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), _CANCEL_SECONDS)
        if ended.is_set():  # or what is left ends with the process
            self._server.destroy()
            await self._completions.close()
        self._stopped.set()

    def _work(self) -> bool:
        more = self._stages.queue.decide_batch()
        if self._is_held and not self._stages.shedder.holds:
            self._is_held = False
            self._request_next()
        return more

    def _request_next(self) -> None:
        if not self._is_stopping:
            queue = self._completions.queue
            self._server.request_call(queue, queue, self._accept)

    def _request_apart(self) -> None:
        if not self._is_stopping:
            queue = self._completions.queue
            self._server.request_registered_call(queue, queue, self._apart, self._accept_apart)

    def _accept(self, event: Event) -> None:
        if not event.success:
            return  # the server stops
        if self._stages.shedder.holds:
            self._is_held = True  # until some of the queue is decided
        else:
            self._request_next()
        path = event.call_details.method
        decision = self._decisions.get(path)
        if decision is not None:
            decision.accept(event)
            return
        handler = self._others.get(path)
        if handler is None:
            CoreCall(event).finish(None, _UNIMPLEMENTED, b"Method not found!")
        else:
            self._running.serve(CoreCall(event), handler, self._context.copy())

    def _accept_apart(self, event: Event) -> None:
        if not event.success:
            return
        self._request_apart()
        self._running.serve(CoreCall(event), self._apart_handler, self._context.copy())


def _bound(address: str, port: int) -> int:
    if not port:
        raise RuntimeError(f"cannot listen at {address}")
    return port
