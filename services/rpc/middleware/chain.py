"""The middleware around every method but those that decide: what happens to a request, in order.

=====================  =============================================================================
`errors`               outermost: whatever is raised below becomes a status, is counted, and logged
                       or recorded where that is due
`auth_interceptor`     finds out who calls, and refuses who may not, before the request is read
`request_reader`       reads and decodes; of methods open to anybody, within `open_reads`; reports
                       sizes to `memory_return`
`paging`               of paged lists: opens the request's page token, seals the response's
handler                the servicer
=====================  =============================================================================

gRPC reads and decodes a unary request, up to 36 MB of it, before any code of ours runs. On the wire
such a request looks like a stream of one message, so every method is registered as a stream of
bytes: refusing a request then costs neither reading nor decoding.

Requests for decisions go through the same stages, and a load shedder, without a coroutine for each:
see `services.rpc.core.decision_call`.
"""

import inspect
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc

from fanzha.translation import negotiation
from services.rpc.middleware.auth_interceptor import Authenticate
from services.rpc.middleware.errors import ErrorResponder
from services.rpc.middleware.request_reader import RequestReader

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodChain:
    """The middleware of one method, outermost first."""

    errors: ErrorResponder
    authenticate: Authenticate
    reader: RequestReader
    with_tokens: Callable[[Any], Any] | None = None
    """Of a paged list: puts page tokens around its handler, see `paging`."""

    def around(self, handler: Handler) -> Handler:
        """Return *handler*, of any of gRPC's four kinds, behind this middleware."""
        serve: Any = (
            handler.unary_unary
            or handler.unary_stream
            or handler.stream_unary
            or handler.stream_stream
        )
        if self.with_tokens is not None:
            serve = self.with_tokens(serve)
        # Generated servicers yield their responses; the health service writes them to the context.
        respond = self._yield_responses if inspect.isasyncgenfunction(serve) else self._respond
        register: Any = (
            grpc.stream_stream_rpc_method_handler
            if handler.response_streaming
            else grpc.stream_unary_rpc_method_handler
        )
        return register(respond(serve), None, handler.response_serializer)  # type: ignore[no-any-return]

    def _respond(self, serve: Any) -> Any:
        authenticate, read = self.authenticate, self.reader.read

        async def respond(messages: Any, context: Any) -> Any:
            request: Any = None
            negotiation.serve_caller(context.invocation_metadata)
            try:
                authenticate(context)
                request = await read(messages, context)
                return await serve(request, context)
            except Exception as error:
                request = None  # so that the error does not hold it, see `errors`
                await self.errors.abort(context, error)

        return respond

    def _yield_responses(self, serve: Any) -> Any:
        authenticate, read = self.authenticate, self.reader.read

        async def respond(messages: Any, context: Any) -> AsyncIterator[Any]:
            request: Any = None
            negotiation.serve_caller(context.invocation_metadata)
            try:
                authenticate(context)
                request = await read(messages, context)
                async for response in serve(request, context):
                    yield response
            except Exception as error:
                request = None
                await self.errors.abort(context, error)

        return respond
