"""Serves RPCs with authentication, and calls them with any role."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import pytest

from services.auth.identity import Role
from services.rpc import security
from tests.support.identities import Issuer
from tests.support.rpc_server import rpc_server

DEADLINE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class SecuredServer:
    """A server with authentication, and a stub of one of its services."""

    port: int
    stub: Any
    issuer: Issuer

    def metadata(self, *roles: str, name: str = "wang") -> tuple[tuple[str, str], ...]:
        """Return credentials with these roles."""
        return (("authorization", f"Bearer {self.issuer.token(*roles, sub=name)}"),)

    async def call(self, method: str, request: Any, *roles: str, name: str = "wang") -> Any:
        """Call a unary *method* with these roles."""
        metadata = self.metadata(*roles, name=name)
        return await getattr(self.stub, method)(request, metadata=metadata, timeout=DEADLINE)

    async def stream(self, method: str, request: Any, *roles: str, name: str = "wang") -> list[Any]:
        """Call a streaming *method* and return all it sends."""
        metadata = self.metadata(*roles, name=name)
        answers = getattr(self.stub, method)(request, metadata=metadata, timeout=DEADLINE)
        return [answer async for answer in answers]

    async def refused(
        self, method: str, request: Any, *roles: str, streams: bool = False
    ) -> tuple[grpc.StatusCode, str]:
        """Call *method*, which must fail; return status and details."""
        call = self.stream if streams else self.call
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(method, request, *roles)
        return caught.value.code(), str(caught.value.details())

    async def who_may(self, method: str, request: Any, *, streams: bool = False) -> set[Role]:
        """Return the roles that may each call *method*."""
        call = self.stream if streams else self.call
        found = set()
        for role in Role:
            try:
                await call(method, request, role.value)
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.PERMISSION_DENIED:
                    continue
                raise
            found.add(role)
        return found


@asynccontextmanager
async def secured_server(
    servicers: Mapping[str, object], stub: Any, issuer: Issuer
) -> AsyncIterator[SecuredServer]:
    """Serve *servicers*, by their keys in `RpcServer`; *stub* is the class for one of them."""
    guard = security.of(issuer.settings(), "admin")
    async with (
        rpc_server(servicers, security=guard) as target,
        grpc.aio.insecure_channel(target) as channel,
    ):
        port = int(target.rpartition(":")[2])
        yield SecuredServer(port=port, stub=stub(channel), issuer=issuer)
