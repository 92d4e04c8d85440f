"""Stands before methods whose requests may be more than can be decided.

gRPC reads a unary request before anybody is asked about it. On the wire it looks like a
stream of one, so as such it is taken here: refusing it costs neither reading nor parsing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from services.decision.shed_reasons import ShedReason
from services.rpc.middleware.load_shedder import DeadlinePassed, LoadShedder
from services.rpc.middleware.memory_return import MemoryReturn

Serve = Callable[[bytes, Any], Awaitable[bytes]]


def admitted(
    serve: Serve, gate: LoadShedder, memory: MemoryReturn
) -> "grpc.RpcMethodHandler[Any, Any]":
    """Serve the requests that *gate* lets in; the others raise what it raises."""

    async def admit(_requests: object, context: Any) -> bytes:
        gate.enter(context.time_remaining())
        try:
            data = await context.read()
            if data is grpc.aio.EOF:
                # Whoever asked has gone, or never sent what it asks.
                gate.shed(ShedReason.GONE)
                await context.abort(grpc.StatusCode.CANCELLED, "request: none came")
            memory.took(len(data))
            gate.was_read(context.time_remaining())
            return await _served(serve, gate, data, context)
        except asyncio.CancelledError:
            gate.shed(ShedReason.GONE)
            raise
        finally:
            gate.leave()

    return grpc.stream_unary_rpc_method_handler(admit)


async def _served(serve: Serve, gate: LoadShedder, data: bytes, context: Any) -> bytes:
    try:
        return await serve(data, context)
    except DeadlinePassed as late:
        gate.shed(late.why)
        raise
