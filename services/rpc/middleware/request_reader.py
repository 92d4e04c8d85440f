"""Reads and decodes the requests of a method, one message or a stream of them."""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from fanzha.errors import InvalidInput
from services.rpc.middleware.load_shedder import CallerGone
from services.rpc.middleware.memory_return import MemoryReturn
from services.rpc.middleware.open_reads import MAX_REQUEST_BYTES, OpenReads


class RequestReader:
    """Reads the requests of one method.

    *decode* makes a message of bytes; without it the handler gets the bytes. With *open_reads* a
    request is short and waits for others from its address.
    """

    def __init__(
        self,
        decode: Callable[[bytes], Any] | None,
        *,
        streaming: bool,
        memory: MemoryReturn,
        open_reads: OpenReads | None = None,
    ) -> None:
        self._decode = decode
        self._memory = memory
        self._open_reads = open_reads
        self.read: Callable[[Any, Any], Coroutine[Any, Any, Any]] = (
            self._read_stream if streaming else self._read_message
        )
        """Returns what the handler takes; raises `CallerGone` and `InvalidInput`."""

    async def _read_message(self, _messages: Any, context: Any) -> Any:
        open_reads = self._open_reads
        data = await (context.read() if open_reads is None else open_reads.read(context))
        if data is grpc.aio.EOF:
            raise CallerGone
        self._memory.took(len(data))
        if open_reads is not None and len(data) > MAX_REQUEST_BYTES:
            raise InvalidInput(
                "request: longer than {max_request_bytes} bytes",
                max_request_bytes=MAX_REQUEST_BYTES,
            )
        return self._decoded(data)

    async def _read_stream(self, messages: AsyncIterator[bytes], _context: Any) -> Any:
        return self._decode_each(messages)

    async def _decode_each(self, messages: AsyncIterator[bytes]) -> AsyncIterator[Any]:
        async for data in messages:
            self._memory.took(len(data))
            yield self._decoded(data)

    def _decoded(self, data: bytes) -> Any:
        if self._decode is None:
            return data
        try:
            return self._decode(data)
        except DecodeError:
            # Raised as it is, gRPC would answer INTERNAL and log a stack trace.
            raise InvalidInput("request: its bytes are no message of this method") from None
