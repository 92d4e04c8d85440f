"""Calls of the service with the credential of whoever is signed in, never another."""

from collections.abc import AsyncIterator
from typing import Any

import grpc

from fanzha.translation import negotiation
from fanzha.translation.catalogue import ENGLISH, LOCALES
from services.console.backend.channels import BackendChannels
from services.console.backend.faults import fault_of
from services.console.backend.methods import BackendMethod, methods, path_of

DEADLINE_SECONDS = 30.0


class ServiceCalls:
    """Calls methods in the name of one person, who reads *language*.

    *token* is theirs; empty where authentication is off.
    """

    def __init__(self, channels: BackendChannels, token: str, language: str) -> None:
        self._channels = channels
        self._language = language
        metadata = []
        if token:
            metadata.append(("authorization", f"Bearer {token}"))
        if language != ENGLISH:
            metadata.append((negotiation.HEADER, LOCALES[language].replace("_", "-")))
        self._metadata = tuple(metadata)

    async def unary(
        self, method: str, request: Any, *, deadline_seconds: float = DEADLINE_SECONDS
    ) -> Any:
        """Call ``CaseService/GetCase``; raise `BackendFault` where it fails."""
        one = methods()[path_of(method)]
        call = self._channels.to(one.server).unary_unary(
            one.path,
            request_serializer=type(request).SerializeToString,
            response_deserializer=one.answer.FromString,
        )
        try:
            return await call(request, metadata=self._metadata, timeout=deadline_seconds)
        except grpc.RpcError as error:
            raise fault_of(error, self._language) from None

    async def upload(
        self, method: str, requests: AsyncIterator[Any], *, deadline_seconds: float
    ) -> Any:
        """Call a method that takes a stream, such as ``BlocklistService/ImportEntries``."""
        one = methods()[path_of(method)]
        call: Any = self._channels.to(one.server).stream_unary(
            one.path,
            request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=one.answer.FromString,
        )
        try:
            return await call(requests, metadata=self._metadata, timeout=deadline_seconds)
        except grpc.RpcError as error:
            raise fault_of(error, self._language) from None

    async def stream(
        self, method: str, request: Any, *, deadline_seconds: float | None = None
    ) -> AsyncIterator[Any]:
        """Yield the answers of a streaming method; leaving the loop cancels the call."""
        call = self._streamed(methods()[path_of(method)], request, deadline_seconds)
        try:
            async for answer in call:
                yield answer
        except grpc.RpcError as error:
            raise fault_of(error, self._language) from None
        finally:
            call.cancel()

    def _streamed(self, one: BackendMethod, request: Any, seconds: float | None) -> Any:
        call = self._channels.to(one.server).unary_stream(
            one.path,
            request_serializer=type(request).SerializeToString,
            response_deserializer=one.answer.FromString,
        )
        return call(request, metadata=self._metadata, timeout=seconds)
