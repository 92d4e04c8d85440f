"""Collects the methods of a server, each behind its middleware.

Generated code registers its methods one by one, and gRPC's core then waits for each of them
separately, which costs every request some 20 µs; gRPC's interceptors cost as much again. One
generic handler that knows all methods costs neither. Only a method that must not wait behind others
is registered by name, see `services.rpc.server`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import grpc

from services.auth import roles
from services.auth.roles import AccessLevel
from services.rpc.middleware import paging
from services.rpc.middleware.auth_interceptor import Authenticate, refuse_all
from services.rpc.middleware.chain import Handler, MethodChain
from services.rpc.middleware.errors import ErrorResponder
from services.rpc.middleware.memory_return import MemoryReturn
from services.rpc.middleware.open_reads import OpenReads
from services.rpc.middleware.paging import PageKey
from services.rpc.middleware.request_reader import RequestReader
from services.rpc.middleware.unexpected_errors import UnexpectedLog
from services.rpc.security import PortSecurity


class MethodRegistry:
    """Stands in for a server where generated code adds its methods.

    *failed* is called with the status of every request that ends in an error, such as
    ``not_found``. *security* says who may call: a method that the table of `services.auth.roles`
    does not list is refused to everyone. *page_key* signs page tokens.
    """

    def __init__(
        self,
        failed: Callable[[str], None],
        security: PortSecurity,
        page_key: PageKey,
    ) -> None:
        self._page_key = page_key
        self._failed = failed
        self._security = security
        self._unexpected = UnexpectedLog()
        self._open_reads = OpenReads()
        self.memory = MemoryReturn()
        self._handlers: dict[str, Handler] = {}

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """Do nothing: generated code adds the same methods below, by name."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Handler]) -> None:
        """Add the methods of a service."""
        for name, handler in handlers.items():
            self._add(f"/{service}/{name}", handler)

    def _add(self, path: str, handler: Handler) -> None:
        chain = MethodChain(
            errors=self.errors(path),
            authenticate=self.authenticate(path),
            reader=RequestReader(
                handler.request_deserializer,
                streaming=handler.request_streaming,
                memory=self.memory,
                open_reads=self._open_reads if self._is_open(path) else None,
            ),
            with_tokens=self._with_tokens(path),
        )
        self._handlers[path] = chain.around(handler)

    def errors(self, path: str) -> ErrorResponder:
        """Return what ends failed requests to the method at *path*."""
        return ErrorResponder(
            path,
            failed=self._failed,
            on_refusal=self._security.on_refusal,
            unexpected=self._unexpected,
        )

    def authenticate(self, path: str) -> Authenticate:
        """Return the check of who calls the method at *path*."""
        if self._security.interceptor is not None:
            return self._security.interceptor.authenticate(path)
        if roles.access_of(path) is None:
            return refuse_all(path)
        return lambda _context: None  # everyone is the developer

    def _with_tokens(self, path: str) -> Callable[[Any], Any] | None:
        if not paging.is_paged(path):
            return None
        return lambda serve: paging.with_tokens(path, serve, self._page_key)

    def _is_open(self, path: str) -> bool:
        return self._security.interceptor is not None and roles.access_of(path) is AccessLevel.OPEN

    @property
    def methods(self) -> list[str]:
        """All methods that were added, as ``/service/method``."""
        return list(self._handlers)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """All methods that were added, by ``/service/method``."""
        return self._handlers

    def handler(self) -> grpc.GenericRpcHandler:
        """Return the handler that finds the method of each request."""
        return _MethodLookup(self._handlers)


class _MethodLookup(grpc.GenericRpcHandler):
    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "Handler | None":
        return self._handlers.get(str(handler_call_details.method))
