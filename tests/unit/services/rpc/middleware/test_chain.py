"""A request for a decision is counted in and out by the shedder, however it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import grpc
import pytest

from services.decision.shed_reasons import ShedReason
from services.rpc.middleware.chain import Handler, MethodChain
from services.rpc.middleware.errors import ErrorResponder
from services.rpc.middleware.load_shedder import DeadlineExceeded, LoadShedder
from services.rpc.middleware.memory_return import MemoryReturn
from services.rpc.middleware.request_reader import RequestReader
from services.rpc.middleware.unexpected_errors import UnexpectedLog


class Aborted(Exception):
    """Ends a request, as gRPC's does."""


class Context:
    """A request, and the seconds that are left whenever they are asked for."""

    def __init__(self, data: Any, left: tuple[float | None, float | None]) -> None:
        self._data = data
        self._left = iter(left)

    def time_remaining(self) -> float | None:
        return next(self._left)

    async def read(self) -> Any:
        return self._data

    def invocation_metadata(self) -> tuple[()]:
        return ()

    async def abort(self, *_status: object) -> None:
        raise Aborted


class Clock:
    """Moves a second each time it is read, so that every request takes some."""

    seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 1
        return self.seconds


def handlers(error: BaseException | None) -> list[Handler]:
    """Return a handler that answers once and one that streams; both fail with *error*."""

    async def once(request: bytes, _context: Context) -> bytes:
        if error is not None:
            raise error
        return request

    async def each(request: bytes, _context: Context) -> AsyncIterator[bytes]:
        yield request
        if error is not None:
            raise error

    return [
        grpc.unary_unary_rpc_method_handler(once),
        grpc.unary_stream_rpc_method_handler(each),
    ]


async def call(handler: Handler, shedder: LoadShedder, context: Context) -> list[bytes]:
    chain = MethodChain(
        errors=ErrorResponder(
            "/S/M",
            failed=lambda _status: None,
            on_refusal=lambda _method, _peer, _error: None,
            unexpected=UnexpectedLog(),
        ),
        authenticate=lambda _context: None,
        shedder=shedder,
        reader=RequestReader(None, streaming=False, memory=MemoryReturn()),
    )
    method: Any = chain.around(handler)
    if handler.response_streaming:
        return [response async for response in method.stream_stream(None, context)]
    return [await method.stream_unary(None, context)]


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(
    ("error", "data", "left", "reasons"),
    [
        (None, b"data", (None, None), []),
        (None, b"data", (1.0, 0.5), []),
        (None, b"data", (1.0, 0.0), [ShedReason.LATE_WHEN_READ]),
        (None, grpc.aio.EOF, (None, None), [ShedReason.GONE]),
        (asyncio.CancelledError(), b"data", (None, None), [ShedReason.GONE]),
        (
            DeadlineExceeded(ShedReason.LATE_WHEN_GATHERED),
            b"data",
            (None, None),
            [ShedReason.LATE_WHEN_GATHERED],
        ),
        (KeyError(), b"data", (None, None), []),
    ],
)
def test_an_admitted_request_is_released_and_counted_if_undecided(
    *,
    streaming: bool,
    error: BaseException | None,
    data: Any,
    left: tuple[float | None, float | None],
    reasons: list[ShedReason],
) -> None:
    counted: list[ShedReason] = []
    shedder = LoadShedder(longest_wait_seconds=1.0, clock=Clock(), shed=counted.append)
    request = Context(data, left)

    with suppress(Aborted, asyncio.CancelledError):
        asyncio.run(call(handlers(error)[streaming], shedder, request))

    assert (counted, shedder.wait_seconds) == (reasons, 0.0)
    shedder.enter(None)
    assert shedder.wait_seconds > 0.0, "the request that left is not in the mean"


def test_a_shed_request_is_counted_once_and_not_released() -> None:
    counted: list[ShedReason] = []
    shedder = LoadShedder(longest_wait_seconds=1.0, clock=Clock(), shed=counted.append)
    for _ in range(2):
        shedder.enter(None)
    shedder.leave()
    before = shedder.wait_seconds

    with pytest.raises(Aborted):
        asyncio.run(call(handlers(None)[False], shedder, Context(b"data", (0.0, 0.0))))

    assert (counted, shedder.wait_seconds) == ([ShedReason.LATE], before)
