"""Bounds what callers without credentials can make a server hold.

gRPC has one limit for the messages of a server, that of the largest honest batch, and cannot tell
the length of a message before it is there. So anybody who can connect could make a server hold a
message of that length on each of their connections. Requests of open methods are therefore short,
and read one at a time from each address: only callers from the same address wait for each other.
"""

import asyncio
from typing import Any

from services.decision.shed_reasons import ShedReason
from services.rpc.middleware.load_shedder import DeadlineExceeded, Overloaded

MAX_REQUEST_BYTES = 4096
"""Of a request; a health check holds the name of a service."""
MAX_WAITING = 64
"""Requests from one address, the one that is being read included."""
READ_SECONDS = 1.0
"""A message must arrive within this time once its request has."""


class OpenReads:
    """Reads one request at a time from each address. One event loop only."""

    def __init__(self, read_seconds: float = READ_SECONDS) -> None:
        self._read_seconds = read_seconds
        self._queues: dict[str, _AddressQueue] = {}

    async def read(self, context: Any) -> Any:
        """Return the bytes of a request, or gRPC's end of file.

        Raises `Overloaded` when too many wait, and `DeadlineExceeded` when none arrive in time.
        """
        address = _address(context.peer())
        queue = self._queues.setdefault(address, _AddressQueue())
        if queue.requests >= MAX_WAITING:
            raise Overloaded(self._read_seconds)
        queue.requests += 1
        try:
            async with queue.lock:
                return await self._read_in_time(context)
        finally:
            queue.requests -= 1
            if not queue.requests:
                del self._queues[address]

    async def _read_in_time(self, context: Any) -> Any:
        try:
            async with asyncio.timeout(self._read_seconds):
                return await context.read()
        except TimeoutError:
            raise DeadlineExceeded(ShedReason.LATE) from None


class _AddressQueue:
    """The requests from one address."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.requests = 0


def _address(peer: str) -> str:
    """Take the port off ``ipv4:192.0.2.1:5000``: each connection has another."""
    return peer.rpartition(":")[0] or peer
