"""Collects the methods of a server, and puts the same error handling around each of them.

Generated code registers its methods one by one, and grpc.aio then waits for each of them
apart, which costs every request some 20 µs; interceptors cost as much again. One generic
handler that knows all methods costs neither. Only what must not wait behind others is
registered by name, see `services.rpc.server`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from services.auth import roles
from services.auth.roles import AccessLevel
from services.rpc.middleware.admission import admitted
from services.rpc.middleware.auth_interceptor import Enter, closed
from services.rpc.middleware.errors import Handler, guarded
from services.rpc.middleware.load_shedder import LoadShedder
from services.rpc.middleware.memory_return import MemoryReturn
from services.rpc.middleware.open_reads import OpenReads
from services.rpc.middleware.unexpected_errors import UnexpectedLog
from services.rpc.middleware.with_auth import with_auth
from services.rpc.security import PortSecurity


class MethodRegistry:
    """Stands in for a server where generated code adds its methods.

    *failed* is told the status of every request that ends in an error, such as ``not_found``.
    *gate* may refuse requests for decisions. *security* says who may ask: a method for which
    `services.auth.roles` has no line is refused to everybody.
    """

    def __init__(
        self, failed: Callable[[str], None], gate: LoadShedder, security: PortSecurity
    ) -> None:
        self._failed = failed
        self._gate = gate
        self._security = security
        self._unexpected = UnexpectedLog()
        self._open_reads = OpenReads()
        self._memory = MemoryReturn()
        self._handlers: dict[str, Handler] = {}

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """Do nothing: generated code adds the same methods below, by name."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Handler]) -> None:
        """Take the methods of a service."""
        for name, handler in handlers.items():
            method = f"/{service}/{name}"
            enter = self._entrance(method)
            reads = self._open_reads if roles.allowed_at(method) is AccessLevel.OPEN else None
            entered = handler if enter is None else with_auth(handler, enter, self._memory, reads)
            self._handlers[method] = guarded(
                entered,
                method,
                self._failed,
                self._security.turned_away,
                unexpected=self._unexpected,
                memory=self._memory,
            )

    def add_methods_of_bytes(self, service: ServiceDescriptor, servicer: object) -> None:
        """Take a service whose methods are unary, read and write bytes, and have a gate."""
        handlers: dict[str, Handler] = {
            method.name: admitted(getattr(servicer, method.name), self._gate, self._memory)
            for method in service.methods
        }
        self.add_registered_method_handlers(service.full_name, handlers)

    def _entrance(self, method: str) -> Enter | None:
        if self._security.interceptor is not None:
            return self._security.interceptor.entrance(method)
        # Nobody is asked who they are: then nothing stands before a method, and costs nothing.
        return None if roles.allowed_at(method) is not None else closed(method)

    @property
    def methods(self) -> list[str]:
        """Return all that was added, as ``/service/method``."""
        return list(self._handlers)

    def method(self, path: str) -> Handler:
        """Return one method that was added, by its ``/service/method``."""
        return self._handlers[path]

    def handler(self) -> grpc.GenericRpcHandler:
        """Return what finds the method of each request."""
        return _Methods(self._handlers)


class _Methods(grpc.GenericRpcHandler):
    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "Handler | None":
        return self._handlers.get(str(handler_call_details.method))
