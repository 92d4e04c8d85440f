"""Two ways of asking: prepared requests on bare connections, and the client of integrators."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from itertools import cycle
from typing import Any, Protocol

from benchmarks.load.connection import OK, Connection, Finished
from benchmarks.load.traffic import Body
from fanzha.client import Answer, AsyncClient, Login, Options

READY_SECONDS = 30.0
REOPEN_SECONDS = 1.0
"""Between attempts to open a connection again, as gRPC's own clients wait."""


class Asker(Protocol):
    """Sends requests without waiting; `Finished` is called with the result of each."""

    async def open(self) -> None: ...
    def ask(self, body: Body, due: float) -> None: ...
    def turn(self, now: float) -> None:
        """Flush requests, and fail those past their deadline."""

    @property
    def busy(self) -> int: ...
    async def close(self) -> None: ...


class Connections:
    """Prepared requests, one connection after the other.

    With *renew_seconds* each is left after about so long, and at once when it is lost, for a new
    one: so they spread over workers again after one of these was started anew.
    """

    def __init__(
        self,
        target: str,
        count: int,
        timeout: float,
        finished: Finished,
        token: str = "",
        *,
        renew_seconds: float = 0.0,
    ) -> None:
        self._target = target
        self._new = partial(Connection, target, timeout, finished, token)
        self._all = [self._new() for _ in range(count)]
        self._left: list[Connection] = []
        """Asked nothing any more, but still answering."""
        self._turns, self._renewals = cycle(range(count)), cycle(range(count))
        self._renew_seconds = renew_seconds
        self._renew_at = self._reopen_at = 0.0
        self._renewal: asyncio.Task[None] | None = None

    async def open(self) -> None:
        for connection in self._all:
            await self._connect(connection)

    def ask(self, body: Body, due: float) -> None:
        connection = self._all[next(self._turns)]
        if self._renew_seconds and connection.lost:
            working = (one for one in self._all if not one.lost)
            connection = next(working, connection)
        connection.ask(body, due)

    def turn(self, now: float) -> None:
        for connection in self._all:
            connection.expire(now)
        if self._renew_seconds:
            self._renew(now)

    @property
    def busy(self) -> int:
        return sum(connection.busy for connection in (*self._all, *self._left))

    async def close(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
        for connection in (*self._all, *self._left):
            connection.close()

    async def _connect(self, connection: Connection) -> None:
        loop, (host, _, port) = asyncio.get_running_loop(), self._target.rpartition(":")
        await loop.create_connection(lambda: connection, host.strip("[]"), int(port))
        await asyncio.wait_for(connection.settled.wait(), READY_SECONDS)

    def _renew(self, now: float) -> None:
        for connection in self._left[:]:
            connection.expire(now)
            if not connection.busy:
                connection.close()
                self._left.remove(connection)
        if self._renewal is not None and not self._renewal.done():
            return
        lost = [place for place, one in enumerate(self._all) if one.lost]
        if lost and now >= self._reopen_at:
            self._reopen_at = now + REOPEN_SECONDS
            self._renewal = asyncio.create_task(self._replace(lost))
        elif now >= self._renew_at:
            self._renew_at = now + self._renew_seconds / len(self._all)
            self._renewal = asyncio.create_task(self._replace([next(self._renewals)]))

    async def _replace(self, places: Sequence[int]) -> None:
        for place in places:
            connection = self._new()
            with suppress(OSError, TimeoutError):
                await self._connect(connection)
                self._left.append(self._all[place])
                self._all[place] = connection


class ThroughClient:
    """Single decisions, or batches, through `fanzha.client`."""

    def __init__(
        self, target: str, count: int, timeout: float, finished: Finished, token: str = ""
    ) -> None:
        self._login = Login(token=token) if token else None
        self._options = Options(timeout=timeout, connections=count)
        self._target = target
        self._finished = finished
        self._under_way: set[asyncio.Future[Any]] = set()
        self._client: AsyncClient | None = None

    async def open(self) -> None:
        self._client = AsyncClient(self._target, self._options, login=self._login)
        if not await self._client.wait_until_ready(READY_SECONDS):
            raise RuntimeError(f"{self._target} is not serving")

    def ask(self, body: Body, due: float) -> None:
        assert self._client is not None
        if len(body.rows) == 1:
            future = getattr(self._client, f"decide_{body.channel}")(body.rows[0])
        else:
            batch = getattr(self._client, f"decide_{body.channel}s")(body.rows)
            future = asyncio.ensure_future(batch)
        self._under_way.add(future)
        future.add_done_callback(lambda done: self._end(done, due))

    def turn(self, now: float) -> None:
        """Do nothing: the client has its own timers."""

    @property
    def busy(self) -> int:
        return len(self._under_way)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    def _end(self, done: "asyncio.Future[Any]", due: float) -> None:
        self._under_way.discard(done)
        answer: Answer = done.result() if isinstance(done.result(), Answer) else done.result()[0]
        status = OK
        if answer.failed_open:
            status = answer.status.name if answer.status else "FAILED_OPEN"
        self._finished(due, status)
