"""Reads requests of methods that are open to anybody: small ones, one at a time from each address.

gRPC has one limit for the messages of a server, and that is of the largest honest batch. It cannot
tell how long a message is before it is there, so whoever need not log in could make a server hold
as many of that length as they have connections. Only who sends from the same address waits.
"""

import asyncio
from typing import Any

from services.decision.shed_reasons import ShedReason
from services.rpc.middleware.load_shedder import DeadlinePassed, Overloaded

MOST_BYTES = 4096
"""Of a request; a health check has the name of a service."""
MOST_WAITING = 64
"""Requests from one address, that which is being read included."""
READ_SECONDS = 1.0
"""So long may a message take to come in, once its request is here."""


class OpenReads:
    """Reads one request at a time from each address. One event loop only."""

    def __init__(self, read_seconds: float = READ_SECONDS) -> None:
        self._read_seconds = read_seconds
        self._turns: dict[str, _Turn] = {}

    async def read(self, context: Any) -> Any:
        """Return the bytes of a request, or gRPC's end of file; raise where none come in time."""
        address = _address(context.peer())
        turn = self._turns.setdefault(address, _Turn())
        if turn.requests >= MOST_WAITING:
            raise Overloaded(self._read_seconds)
        turn.requests += 1
        try:
            async with turn.lock:
                return await self._in_time(context)
        finally:
            turn.requests -= 1
            if not turn.requests:
                del self._turns[address]

    async def _in_time(self, context: Any) -> Any:
        try:
            async with asyncio.timeout(self._read_seconds):
                return await context.read()
        except TimeoutError:
            raise DeadlinePassed(ShedReason.LATE) from None


class _Turn:
    """Whose turn it is among the requests from one address."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.requests = 0


def _address(peer: str) -> str:
    """Take the port off ``ipv4:192.0.2.1:5000``: each connection has another."""
    return peer.rpartition(":")[0] or peer
