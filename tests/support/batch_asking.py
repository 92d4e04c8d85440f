"""Asks a `BatchHandler` as a server does: what waits at the same time is decided together."""

import asyncio
from weakref import WeakKeyDictionary

from services.auth import identity
from services.rpc.decide.batch_handler import Answer, BatchHandler
from services.rpc.decide.batch_queue import BatchQueue
from services.rpc.decide.request_decoder import no_deadline
from services.rpc.middleware.load_shedder import Remaining

_QUEUES = WeakKeyDictionary[asyncio.AbstractEventLoop, BatchQueue]()


async def answer(
    handler: BatchHandler, data: bytes, *, single: bool, remaining: Remaining = no_deadline
) -> bytes:
    """Return the answer to a request of the current identity, or raise what it failed with."""
    loop = asyncio.get_running_loop()
    handler, request = handler.open(
        data, single=single, who=identity.current(), remaining=remaining
    )
    if handler.takes_parts(request):
        return _bytes(await handler.answer_in_parts(request))
    queue = _QUEUES.setdefault(loop, BatchQueue())
    answered: asyncio.Future[Answer | Exception] = loop.create_future()
    queue.put(handler, request, answered.set_result)
    loop.call_soon(_decide_all, queue)
    return _bytes(await answered)


def _decide_all(queue: BatchQueue) -> None:
    while queue.decide_batch():
        pass


def _bytes(answer: Answer | Exception) -> bytes:
    if isinstance(answer, Exception):
        raise answer
    return answer
